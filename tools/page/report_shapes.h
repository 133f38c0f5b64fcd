#pragma once
// What reports must be to become a page: every field that a section uses, with what it must be.
// Sections read reports that have been checked and need no doubts of their own. Other fields are
// let pass: a report may come from a later version.

#include "interp/files/json_shape.h"
#include "tools/page/run.h"

namespace assay::tools::page {

const interp::Shape& shape_of(RunKind kind);

/// The rest: what one field says about another, and of a validation its own fields, which are read
/// as everywhere else (validation_record.h). @param run  of which the shape has been checked.
/// @throws std::invalid_argument naming the field.
void require_consistent(const Run& run);

}  // namespace assay::tools::page
