#pragma once
// How near every case of a proof comes to being read wrongly: the margins of a statement that is
// proved case by case, as a heat map, and the inputs that come closest.

#include <vector>

#include "tasks/page/html.h"
#include "tasks/page/section.h"
#include "tools/prove_fields.h"

namespace assay::tools::page {

/// A row for each position that is read, a column for each alternative that may stand there, those
/// that name the same variables (words such as x3) side by side under their names. The
/// fuller the colour, the smaller the margin; refuted cases have a cross, and the least margin a
/// frame. Arrow keys walk through the cases (margins.js).
tasks::page::Html margins_figure(const std::vector<CaseRecord>& cases);

/// The cases of least margin, each with the input that comes closest. Empty: none is known.
tasks::page::Html closest_inputs(const tasks::page::Run& run, const std::vector<CaseRecord>& cases);

}  // namespace assay::tools::page
