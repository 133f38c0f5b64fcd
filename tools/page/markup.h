#pragma once
// Blocks (tasks/page/blocks.h) as markup, so that a page can be read without scripts.

#include "tasks/page/html.h"
#include "tools/page/page.h"

namespace assay::tools::page {

/// @throws std::runtime_error for a block of a kind that there is not.
tasks::page::Html markup_of(const Json& block);

}  // namespace assay::tools::page
