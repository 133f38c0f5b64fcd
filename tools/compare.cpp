// `assay compare --model FILE --interpretation FILE --methods a,b,c`

#include <CLI/CLI.hpp>
#include <optional>

#include "circuits/interpretation_file.h"
#include "circuits/program.h"
#include "interp/transformer.h"
#include "tasks/comparison_summary.h"
#include "tasks/registry.h"
#include "tools/commands.h"
#include "tools/comparison_text.h"
#include "tools/explanation_options.h"
#include "tools/interrupt.h"
#include "tools/page_option.h"
#include "tools/progress.h"
#include "tools/task_options.h"

namespace assay::tools {
namespace {

struct ComparisonOptions {
  CommonOptions common;
  ExplanationOptions explanation;
  std::filesystem::path interpretation;
  std::vector<std::string> methods;
  std::string reference, removal = "deletion";
  int64_t inputs = 100;
  double confidence = 0.95;
  PageOption page;
};

std::optional<circuits::Program> load_program(const ComparisonOptions& options,
                                              const ExplanationSubject& subject) {
  if (options.interpretation.empty()) return std::nullopt;
  const interp::TransformerConfig& config = subject.model.model->config();
  const auto loaded =
      circuits::load_interpretation(options.interpretation, config, subject.model.sha256);
  return circuits::compile(loaded.interpretation, tasks::all_operations(), config);
}

void print_subject(const ComparisonOptions& options, const ExplanationSubject& subject,
                   uint64_t seed, const Session& session) {
  const Console& console = session.console;
  console.fact("model", describe_model(options.explanation, subject));
  if (!options.interpretation.empty())
    console.fact("interpretation", options.interpretation.string());
  console.fact("task", describe(*subject.task));
  console.fact("inputs",
               fmt::format("{} fresh ones (test part, seed {})", grouped(options.inputs), seed));
  console.fact("features", options.explanation.features);
  console.fact("BLAS", describe(session.blas));
}

nlohmann::ordered_json report_of(const ComparisonOptions& options,
                                 const ExplanationSubject& subject, uint64_t seed,
                                 const tasks::Comparison& comparison,
                                 const tasks::ComparisonSummary& summary) {
  nlohmann::ordered_json report = report_head();
  report["model"] = {{"path", options.explanation.model.string()},
                     {"sha256", subject.model.sha256}};
  if (!options.interpretation.empty()) report["interpretation"] = options.interpretation.string();
  report["task"] = subject.task->to_json();
  report["features"] = options.explanation.features;
  report["removal"] = options.removal;
  report["rows"] = options.explanation.rows;
  report["seed"] = seed;
  report["confidence"] = options.confidence;
  report["partial"] = !comparison.complete;
  report["summary"] = tasks::to_json(summary);
  report["inputs"] = tasks::to_json(comparison, *subject.task);
  return report;
}

int run_comparison(const ComparisonOptions& options) {
  require_writable(options.page);
  const Session session = start(options.common);
  const uint64_t seed = options.common.seed.value_or(1);
  const ExplanationSubject subject = load_subject(options.explanation, session);
  const std::optional<circuits::Program> program = load_program(options, subject);
  print_subject(options, subject, seed, session);

  tasks::ComparisonConfig config{.methods = options.methods,
                                 .reference = {},
                                 .features = options.explanation.features,
                                 .removal = options.removal,
                                 .replacer = subject.replacer.get(),
                                 .inputs = options.inputs,
                                 .rows = options.explanation.rows,
                                 .seed = seed,
                                 .stop = &watch_interrupts()};
  if (!options.reference.empty()) config.reference = options.reference;
  Progress line(options.common.quiet);
  config.on_progress = [&](int64_t done, int64_t of) { line.count(done, of, "inputs"); };
  const tasks::Comparison comparison =
      tasks::compare(*subject.task, *subject.model.model, program ? &*program : nullptr, config);
  const tasks::ComparisonSummary summary =
      tasks::summarise(comparison, {.confidence = options.confidence, .seed = seed});
  print_comparison(comparison, summary, session.console);
  const nlohmann::ordered_json report = report_of(options, subject, seed, comparison, summary);
  write_report(options.common, report);
  write_page(options.page, options.common, report, session.console);
  return comparison.complete ? kDone : kInterrupted;
}

}  // namespace

Command add_compare(CLI::App& app) {
  const auto options = std::make_shared<ComparisonOptions>();
  add_explanation_options(app, options->explanation, "clause");
  app.add_option("--interpretation", options->interpretation,
                 "what the network is said to do: which features matter to it")
      ->type_name("FILE");
  app.add_option("--methods", options->methods,
                 "NAME, NAME:PRESET or NAME:PRESET@READING, separated by commas")
      ->required()
      ->delimiter(',')
      ->type_name("NAMES");
  app.add_option("--reference", options->reference,
                 "a method whose scores the others are held against, such as shapley:deletion")
      ->type_name("NAME");
  app.add_option("--removal", options->removal,
                 "what taking features away means to the measures of faithfulness: deletion or "
                 "replacement")
      ->capture_default_str()
      ->check(CLI::IsMember({"deletion", "replacement"}))
      ->type_name("HOW");
  app.add_option("--inputs", options->inputs, "fresh inputs to explain")
      ->capture_default_str()
      ->check(CLI::PositiveNumber.description(""))
      ->type_name("N");
  app.add_option("--confidence", options->confidence, "of every interval")
      ->capture_default_str()
      ->check(CLI::Range(0.5, 0.9999).description(""))
      ->type_name("P");
  add_page_option(app, options->page);
  add_common_options(app, options->common);
  app.footer(list_of_methods() +
             "\nExample: assay compare --model tasks/two_sat/variable/model.safetensors\n"
             "           --interpretation tasks/two_sat/variable/trees.json\n"
             "           --methods random,occlusion:deletion,lime --reference shapley:deletion");
  return [options] { return run_comparison(*options); };
}

}  // namespace assay::tools
