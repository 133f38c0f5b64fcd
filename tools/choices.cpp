#include "tools/choices.h"

#include <fmt/ranges.h>

namespace assay::tools {

// Validators describe themselves in the option's type: `NAME:{cpu,cuda}`. So choices need no place
// of their own, and survive wherever the type name does.

CLI::Option* choices(CLI::Option* option, const std::vector<std::string>& names) {
  if (names.empty()) return option;
  const auto accept_all = [](std::string&) { return std::string(); };
  return option->check(CLI::Validator(accept_all, fmt::format("{{{}}}", fmt::join(names, ","))));
}

std::vector<std::string> choices_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const size_t opening = type.find(":{"), closing = type.find('}', opening);
  if (opening == type.npos || closing == type.npos || closing == opening + 2) return {};
  return CLI::detail::split(type.substr(opening + 2, closing - opening - 2), ',');
}

}  // namespace assay::tools
