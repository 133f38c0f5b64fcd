#include "interp/registry.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace assay::interp {
namespace {

using nlohmann::json;

std::string& origin() {
  static std::string origin;
  return origin;
}

std::string expected(const Option& option) {
  if (option.value.is_boolean()) return "true or false";
  if (option.value.is_number_integer()) return "a whole number";
  if (option.value.is_number()) return "a number";
  if (option.choices.empty()) return option.is_path ? "the path of a file" : "a text";
  return fmt::format("one of {}", fmt::join(option.choices, ", "));
}

// A whole number is a number, too; nothing else is taken for what it is not.
json typed(const Option& option, const json& value, const std::string& where) {
  const json& like = option.value;
  if (like.is_number_float() && value.is_number()) return value.get<double>();
  if (like.is_number_integer() && value.is_number_integer()) return value.get<int64_t>();
  if (like.is_boolean() && value.is_boolean()) return value;
  if (like.is_string() && value.is_string() &&
      (option.choices.empty() || std::ranges::count(option.choices, value.get<std::string>()) > 0))
    return value;
  throw std::invalid_argument(
      fmt::format("{}: expected {}, got {}", where, expected(option), value.dump()));
}

}  // namespace

OptionValues complete(const std::vector<Option>& known, const OptionValues& given,
                      const std::string& where) {
  OptionValues all;
  for (const Option& option : known) all[option.name] = option.value;
  for (const auto& [name, value] : given) {
    const auto option = std::ranges::find(known, name, &Option::name);
    if (option == known.end())
      throw std::invalid_argument(
          fmt::format("{} has no setting '{}'; {}", where, name, there_are(names_of(known), name)));
    all[name] = typed(*option, value, fmt::format("{}: {}", where, name));
  }
  return all;
}

AddedBy::AddedBy(std::string who) {
  origin() = std::move(who);
}

AddedBy::~AddedBy() {
  origin().clear();
}

const std::string& AddedBy::now() {
  return origin();
}

}  // namespace assay::interp
