#pragma once
// How parts of runs become the record of one run, kind by kind. Each prints what one run prints.
// @throws std::invalid_argument, std::runtime_error naming the part: what joined_parts() refuses,
//   parts that contradict themselves, and files that they name and that are not the same any more.

#include "tools/merging.h"

namespace assay::tools {

Merged merge_validations(const Merging& merging);
Merged merge_comparisons(const Merging& merging);
Merged merge_mutation_tables(const Merging& merging);
Merged merge_studies(const Merging& merging);

// These load the network again.
Merged merge_discoveries(const Merging& merging);
Merged merge_measurements(const Merging& merging);

}  // namespace assay::tools
