#pragma once
// Channels of Vega-Lite encodings that several charts share.

#include <initializer_list>

#include "tasks/page/blocks.h"

namespace assay::tasks::page {

/// One line of the chart per name, in the order of the data.
Json lines_by(const char* field);

/// Shares from 0 to 1 as the mark's colour, from nothing to full.
Json shaded_by(const char* field);

/// What a reader sees who points at a mark: fields under their own names.
Json hover(std::initializer_list<const char*> fields);

}  // namespace assay::tasks::page
