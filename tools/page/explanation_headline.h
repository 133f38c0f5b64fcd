#pragma once
// What a page about one explained input says first: what the network answers, and what the methods
// say matters most.

#include <vector>

#include "tools/explained.h"
#include "tools/explained_fields.h"
#include "tools/page/page.h"

namespace assay::tools::page {

/// @param columns  as columns_of() gives them.
Json explanation_headline(const Run& run, const ExplainedRecord& record,
                          const std::vector<ScoreColumn>& columns);

}  // namespace assay::tools::page
