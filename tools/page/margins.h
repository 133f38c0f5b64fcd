#pragma once
// How near every case of a proof comes to being read wrongly: the margins of a statement that is
// proved case by case, as a heat map, and the inputs that come closest.

#include "tasks/page/html.h"
#include "tasks/page/section.h"

namespace assay::tools::page {

/// A row for each position that is read, a column for each alternative that may stand there, those
/// that name the same variables (words such as x3) side by side under their names. The
/// fuller the colour, the smaller the margin; refuted cases have a cross, and the least margin a
/// frame. Arrow keys walk through the cases (margins.js).
/// @param statement  as records hold it, with `cases`.
tasks::page::Html margins_figure(const tasks::page::Json& statement);

/// The cases of least margin, each with the input that comes closest. Empty: none is known.
tasks::page::Html closest_inputs(const tasks::page::Run& run, const tasks::page::Json& statement);

}  // namespace assay::tools::page
