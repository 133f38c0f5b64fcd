#pragma once
// How a page begins that is about no validation.

#include "tools/page/page.h"

namespace assay::tools::page {

/// Title, heading and what the page is about; a kind of a loaded object is headed by its name.
Page record_head(const Run& run);

}  // namespace assay::tools::page
