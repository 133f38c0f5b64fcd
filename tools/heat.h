#pragma once
// Colour for signed scores: blue speaks for, orange against, the stronger the more. Text on it has
// a colour of its own, so it reads on dark and light terminals alike.

#include <string>
#include <string_view>

namespace assay::tools {

inline constexpr int kMostHeat = 4;

/// -kMostHeat to kMostHeat, in proportion to the largest score by size; 0 where that is 0, and
/// for NaN.
int heat_of(double score, double largest);

/// Text on the ground of a heat; 0 leaves it as it is.
std::string heated(std::string_view text, int heat, bool colour);

}  // namespace assay::tools
