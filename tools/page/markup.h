#pragma once
// Blocks (tasks/page/blocks.h) as markup. All but two kinds are written out here, so that a page
// can be read without scripts; charts and explanations are drawn by scripts from their data.

#include "tasks/page/html.h"
#include "tools/page/page.h"

namespace assay::tools::page {

/// @param data  where data for scripts is put; the markup names it by its place.
tasks::page::Html markup_of(const Json& block, Json& data);

}  // namespace assay::tools::page
