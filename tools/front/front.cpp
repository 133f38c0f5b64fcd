// The command's front. LibTorch takes a third of a second to load, too long for a shell that waits
// for a completion or a person who asks for help. What options say of themselves was written down
// when the command was built; everything else is done by the library, which is loaded once.

#include <dlfcn.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "tools/command_tree.h"
#include "tools/completion.h"
#include "tools/manual.h"
#include "tools/streams.h"

extern "C" const char commands_begin[], commands_end[];  // commands.S

namespace {

using namespace assay::tools;
using Arguments = std::span<const std::string_view>;

bool contains(const std::vector<std::string>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

const CLI::App* subcommand(const CLI::App& app, std::string_view name) {
  const auto found =
      app.get_subcommands([&](const CLI::App* nested) { return nested->get_name() == name; });
  return found.empty() ? nullptr : found.front();
}

/// `validate --help`, `train two-sat --help`.
std::optional<std::string> help(const CLI::App& assay, Arguments path) {
  const CLI::App* app = &assay;
  for (const std::string_view name : path)
    if ((app = subcommand(*app, name)) == nullptr) return {};
  return app->help();
}

/// What is printed for these arguments, or nothing where only the library can tell: it has the last
/// word on everything unusual, such as help that is asked for amid other options.
std::optional<std::string> known_answer(Arguments arguments) {
  if (arguments.empty() || arguments.size() > 3) return {};
  const std::string_view first = arguments.front(), last = arguments.back();
  if (arguments.size() == 1 && first == "--version") return ASSAY_VERSION "\n";
  const bool asks_for_help = last == "--help" || last == "-h";
  const bool describes = first == "completion" || first == "manual";
  if (!asks_for_help && !(describes && arguments.size() <= 2)) return {};

  const auto assay =
      app_of(nlohmann::ordered_json::parse(std::string_view(commands_begin, commands_end)));
  if (asks_for_help) return help(*assay, arguments.first(arguments.size() - 1));
  const std::string named(arguments.size() == 2 ? last : "");
  if (first == "completion" && contains(completed_shells(), named))
    return completion_script(*assay, named);
  if (first == "manual" && (arguments.size() == 1 || subcommand(*assay, named) != nullptr))
    return manual_page(*assay, named);
  return {};
}

int refuse() {
  fmt::print(stderr,
             "assay: cannot load its library, expected in ../lib where it is installed: {}\n",
             dlerror());
  return kBadInput;
}

int run_library(int argc, char** argv) {
  // Global, as if it were linked: what the command loads later finds the library's symbols.
  void* library = dlopen(ASSAY_LIBRARY, RTLD_LAZY | RTLD_GLOBAL);
  if (library == nullptr) return refuse();
  auto* run = reinterpret_cast<int (*)(int, char**)>(dlsym(library, "assay_main"));
  if (run == nullptr) return refuse();
  // Everything is written by now. To leave in the ordinary way would take LibTorch's tables of
  // operators apart, entry by entry, which takes longer than the work of many a command.
  std::_Exit(run(argc, argv));
}

}  // namespace

int main(int argc, char** argv) {
  hold_standard_streams();
  const std::vector<std::string_view> arguments(argv + std::min(argc, 1), argv + argc);
  if (const auto answer = known_answer(arguments)) {
    std::fwrite(answer->data(), 1, answer->size(), stdout);
    return after_output(kDone);  // which notices what could not be written
  }
  return run_library(argc, argv);
}
