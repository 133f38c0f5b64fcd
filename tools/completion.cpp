#include "tools/completion.h"

#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "tools/choices.h"
#include "tools/commands.h"

namespace assay::tools {
namespace {

using Words = std::vector<std::string>;

/// A word that may come next, and what it stands for.
struct Word {
  std::string text, help;
};

/// `--preset`, after which one of `choices` comes, or, if there are none, something else (a file,
/// for all that is known).
struct ValuedOption {
  std::string name, help;
  Words choices;
};

/// What may follow at one command. Its path is what one types: ` train two-sat`, empty for `assay`.
struct Place {
  std::string path;
  std::vector<Word> words, switches;  ///< subcommands and choices of arguments; `--quiet`
  std::vector<ValuedOption> options;
  bool takes_files = false;  ///< an argument is anything
};

std::string first_sentence(const std::string& text) {
  return text.substr(0, std::min(text.find(". "), text.find('\n')));
}

void add_option(Place& place, const CLI::Option& option) {
  const std::string help = first_sentence(option.get_description());
  if (option.get_positional()) {
    const Words choices = choices_of(option);
    for (const std::string& choice : choices) place.words.push_back({choice, help});
    place.takes_files |= choices.empty();
  }
  for (const std::string& name : option.get_lnames()) {
    if (option.get_items_expected_max() == 0)
      place.switches.push_back({"--" + name, help});
    else
      place.options.push_back({"--" + name, help, choices_of(option)});
  }
}

void add_places(const CLI::App& app, const std::string& path, std::vector<Place>& places) {
  Place place{.path = path, .words = {}, .switches = {}, .options = {}};
  for (const CLI::App* nested : app.get_subcommands({}))
    place.words.push_back({nested->get_name(), first_sentence(nested->get_description())});
  for (const CLI::Option* option : app.get_options()) add_option(place, *option);
  places.push_back(std::move(place));
  for (const CLI::App* nested : app.get_subcommands({}))
    add_places(*nested, path + " " + nested->get_name(), places);
}

/// In single quotes; what ends or escapes in them is written in the shell's own way.
std::string quoted(const std::string& text, const char* quote, const char* backslash) {
  std::string result = "'";
  for (const char c : text)
    result += c == '\''   ? std::string(quote)
              : c == '\\' ? std::string(backslash)
                          : std::string(1, c);
  return result + "'";
}

// bash. Where nothing is known, as after `--model`, it offers files.

constexpr const char* kBash = R"(_assay() {{
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

std::string bash_script(const std::vector<Place>& places) {
  std::string commands, values, words;
  for (const Place& place : places) {
    if (!place.path.empty())
      commands += fmt::format("      \"{0}\") command=\"{0}\" ;;\n", place.path);
    Words offered;
    for (const Word& word : place.words) offered.push_back(word.text);
    for (const Word& word : place.switches) offered.push_back(word.text);
    for (const ValuedOption& option : place.options) {
      offered.push_back(option.name);
      values += fmt::format("    \"{} {}\") words=\"{}\" ;;\n", place.path, option.name,
                            fmt::join(option.choices, " "));
    }
    words += fmt::format("    \"{}\") words=\"{}\" ;;\n", place.path, fmt::join(offered, " "));
  }
  return fmt::format(kBash, commands, values, words);
}

// zsh. Options are offered once a hyphen is typed, as is the custom there. The script works as a
// file of $fpath and read by `source`.

constexpr const char* kZsh = R"(#compdef assay
_assay() {{
  local at= word
  local -a offered options
  for word in ${{words[2,CURRENT-1]}}; do
    case "$at $word" in
{}    esac
  done
  case "$at $words[CURRENT-1]" in
{}  esac
  case "$at" in
{}  esac
  if [[ $words[CURRENT] == -* ]]; then _describe option options; return; fi
  (($#offered == 0)) || _describe argument offered
}}
if [[ ${{funcstack[1]}} == _assay ]]; then _assay "$@"; else compdef _assay assay; fi
)";

/// `'--preset:recipe, see below' …`, as _describe takes them.
template <typename Range>
std::string zsh_words(const Range& range, const std::string Range::value_type::*text) {
  std::string words;
  for (const auto& element : range) {
    const std::string name = CLI::detail::find_and_replace(element.*text, ":", "\\:");
    words += " " + quoted(name + ":" + element.help, "'\\''", "\\");
  }
  return words;
}

std::string zsh_script(const std::vector<Place>& places) {
  std::string commands, values, words;
  for (const Place& place : places) {
    if (!place.path.empty()) commands += fmt::format("      '{0}') at='{0}' ;;\n", place.path);
    for (const ValuedOption& option : place.options)
      values += fmt::format("    '{} {}') {}; return ;;\n", place.path, option.name,
                            option.choices.empty()
                                ? "_files"
                                : fmt::format("compadd -- {}", fmt::join(option.choices, " ")));
    words +=
        fmt::format("    '{}') offered=({}) options=({}{}){} ;;\n", place.path,
                    zsh_words(place.words, &Word::text), zsh_words(place.switches, &Word::text),
                    zsh_words(place.options, &ValuedOption::name),
                    place.takes_files ? "; [[ $words[CURRENT] == -* ]] || _files" : "");
  }
  return fmt::format(kZsh, commands, values, words);
}

// fish. One line per word, each with the command that it belongs to.

constexpr const char* kFish = R"(set --global __assay_commands {}
function __assay_at
    set --local at ''
    for word in (commandline -opc)[2..-1]
        contains -- "$at $word" $__assay_commands; and set at "$at $word"
    end
    test "$at" = "$argv[1]"
end
complete --command assay --erase
)";

std::string fish_quoted(const std::string& text) {
  return quoted(text, "\\'", "\\\\");
}

std::string fish_lines(const Place& place) {
  const std::string start = fmt::format("complete -c assay -n \"__assay_at '{}'\"", place.path);
  std::string lines;
  if (!place.takes_files) lines += start + " -f\n";
  for (const Word& word : place.words)
    lines += fmt::format("{} -a {} -d {}\n", start, word.text, fish_quoted(word.help));
  for (const Word& word : place.switches)
    lines += fmt::format("{} -l {} -d {}\n", start, word.text.substr(2), fish_quoted(word.help));
  for (const ValuedOption& option : place.options)
    lines += fmt::format("{} -l {} {} -d {}\n", start, option.name.substr(2),
                         option.choices.empty()
                             ? "-r -F"
                             : fmt::format("-x -a '{}'", fmt::join(option.choices, " ")),
                         fish_quoted(option.help));
  return lines;
}

std::string fish_script(const std::vector<Place>& places) {
  Words paths;
  for (const Place& place : places)
    if (!place.path.empty()) paths.push_back(fish_quoted(place.path));
  std::string script = fmt::format(kFish, fmt::join(paths, " "));
  for (const Place& place : places) script += fish_lines(place);
  return script;
}

}  // namespace

std::vector<std::string> completed_shells() {
  return {"bash", "zsh", "fish"};
}

std::string completion_script(const CLI::App& assay, const std::string& shell) {
  std::vector<Place> places;
  add_places(assay, "", places);
  return shell == "bash"  ? bash_script(places)
         : shell == "zsh" ? zsh_script(places)
                          : fish_script(places);
}

Command add_completion(CLI::App& app) {
  const auto shell = std::make_shared<std::string>();
  app.add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember(completed_shells()));
  app.footer(
      "An installed assay brings the scripts along. From a build folder:\n"
      "\nExamples:\n  source <(build/assay completion bash)\n"
      "  build/assay completion fish | source");
  return [&app, shell] {
    fmt::print("{}", completion_script(*app.get_parent(), *shell));
    return kDone;
  };
}

}  // namespace assay::tools
