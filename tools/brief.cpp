#include "tools/brief.h"

#include <algorithm>

#include "tools/terminal.h"

namespace assay::tools {
namespace {

using nlohmann::json;

constexpr size_t kLongList = 8;
constexpr size_t kLongText = 200;
constexpr size_t kDifferences = 3;

bool is_number(const json& value) {
  return value.is_number();
}

std::string brief_list(const json& list) {
  const bool numbers = std::ranges::all_of(list, is_number);
  if (numbers && list.size() > kLongList) {
    const auto [low, high] = std::ranges::minmax_element(list);
    return fmt::format("{} numbers, {} to {}", list.size(), brief(*low), brief(*high));
  }
  std::string text;
  for (const json& item : list) text += (text.empty() ? "" : ", ") + brief(item);
  return shortened("[" + text + "]", kLongText);
}

std::string brief_object(const json& object) {
  std::string text;
  for (const auto& [name, value] : object.items()) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, brief(value));
  }
  return shortened(text, kLongText);
}

/// Two values side by side, with as many digits as tell them apart.
std::string beside(const json& left, const json& right) {
  if (left.is_number_float() && right.is_number_float()) {
    const std::string a = fmt::format("{:.4g}", left.get<double>()),
                      b = fmt::format("{:.4g}", right.get<double>());
    if (a != b) return fmt::format("{} | {}", a, b);
  }
  return fmt::format("{} | {}", left.dump(), right.dump());
}

}  // namespace

std::string brief(const json& value) {
  if (value.is_string()) return shortened(value.get<std::string>(), kLongText);
  if (value.is_number_integer()) return grouped(value.get<int64_t>());
  if (value.is_number()) return fmt::format("{:.4g}", value.get<double>());
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  if (value.is_array()) return brief_list(value);
  if (value.is_object()) return brief_object(value);
  return "none";
}

std::string difference(const json& left, const json& right) {
  const bool lists = left.is_array() && right.is_array() && left.size() == right.size();
  if (!lists) return beside(left, right);
  std::string text;
  size_t parted = 0;
  for (size_t i = 0; i < left.size(); ++i) {
    if (left[i] == right[i] || ++parted > kDifferences) continue;
    text += fmt::format("{}[{}] {}", parted == 1 ? "" : "   ", i, beside(left[i], right[i]));
  }
  if (parted > kDifferences) text += fmt::format("   and {} more", parted - kDifferences);
  return text;
}

}  // namespace assay::tools
