#pragma once
// Numbers for people.

#include <cstdint>
#include <string>

namespace assay::interp {

/// `80,000`
inline std::string grouped(int64_t number) {
  std::string text = std::to_string(number);
  const auto digits_from = static_cast<int64_t>(number < 0);
  for (auto at = static_cast<int64_t>(text.size()) - 3; at > digits_from; at -= 3)
    text.insert(static_cast<size_t>(at), 1, ',');
  return text;
}

}  // namespace assay::interp
