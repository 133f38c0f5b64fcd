// `assay report RUN… --out FILE`

#include <CLI/CLI.hpp>
#include <filesystem>
#include <stdexcept>
#include <vector>

#include "interp/files/files.h"
#include "tools/commands.h"
#include "tools/options.h"
#include "tools/page/sections.h"
#include "tools/summaries.h"
#include "tools/validation_record.h"

namespace assay::tools {
namespace {

struct ReportOptions {
  CommonOptions common;
  std::vector<std::filesystem::path> runs;
  std::string format = "html";
  std::filesystem::path out;
};

/// The verdicts of validations, for an issue or a pull request.
std::string markdown_of_all(const std::vector<std::filesystem::path>& paths) {
  std::string text;
  for (const std::filesystem::path& path : paths) {
    const ValidationRecord record = read_validation(path);
    text += (text.empty() ? "" : "\n") + markdown_of(record.report, *record.task);
  }
  return text;
}

int run_report(const ReportOptions& options) {
  const Session session = start(options.common);
  if (options.format == "markdown" && options.out.empty()) {
    fmt::print("{}", printable(markdown_of_all(options.runs)));
    return kDone;
  }
  if (options.out.empty())
    throw std::invalid_argument("--out: expected the file that the page is written to");
  require_writable(options.out);
  if (options.format == "markdown") {
    interp::write_file(options.out, markdown_of_all(options.runs));
    session.console.fact("written", options.out.string());
    return kDone;
  }
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
  app.add_option("--out", options->out, "the page, one HTML file")->type_name("FILE");
  app.add_option("--format", options->format,
                 "html, a page; markdown, the verdicts of validations (without --out on standard "
                 "output)")
      ->capture_default_str()
      ->check(CLI::IsMember({"html", "markdown"}))
      ->type_name("FORMAT");
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
