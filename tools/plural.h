#pragma once
// Counts of things, with the noun as one says it.

#include <cstdint>
#include <string>

#include "interp/numerals.h"

namespace assay::tools {

/// `1 value`, `2,304 values`, `1 branch`. @param many  of a noun that takes more than an `s`.
inline std::string counted(int64_t n, const std::string& one, const std::string& many = "") {
  return interp::grouped(n) + " " + (n == 1 ? one : many.empty() ? one + "s" : many);
}

}  // namespace assay::tools
