#pragma once
// Where attention heads look: a heat map for each, with the parts of the input along both axes.

#include <string>
#include <vector>

#include "tools/page/page.h"

namespace assay::tools::page {

/// Shares of attention between pieces of the input.
struct HeadMap {
  std::string name;                         ///< "block 1, head 2"
  std::vector<std::vector<double>> shares;  ///< [piece, piece]: from the row to the column
};

/// @param figures  what the names of the figures, and of the files that they save, begin with.
Html head_maps(const std::string& figures, const std::vector<std::string>& pieces,
               const std::vector<HeadMap>& heads);

}  // namespace assay::tools::page
