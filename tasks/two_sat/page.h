#pragma once
// The section of the report page that speaks of 2-SAT alone.

#include "tasks/page/section.h"

namespace assay::tasks::two_sat {

/// What the evaluating neurons compute: their programs, and how active they are on formulas that an
/// assignment satisfies. Of validations.
std::optional<page::Section> neurons_section(const page::Run& run);

}  // namespace assay::tasks::two_sat
