#pragma once
// What makes a page about records of one kind: what they must be for the sections that show them.

#include <functional>
#include <string>

#include "interp/files/json_shape.h"
#include "tasks/page/section.h"

namespace assay::tools::page {

struct RecordPage {
  std::string title;  ///< of a run whose record has none: `Measures of a circuit`
  /// All that sections use. They read records that have been checked and need no doubts of their
  /// own. Other members are let pass: a record may come from a later version.
  interp::Shape shape = interp::json_shapes::anything();
  /// The rest: refuses a record whose members contradict each other, computes anew what follows
  /// from others, and looks for what the record names. @throws std::exception naming the field.
  std::function<void(tasks::page::Run& run)> complete = {};
};

}  // namespace assay::tools::page
