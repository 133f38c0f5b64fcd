// `assay completion SHELL`: a script that completes commands, options and the values that are
// known, made from the options themselves.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "interp/attribution/method.h"
#include "tasks/registry.h"
#include "tools/commands.h"

namespace assay::tools {
namespace {

using Words = std::vector<std::string>;

/// What an option may be given, where that is a list of names. @param path  ` train two-sat`.
Words values_of(const std::string& path, const std::string& option) {
  if (option == "--task") return interp::names_of(tasks::task_entries());
  if (option == "--method" && path == " explain") return interp::names_of(interp::attribution::methods());
  if (option == "--device") return {"cpu", "cuda"};
  for (const tasks::TaskEntry& entry : tasks::task_entries())
    if (option == "--preset" && path == " train " + entry.name) return interp::names_of(entry.presets);
  return {};
}

/// One `case` per command: its subcommands and options, and what follows an option.
void add_cases(const CLI::App& app, const std::string& path, std::string& words,
               std::string& values, std::string& commands) {
  Words offered;
  for (const CLI::App* nested : app.get_subcommands({})) {
    offered.push_back(nested->get_name());
    const std::string inner = path + " " + nested->get_name();
    commands += fmt::format("      \"{}\") command=\"{}\" ;;\n", inner, inner);
    add_cases(*nested, inner, words, values, commands);
  }
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      offered.push_back("--" + name);
      if (option->get_items_expected_max() == 0) continue;  // a switch
      values += fmt::format("    \"{} --{}\") words=\"{}\" ;;\n", path, name,
                            fmt::join(values_of(path, "--" + name), " "));
    }
  }
  words += fmt::format("    \"{}\") words=\"{}\" ;;\n", path, fmt::join(offered, " "));
}

// Where nothing is known, as after `--model`, the shell offers files.
constexpr const char* kScript = R"(_assay() {{
  local command= words word current=${{COMP_WORDS[COMP_CWORD]}}
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case "$command $word" in
{}    esac
  done
  case "$command ${{COMP_WORDS[COMP_CWORD-1]}}" in
{}    *) case "$command" in
{}    esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -o default -F _assay assay
)";

int print_script(const CLI::App& assay, const std::string& shell) {
  std::string words, values, commands;
  add_cases(assay, "", words, values, commands);
  if (shell == "zsh") fmt::print("autoload -U +X bashcompinit && bashcompinit\n");
  fmt::print(fmt::runtime(kScript), commands, values, words);
  return kDone;
}

}  // namespace

Command add_completion(CLI::App& app) {
  const auto shell = std::make_shared<std::string>();
  app.add_option("SHELL", *shell, "bash or zsh")->required()->check(CLI::IsMember({"bash", "zsh"}));
  app.footer(
      "An installed assay brings the script along for bash. From a build folder:\n"
      "\nExample:\n  source <(build/assay completion bash)");
  return [&app, shell] { return print_script(*app.get_parent(), *shell); };
}

}  // namespace assay::tools
