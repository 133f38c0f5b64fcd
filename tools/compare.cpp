// `assay compare --model FILE --interpretation FILE --methods a,b,c`

#include <CLI/CLI.hpp>
#include <iterator>
#include <optional>
#include <stdexcept>

#include "circuits/interpretation/interpretation_file.h"
#include "circuits/interpretation/program.h"
#include "interp/attribution/method.h"
#include "interp/names.h"
#include "interp/network/transformer.h"
#include "tasks/comparison_summary.h"
#include "tasks/registry.h"
#include "tools/choices.h"
#include "tools/commands.h"
#include "tools/comparison_file.h"
#include "tools/comparison_text.h"
#include "tools/explanation_options.h"
#include "tools/interrupt.h"
#include "tools/kept_run.h"
#include "tools/numbers.h"
#include "tools/page_option.h"
#include "tools/parts.h"
#include "tools/progress.h"
#include "tools/shard_option.h"
#include "tools/task_options.h"

namespace assay::tools {
namespace {

struct ComparisonOptions {
  CommonOptions common;
  ExplanationOptions explanation;
  std::filesystem::path interpretation;
  std::vector<std::string> methods, references;
  std::string removal;  // empty: what the task allows
  int64_t inputs = 100;
  bool resume = false;
  double confidence = 0.95;
  interp::Shard shard;
  PageOption page;

  /// Those that are explained here.
  interp::Range range() const { return range_of(shard, inputs, /*chunk=*/1); }
};

/// What is compared, and with what.
struct ComparisonSubject {
  ExplanationSubject explained;
  std::optional<circuits::Program> program;
  std::string interpretation_sha256;
};

ComparisonSubject load(const ComparisonOptions& options, const Session& session) {
  ComparisonSubject subject{.explained = load_subject(options.explanation, session),
                            .program = {},
                            .interpretation_sha256 = {}};
  if (options.interpretation.empty()) return subject;
  const interp::Places& places = subject.explained.model.model->places();
  const auto loaded =
      circuits::load_interpretation(options.interpretation, places, subject.explained.model.sha256);
  subject.program = circuits::compile(loaded.interpretation, tasks::all_operations(), places);
  subject.interpretation_sha256 = loaded.sha256;
  return subject;
}

void print_subject(const ComparisonOptions& options, const ExplanationSubject& subject,
                   const tasks::ComparisonConfig& config, const Session& session) {
  const Console& console = session.console;
  console.fact("model", describe_model(options.explanation, subject));
  if (!options.interpretation.empty())
    console.fact("interpretation", options.interpretation.string());
  console.fact("task", describe(*subject.task));
  console.fact("inputs", fmt::format("{} fresh ones (test part, seed {})", grouped(options.inputs),
                                     config.seed));
  if (!options.shard.is_whole())
    console.fact("", fmt::format("of them {} to {}, part {} of {}", grouped(config.first),
                                 grouped(config.first + config.inputs - 1), options.shard.index,
                                 options.shard.of));
  console.fact("features", fmt::format("{}, taken away by {}", config.features, config.removal));
  console.fact("BLAS", describe(session.blas));
}

tasks::ComparisonConfig config_of(const ComparisonOptions& options,
                                  const ExplanationSubject& subject) {
  const char* possible = subject.task->lengths().one ? "replacement" : "deletion";
  return {.methods = options.methods,
          .references = options.references,
          .features = options.explanation.features,
          .removal = options.removal.empty() ? possible : options.removal,
          .replacer = subject.replacer.get(),
          .inputs = options.range().count,
          .first = options.range().first,
          .rows = options.explanation.rows,
          .seed = options.common.seed.value_or(1)};
}

ComparisonSettings settings_of(const tasks::ComparisonConfig& config,
                               const ComparisonSubject& subject) {
  return {.version = ASSAY_VERSION,
          .model_sha256 = subject.explained.model.sha256,
          .interpretation_sha256 = subject.interpretation_sha256,
          .task = subject.explained.task->to_json(),
          .features = config.features,
          .methods = config.methods,
          .references = config.references,
          .removal = config.removal,
          .replacer = config.replacer->name(),
          .rows = config.rows,
          .seed = config.seed};
}

std::optional<nlohmann::ordered_json> shard_of(const ComparisonOptions& options) {
  if (options.shard.is_whole()) return std::nullopt;
  return shard_member(options.shard, options.inputs);
}

nlohmann::ordered_json report_of(const ComparisonOptions& options,
                                 const ComparisonSettings& settings,
                                 const ComparisonSubject& subject,
                                 const tasks::Comparison& comparison,
                                 const tasks::ComparisonSummary& summary) {
  ComparisonRecord record{
      .model = {options.explanation.model.string(), subject.explained.model.sha256},
      .interpretation = {},
      .settings = settings,
      .shard = shard_of(options),
      .confidence = options.confidence,
      .partial = !comparison.complete,
      .summary = summary,
      .inputs = tasks::to_json(comparison, *subject.explained.task)};
  if (!options.interpretation.empty()) record.interpretation = options.interpretation.string();
  return tools::report_of("comparison", record);
}

/// At the first input, so that nobody waits long for nothing.
void warn_of_failures(const tasks::ComparedInput& first) {
  for (const tasks::ScoredInput& scored : first.methods)
    if (!scored.failure.empty())
      Console::warn(fmt::format("{} failed on the first input: {}", scored.method, scored.failure));
}

std::vector<tasks::ComparedInput> begun(const ComparisonOptions& options,
                                        const ComparisonSettings& settings,
                                        const ComparisonSubject& subject) {
  if (!options.resume) return {};
  // What --resume finds the same in the report that it goes on from, the loaded code included.
  nlohmann::ordered_json asked = interp::write_record(settings);
  const nlohmann::ordered_json head = report_head("comparison");
  if (head.contains("loaded")) asked["loaded"] = head["loaded"];
  if (const auto shard = shard_of(options)) asked["shard"] = *shard;
  const interp::Range range = options.range();
  return inputs_begun(options.common.json, asked, *subject.explained.task, range.first,
                      range.count);
}

int run_comparison(const ComparisonOptions& options) {
  require_writable(options.page);
  const Session session = start(options.common);
  const ComparisonSubject subject = load(options, session);
  tasks::ComparisonConfig config = config_of(options, subject.explained);
  const ComparisonSettings settings = settings_of(config, subject);
  std::vector<tasks::ComparedInput> done = begun(options, settings, subject);
  const auto summarised = [&](const tasks::Comparison& comparison) {
    return tasks::summarise(comparison, {.confidence = options.confidence, .seed = config.seed});
  };
  SavingTimes times(options.common);
  Progress line(options.common.quiet);
  config.stop = &watch_interrupts();
  config.on_progress = [&, before = std::ssize(done)](const tasks::Comparison& so_far) {
    if (so_far.inputs.size() == 1) warn_of_failures(so_far.inputs.front());
    line.count(std::ssize(so_far.inputs) - before, config.inputs - before, "inputs");
    if (!times.is_due()) return;
    const tasks::Comparison partial{.inputs = so_far.inputs, .complete = false};
    write_report(options.common,
                 report_of(options, settings, subject, partial, summarised(partial)));
  };
  const tasks::Comparison comparison =
      tasks::compare(*subject.explained.task, *subject.explained.model.model,
                     subject.program ? &*subject.program : nullptr, config, std::move(done));
  const tasks::ComparisonSummary summary = summarised(comparison);
  print_comparison(comparison, summary, session.console);
  session.console.line();
  print_subject(options, subject.explained, config, session);
  const nlohmann::ordered_json report = report_of(options, settings, subject, comparison, summary);
  write_report(options.common, report);
  write_page(options.page, options.common, report, session.console);
  if (!comparison.complete) return tell_how_to_go_on(options.common, session.console);
  if (options.shard.is_whole()) require_explained(summary, comparison);
  return kDone;
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
  app.add_option("--reference", options->references,
                 "methods whose scores the others are held against, such as shapley:deletion")
      ->delimiter(',')
      ->type_name("NAMES");
  app.add_option("--removal", options->removal,
                 "what taking features away means to the measures of faithfulness: deletion or "
                 "replacement (default: deletion where the task knows inputs of several lengths)")
      ->check(CLI::IsMember({"deletion", "replacement"}))
      ->type_name("HOW");
  app.add_option("--inputs", options->inputs, "fresh inputs to explain")
      ->capture_default_str()
      ->transform(whole_number(1))
      ->type_name("N");
  app.add_option("--confidence", options->confidence, "of every interval")
      ->capture_default_str()
      ->transform(number_from(0.5, 0.9999))
      ->type_name("P");
  for (const char* option : {"--methods", "--reference"})
    choices(app.get_option(option), interp::names_of(interp::attribution::methods()));
  add_page_option(app, options->page);
  CLI::Option* shard = add_shard_option(app, options->shard);
  CLI::Option* resume =
      app.add_flag("--resume", options->resume,
                   "go on with the comparison in the report of --json, or extend it");
  add_common_options(app, options->common);
  resume->needs("--json");
  shard->needs("--json")->excludes("--html");
  app.footer(
      "Every method explains the same inputs. Its scores are held against what logic says must "
      "matter, "
      "against what the interpretation's steps depend on, against other methods, and against "
      "scores "
      "that know nothing (chance); then comes how faithful they are, and what they cost.\n\n" +
      list_of_methods() +
      "\nExamples:\n"
      "  assay compare --model tasks/two_sat/variable/model.safetensors \\\n"
      "    --interpretation tasks/two_sat/variable/trees.json \\\n"
      "    --methods random,lime,slalom@removal --reference shapley,occlusion\n"
      "  assay compare --model tasks/two_sat/reference/model.safetensors \\\n"
      "    --methods lime,reagent --inputs 1000 --json r.json");
  return [options] { return run_comparison(*options); };
}

}  // namespace assay::tools
