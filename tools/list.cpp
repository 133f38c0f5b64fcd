// `assay list [KIND]`: what there is to choose among, and who brought it.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>

#include "tools/commands.h"
#include "tools/list_fields.h"
#include "tools/options.h"
#include "tools/plugin.h"

namespace assay::tools {
namespace {

struct ListOptions {
  CommonOptions common;
  std::string kind;
};

struct Kind {
  std::string name;  ///< `tasks`
  std::vector<ListedEntry> entries;
};

template <class Entry>
Kind entries_in(const std::string& name, const interp::Registry<Entry>& registry) {
  Kind kind{name, {}};
  for (const Entry& entry : registry)
    kind.entries.push_back({entry.name, entry.help, registry.origin_of(entry.name)});
  return kind;
}

/// Of files, and of Hugging Face's folders.
Kind all_layouts(const Registries& all) {
  Kind kind = entries_in("layouts", all.layouts);
  for (ListedEntry& family : entries_in("families", all.families).entries) {
    family.help = "a folder of Hugging Face: " + family.help;
    kind.entries.push_back(std::move(family));
  }
  return kind;
}

std::vector<Kind> all_kinds() {
  const Registries all = registries();
  const circuits::Operations operations = tasks::all_operations();
  return {entries_in("tasks", all.tasks),
          entries_in("h", operations.functions),
          entries_in("alpha", operations.abstractions),
          entries_in("gamma", operations.concretisations),
          entries_in("equality", operations.equalities),
          entries_in("mutations", all.mutations),
          entries_in("metrics", all.metrics),
          entries_in("ablations", all.ablations),
          entries_in("discovery", all.discoverers),
          entries_in("explanation", all.explainers),
          entries_in("replacers", all.replacers),
          entries_in("sections", all.sections),
          entries_in("records", all.records),
          all_layouts(all)};
}

std::vector<Kind> chosen_kinds(const std::string& name) {
  const std::vector<Kind> all = all_kinds();
  if (name.empty()) return all;
  for (const Kind& kind : all)
    if (kind.name == name) return {kind};
  interp::refuse_name("kind", name, interp::names_of(all));
}

void print(const Kind& kind, const Console& console) {
  console.line(console.paint(kind.name, Tone::Bold));
  for (const auto& [name, help, origin] : kind.entries)
    console.print("  {:<22} {}{}", name, wrapped(help, width_of(stdout), 25),
                  origin.empty() ? "" : console.paint(fmt::format(" ({})", origin), Tone::Faint));
  console.line();
}

int run_list(const ListOptions& options) {
  const Session session = start(options.common);
  ListRecord record;
  for (const Kind& kind : chosen_kinds(options.kind)) {
    print(kind, session.console);
    if (!kind.entries.empty()) record.entries.emplace_back(kind.name, kind.entries);
  }
  write_report(options.common, report_of("list", record));
  return kDone;
}

}  // namespace

Command add_list(CLI::App& app) {
  const auto options = std::make_shared<ListOptions>();
  app.add_option(
      "KIND", options->kind,
      fmt::format("{} (default: all of them)", fmt::join(interp::names_of(all_kinds()), ", ")));
  app.add_option("--json", options->common.json, "write a machine-readable report")
      ->type_name("FILE");
  add_session_options(app, options->common);
  app.footer(
      "What a shared object brings (--load) is listed with its path.\n"
      "\nExample:\n  assay list metrics");
  return [options] { return run_list(*options); };
}

}  // namespace assay::tools
