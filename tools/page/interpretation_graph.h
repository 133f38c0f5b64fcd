#pragma once
// The steps of an interpretation that is no chain, as a graph.

#include "tasks/page/html.h"

namespace assay::axioms {
struct Report;
}

namespace assay::tools::page {

/// Every step below those that it is computed from. Nothing where the steps are too many to be
/// drawn: each one's card says what it is computed from.
tasks::page::Html interpretation_graph(const axioms::Report& report);

}  // namespace assay::tools::page
