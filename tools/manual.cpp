#include "tools/manual.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <sstream>

#include "tools/choices.h"
#include "tools/command_tree.h"
#include "tools/commands.h"
#include "tools/help.h"

namespace assay::tools {
namespace {

/// Text as roff shows it: hyphens stay hyphens, nothing is taken for a request.
std::string as_roff(const std::string& text) {
  std::string roff;
  for (const char c : text) {
    if (c == '\\')
      roff += "\\e";
    else if (c == '-')
      roff += "\\-";
    else
      roff += c;
  }
  return roff.starts_with('.') || roff.starts_with('\'') ? "\\&" + roff : roff;
}

std::string entry(const std::string& term, const std::string& text) {
  return fmt::format(".TP\n.B {}\n{}\n", as_roff(term), as_roff(text));
}

std::string options_of(const CLI::App& app, const Help& help) {
  std::string roff;
  for (const CLI::Option* option : app.get_options()) {
    const std::string name = help.make_option_name(option, option->get_positional());
    roff += entry(name + help.make_option_opts(option), help.described(*option));
  }
  return roff;
}

/// The text after the options: paragraphs, headings (`Example:`), and indented lines as they are.
std::string footer_of(const CLI::App& app, const char* heading) {
  std::istringstream lines(app.get_footer());
  std::string roff, line;
  bool verbatim = false;
  while (std::getline(lines, line)) {
    if (verbatim != line.starts_with(' ')) roff += verbatim ? ".fi\n" : ".nf\n";
    verbatim = line.starts_with(' ');
    if (line.empty()) continue;
    if (line.ends_with(':'))
      roff += fmt::format("{} {}\n", heading, line.substr(0, line.size() - 1));
    else
      roff += (verbatim ? "" : ".PP\n") + as_roff(line) + "\n";
  }
  return roff + (verbatim ? ".fi\n" : "");
}

/// Commands with one line each, or what a task has of its own.
std::string subcommands_of(const CLI::App& app, const Help& help) {
  std::string roff, group;
  for (const CLI::App* nested : app.get_subcommands({})) {
    if (app.get_parent() != nullptr) {
      roff += fmt::format(".SH TASK {}\n{}\n", as_roff(nested->get_name()),
                          as_roff(nested->get_description()));
      roff += options_of(*nested, help) + footer_of(*nested, ".SS");
      continue;
    }
    if (nested->get_group() != group) roff += fmt::format(".SS {}\n", nested->get_group());
    group = nested->get_group();
    roff += entry(nested->get_name(), nested->get_description());
  }
  return roff;
}

}  // namespace

std::string manual_page(const CLI::App& assay, const std::string& command) {
  const CLI::App& app = command.empty() ? assay : *assay.get_subcommand(command);
  const Help help;
  const std::string name = command.empty() ? "assay" : "assay-" + command;
  std::string page = fmt::format(".TH {} 1 \"\" \"Assay {}\" \"Assay\"\n.SH NAME\n{} \\- {}\n",
                                 name, ASSAY_VERSION, name, as_roff(app.get_description()));
  page += fmt::format(".SH SYNOPSIS\n.B {}\n", as_roff(help.usage(app)));
  if (command.empty()) page += ".SH COMMANDS\n" + subcommands_of(app, help);
  page += ".SH OPTIONS\n" + options_of(app, help);
  page += ".SH DESCRIPTION\n" + footer_of(app, ".SH");
  if (!command.empty()) page += subcommands_of(app, help);
  return page;
}

Command add_manual(CLI::App& app) {
  const auto command = std::make_shared<std::string>();
  const auto as_json = std::make_shared<bool>(false);
  CLI::Option* option =
      app.add_option("COMMAND", *command, "whose page to write (default: that of assay itself)")
          ->check([&app](const std::string& name) {
            const auto exists = [&](const CLI::App* other) { return other->get_name() == name; };
            return app.get_parent()->get_subcommands(exists).empty()
                       ? fmt::format("there is no command '{}'; see assay --help", name)
                       : "";
          });
  std::vector<std::string> commands;
  for (const CLI::App* other : app.get_parent()->get_subcommands({}))
    commands.push_back(other->get_name());
  choices(option, commands);
  app.add_flag("--json", *as_json, "all commands and options as JSON instead, for other programs");
  app.footer(
      "An installed assay brings its pages along: man assay-validate. From a build folder:\n"
      "\nExample:\n  assay manual validate | man -l -");
  return [&app, command, as_json] {
    const CLI::App& assay = *app.get_parent();
    fmt::print("{}", *as_json ? command_tree(assay).dump(1) + "\n" : manual_page(assay, *command));
    return kDone;
  };
}

}  // namespace assay::tools
