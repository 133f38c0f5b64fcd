#pragma once
// What a derivation's evidence comes to: one sentence, on the terminal and on the page.

#include <fmt/format.h>

#include <string>

#include "tools/plural.h"

namespace assay::tools {

/// `10 facts in the network speak for it, 1 against (marked !).`
inline std::string evidence_sentence(int64_t supports, int64_t against) {
  return fmt::format(
      "{} in the network {} for it, {}.", counted(supports, "fact"),
      supports == 1 ? "speaks" : "speak",
      against == 0 ? "none against" : interp::grouped(against) + " against (marked !)");
}

}  // namespace assay::tools
