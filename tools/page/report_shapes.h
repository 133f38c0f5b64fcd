#pragma once
// What records of each kind must be to become a page: every member that a section uses, with what
// it must be, and what one member says about another.

#include "tools/page/record_page.h"

namespace assay::tools::page {

// For the entries of record_kinds() (tools/records.h).
RecordPage of_validations();
RecordPage of_explanations();
RecordPage of_comparisons();
RecordPage of_measurements();
RecordPage of_discoveries();
RecordPage of_circuits();  ///< of their files, which load_circuit() reads as well
RecordPage of_derivations();
RecordPage of_proofs();
RecordPage of_manifests();
RecordPage of_mutation_tables();
RecordPage of_studies();
RecordPage of_sweeps();
RecordPage of_attacks();
RecordPage of_alignments();
RecordPage of_circuit_comparisons();
RecordPage of_solutions();

/// Of the metrics.jsonl of a training: `{"lines": […]}`.
const RecordPage& of_logs();

}  // namespace assay::tools::page
