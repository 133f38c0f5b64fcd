#include "tools/help.h"

#include <sstream>

#include "tools/terminal.h"

namespace assay::tools {
namespace {

constexpr size_t kHelpColumn = 26;

std::string value_name(const CLI::Option& option) {
  const bool is_switch = option.get_items_expected_max() == 0;
  if (is_switch || option.get_positional()) return "";
  const bool many = option.get_expected_max() == CLI::detail::expected_max_vector_size;
  const std::string name = option.get_type_name();  // NAME, or NAME:{cpu,cuda}
  return " " + name.substr(0, name.find(':')) + (many ? " ..." : "");
}

}  // namespace

Help::Help() {
  column_width(kHelpColumn);
}

std::string Help::usage(const CLI::App& app) const {
  std::string line;
  for (const CLI::App* part = &app; part != nullptr; part = part->get_parent())
    line = part->get_name() + (line.empty() ? "" : " ") + line;
  if (!app.get_subcommands({}).empty()) line += app.get_parent() == nullptr ? " COMMAND" : " TASK";
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional())
      line += " " + make_option_usage(option);
    else if (option->get_required())
      line += " " + option->get_name() + value_name(*option);
  }
  return line + " [OPTIONS]";
}

std::string Help::described(const CLI::Option& option) const {
  std::string text = option.get_description();
  if (option.get_required() && option.nonpositional()) text += " (required)";
  if (!option.get_default_str().empty()) text += " (default: " + option.get_default_str() + ")";
  return text;
}

std::string Help::make_usage(const CLI::App* app, std::string) const {
  return wrapped("Usage: " + usage(*app), width_of(stdout), 9) + "\n";
}

std::string Help::make_option_opts(const CLI::Option* option) const {
  return value_name(*option);
}

std::string Help::make_option_desc(const CLI::Option* option) const {
  return wrapped(described(*option), width_of(stdout) - kHelpColumn, 0);
}

std::string Help::make_footer(const CLI::App* app) const {
  const std::string footer = app->get_footer();
  std::istringstream lines(footer.substr(footer.starts_with('\n') ? 1 : 0));
  std::string text, line;
  while (std::getline(lines, line))
    text += (line.starts_with(' ') ? line : wrapped(line, width_of(stdout), 0)) + "\n";
  return text;
}

}  // namespace assay::tools
