// `assay merge PART… --json OUT`

#include <CLI/CLI.hpp>
#include <filesystem>
#include <stdexcept>
#include <vector>

#include "axioms/report.h"
#include "tools/commands.h"
#include "tools/merging.h"
#include "tools/page_option.h"

namespace assay::tools {
namespace {

namespace fs = std::filesystem;

struct MergeOptions {
  CommonOptions common;
  std::vector<fs::path> parts;
  fs::path out;  ///< the circuit that a discovery is about
  PageOption page;
  SummaryOptions summaries;
};

void require_no_part_overwritten(const MergeOptions& options) {
  for (const fs::path& part : options.parts)
    for (const fs::path& written :
         {options.common.json, options.out, options.page.file, options.summaries.junit,
          options.summaries.markdown, options.summaries.csv}) {
      std::error_code absent;
      if (!written.empty() && fs::equivalent(part, written, absent))
        throw std::invalid_argument(
            fmt::format("{}: would overwrite a part that is read", written.string()));
    }
}

std::vector<NamedRecord> read_parts(const MergeOptions& options) {
  std::vector<NamedRecord> parts;
  for (const fs::path& path : options.parts) parts.push_back({path.string(), read_record(path)});
  return parts;
}

const RecordKind& kind_of_all(const std::vector<NamedRecord>& parts) {
  const RecordKind& kind = kind_of(parts.front().record);
  for (const NamedRecord& part : parts)
    if (const RecordKind& other = kind_of(part.record); other.name != kind.name)
      throw std::invalid_argument(
          fmt::format("{} is a {}, and {} is a {}: expected parts of one run", parts.front().name,
                      kind.name, part.name, other.name));
  if (kind.merge) return kind;
  throw std::invalid_argument(fmt::format(
      "{}: records of the kind {} are not made in parts; {} are", parts.front().name, kind.name,
      kinds_with([](const RecordKind& other) { return bool(other.merge); })));
}

/// Options that only some kinds have.
void require_meaning(const MergeOptions& options, const RecordKind& kind) {
  if (!options.out.empty() && kind.name != "discovery")
    throw std::invalid_argument(
        fmt::format("--out is for the circuit of a discovery, not for a {}", kind.name));
  const SummaryOptions& summaries = options.summaries;
  if (kind.name != axioms::kReportKind &&
      !(summaries.junit.empty() && summaries.markdown.empty() && summaries.csv.empty()))
    throw std::invalid_argument(fmt::format(
        "--junit, --markdown and --csv are about validations, not about a {}", kind.name));
  if (!options.page.file.empty() && !kind.page)
    throw std::invalid_argument(
        fmt::format("--html: there is no page about records of the kind {}", kind.name));
  if (!options.out.empty()) require_writable(options.out);
}

int run_merge(const MergeOptions& options) {
  require_no_part_overwritten(options);
  require_writable(options.page);
  require_writable(options.summaries);
  const Session session = start(options.common);
  std::vector<NamedRecord> parts = read_parts(options);
  const RecordKind& kind = kind_of_all(parts);
  require_meaning(options, kind);
  const Merged merged = kind.merge({.parts = std::move(parts),
                                    .session = session,
                                    .out = options.out,
                                    .summaries = options.summaries,
                                    .quiet = options.common.quiet});
  write_report(options.common, merged.record);
  session.console.fact("report", options.common.json.string());
  write_page(options.page, options.common, merged.record, session.console);
  return merged.conclude();
}

}  // namespace

Command add_merge(CLI::App& app) {
  const auto options = std::make_shared<MergeOptions>();
  app.add_option("PART", options->parts, "what --json of runs with --shard wrote, in any order")
      ->required()
      ->type_name("FILE");
  app.add_option("--json", options->common.json, "the report of the whole run")
      ->required()
      ->type_name("FILE");
  app.add_option("--out", options->out, "of parts of discover: the circuit")->type_name("FILE");
  add_page_option(app, options->page);
  add_summary_options(app, options->summaries);
  app.add_flag("--quiet", options->common.quiet,
               "print nothing but warnings, errors and why the exit code is not 0");
  app.footer(
      "The report, what is printed and the exit code are those of one run on all inputs; only the "
      "facts of the run differ (command, times, threads). Parts of different runs, missing, "
      "doubled "
      "and interrupted ones are refused.\n"
      "\nExample:\n"
      "  assay validate --model runs/demo/model.safetensors \\\n"
      "    --interpretation runs/demo/trees.json --shard 1/2 --json runs/demo/part-1.json\n"
      "  assay validate --model runs/demo/model.safetensors \\\n"
      "    --interpretation runs/demo/trees.json --shard 2/2 --json runs/demo/part-2.json\n"
      "  assay merge runs/demo/part-1.json runs/demo/part-2.json --json runs/demo/whole.json");
  return [options] { return run_merge(*options); };
}

}  // namespace assay::tools
