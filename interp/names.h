#pragma once
// Enumerations that people write: one table of names serves both directions and the error message.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace assay::interp {

template <typename Enum>
using Names = std::vector<std::pair<Enum, std::string>>;

template <typename Enum>
std::string name_of(Enum value, const Names<Enum>& names) {
  for (const auto& [known, name] : names)
    if (known == value) return name;
  throw std::invalid_argument("a value without a name");
}

/// @throws std::invalid_argument listing the names, for an unknown `what`.
template <typename Enum>
Enum value_of(const std::string& name, const Names<Enum>& names, const char* what) {
  std::vector<std::string> all;
  for (const auto& [value, known] : names) {
    if (known == name) return value;
    all.push_back(known);
  }
  throw std::invalid_argument(
      fmt::format("unknown {} '{}'; there are {}", what, name, fmt::join(all, ", ")));
}

}  // namespace assay::interp
