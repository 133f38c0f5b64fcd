// `assay report RUN… --out FILE`

#include <CLI/CLI.hpp>
#include <filesystem>
#include <stdexcept>
#include <vector>

#include "tools/commands.h"
#include "tools/options.h"
#include "tools/page/sections.h"

namespace assay::tools {
namespace {

struct ReportOptions {
  CommonOptions common;
  std::vector<std::filesystem::path> runs;
  std::filesystem::path out;
};

int run_report(const ReportOptions& options) {
  const Session session = start(options.common);
  require_writable(options.out);
  std::vector<page::Run> runs;
  for (const std::filesystem::path& path : options.runs) {
    std::error_code absent;
    if (std::filesystem::equivalent(path, options.out, absent))
      throw std::invalid_argument(
          fmt::format("{}: would overwrite a run that is read", options.out.string()));
    runs.push_back(page::read_run(path));
  }
  page::write_page(runs, options.out);
  for (const page::Run& run : runs)
    if (run.kind == page::RunKind::Validation && !run.subject)
      session.console.fact("left out", run.no_subject);
  session.console.fact("written", options.out.string());
  return kDone;
}

}  // namespace

Command add_report(CLI::App& app) {
  const auto options = std::make_shared<ReportOptions>();
  app.add_option("RUN", options->runs,
                 "records (--json) of the kinds " + kinds_with([](const RecordKind& kind) {
                   return kind.page.has_value();
                 }) + ", or the metrics.jsonl of a training")
      ->required();
  app.add_option("--out", options->out, "the page, one HTML file")->required()->type_name("FILE");
  add_session_options(app, options->common);
  app.footer(
      "The page is one file that needs no network. What is said of witnesses and neurons needs the "
      "model and the interpretation where the run found them.\n"
      "\nExample:\n"
      "  assay validate --model runs/demo/model.safetensors \\\n"
      "    --interpretation runs/demo/trees.json --json runs/demo/validation.json\n"
      "  assay report runs/demo/validation.json runs/demo/metrics.jsonl --out report.html");
  return [options] { return run_report(*options); };
}

}  // namespace assay::tools
