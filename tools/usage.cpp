#include "tools/usage.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "interp/names.h"
#include "tools/terminal.h"

namespace assay::tools {
namespace {

constexpr size_t kArgumentShown = 40;  // columns of an argument

/// `assay train two-sat`
std::string path_of(const CLI::App& app) {
  const CLI::App* parent = app.get_parent();
  return parent == nullptr ? app.get_name() : path_of(*parent) + " " + app.get_name();
}

std::string noun_of(const CLI::App& app) {
  return app.get_parent() == nullptr ? "command" : "task";
}

std::vector<std::string> names_of_subcommands(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* nested : app.get_subcommands({})) names.push_back(nested->get_name());
  return names;
}

std::vector<std::string> names_of_options(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) names.push_back(name);
  return names;
}

/// An argument that nothing took, and the command that it was given to.
struct Leftover {
  const CLI::App* app = nullptr;
  std::string word;
};

std::optional<Leftover> first_leftover(const CLI::App& app) {
  const std::vector<std::string> words = app.remaining();
  if (!words.empty()) return Leftover{&app, words.front()};
  for (const CLI::App* nested : app.get_subcommands())
    if (const auto found = first_leftover(*nested)) return found;
  return {};
}

std::string unknown_option(const Leftover& leftover) {
  const std::string name = leftover.word.substr(0, leftover.word.find('='));
  const std::string letters = name.substr(std::min(name.find_first_not_of('-'), name.size()));
  const std::string meant = interp::nearest(letters, names_of_options(*leftover.app));
  const std::string advice = meant.empty() ? fmt::format("see {} --help", path_of(*leftover.app))
                                           : fmt::format("did you mean --{}?", meant);
  return fmt::format("unknown option {}; {}", shortened(name, kArgumentShown), advice);
}

std::string unknown_word(const Leftover& leftover) {
  const std::vector<std::string> names = names_of_subcommands(*leftover.app);
  const std::string word = shortened(leftover.word, kArgumentShown);
  if (names.empty() || !leftover.app->get_subcommands().empty())
    return fmt::format("unexpected argument '{}'; see {} --help", word, path_of(*leftover.app));
  const std::string meant = interp::nearest(leftover.word, names);
  const std::string advice = meant.empty() ? fmt::format("there are {}", fmt::join(names, ", "))
                                           : fmt::format("did you mean '{}'?", meant);
  return fmt::format("unknown {} '{}'; {}", noun_of(*leftover.app), word, advice);
}

/// The command in which parsing ended.
const CLI::App& innermost(const CLI::App& app) {
  const std::vector<CLI::App*> parsed = app.get_subcommands();
  return parsed.empty() ? app : innermost(*parsed.front());
}

}  // namespace

std::string usage_error(const CLI::App& app, const CLI::ParseError& error) {
  if (const auto leftover = first_leftover(app))
    return leftover->word.starts_with('-') ? unknown_option(*leftover) : unknown_word(*leftover);
  const CLI::App& command = innermost(app);
  const std::vector<std::string> names = names_of_subcommands(command);
  if (names.empty()) return error.what();
  return fmt::format("expected a {}; there are {}", noun_of(command), fmt::join(names, ", "));
}

}  // namespace assay::tools
