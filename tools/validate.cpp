// `assay validate --model FILE --interpretation FILE`

#include <fmt/chrono.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <ctime>
#include <stdexcept>

#include "axioms/checker.h"
#include "axioms/looks.h"
#include "axioms/merge.h"
#include "axioms/report.h"
#include "axioms/vacuity.h"
#include "interp/execution/parallel.h"
#include "interp/names.h"
#include "interp/network/transformer.h"
#include "tasks/registry.h"
#include "tasks/subject.h"
#include "tools/choices.h"
#include "tools/commands.h"
#include "tools/interrupt.h"
#include "tools/numbers.h"
#include "tools/options.h"
#include "tools/page_option.h"
#include "tools/plan.h"
#include "tools/plugin.h"
#include "tools/progress.h"
#include "tools/report_text.h"
#include "tools/shard_option.h"
#include "tools/startup.h"
#include "tools/summaries.h"
#include "tools/task_options.h"
#include "tools/validation_inputs.h"
#include "tools/validation_question.h"
#include "tools/validation_record.h"
#include "tools/validation_under.h"

namespace assay::tools {
namespace {

struct ValidateOptions : Question {
  CommonOptions common;
  std::filesystem::path plan;
  int64_t witnesses = 1;
  std::vector<std::string> under;
  PageOption page;
  SummaryOptions summaries;
  interp::Shard shard;
  std::filesystem::path resume;
};

axioms::Source model_of(const ValidateOptions& options, const tasks::Subject& subject) {
  return {options.model.string(), subject.model.sha256};
}
axioms::Source interpretation_of(const ValidateOptions& options, const tasks::Subject& subject) {
  return {options.interpretation.string(), subject.loaded.sha256};
}

/// Which of the inputs are checked.
struct Portion {
  interp::Shard shard;
  int64_t chunk = 1;
  interp::Range own = {};                         ///< the shard's
  std::optional<axioms::NamedReport> begun = {};  ///< what goes on here
  interp::Ranges left = {};                       ///< of its own inputs, those not counted yet
};

Portion portion_of(const ValidateOptions& options, const tasks::Subject& subject,
                   const ValidationInputs& inputs) {
  Portion portion{.shard = options.shard, .chunk = subject.model.model->inputs_per_run()};
  portion.own = interp::range_of(portion.shard, inputs.count, portion.chunk);
  portion.left = {portion.own};
  if (options.resume.empty()) return portion;
  portion.begun = {options.resume.string(), read_validation(options.resume).report};
  axioms::require_part(*portion.begun);
  portion.left = interp::rest_of(portion.own, portion.begun->report.part->counted);
  return portion;
}

axioms::CheckResult check(const ValidateOptions& options, const tasks::Subject& subject,
                          const axioms::Inputs& inputs, int64_t count,
                          std::optional<interp::Ranges> ranges = std::nullopt,
                          axioms::Looks* looks = nullptr) {
  std::function<bool(const axioms::CheckResult&)> enough;
  if (looks) enough = [looks](const axioms::CheckResult& so_far) { return looks->look(so_far); };
  Progress line(options.common.quiet);
  return axioms::check(
      subject.experiment(), inputs,
      {.inputs = count,
       .ranges = std::move(ranges),
       .witnesses = options.witnesses,
       .on_progress = [&](int64_t done, int64_t of) { line.count(done, of, "inputs"); },
       .enough = enough,
       .stop = &watch_interrupts()});
}

/// Runs `work` and takes its time.
template <typename Work>
axioms::Times timed(const Work& work) {
  axioms::Times times{.started =
                          fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)))};
  const auto start = std::chrono::steady_clock::now();
  const std::clock_t cpu_start = std::clock();
  work();
  times.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  times.cpu_seconds = static_cast<double>(std::clock() - cpu_start) / CLOCKS_PER_SEC;
  return times;
}

axioms::RunFacts facts_of(const ValidateOptions& options, const tasks::Subject& subject,
                          const ValidationInputs& inputs, const Session& session,
                          const axioms::Times& times) {
  nlohmann::json seeds = nlohmann::json::object();
  if (inputs.facts.contains("seed")) seeds["inputs"] = inputs.facts["seed"];
  return {.command = command_line(),
          .version = ASSAY_VERSION,
          .loaded = loaded_plugins(),
          .model = model_of(options, subject),
          .interpretation = interpretation_of(options, subject),
          .data = inputs.facts,
          .seeds = seeds,
          .threads = interp::threads(),
          .device = session.device.str(),
          .blas = session.blas,
          .times = times};
}

/// Checks the inputs in other guises and prints what is found; for the report.
nlohmann::ordered_json look_at_guises(const ValidateOptions& options, const tasks::Subject& subject,
                                      const std::vector<tasks::Transformation>& transformations,
                                      const ValidationInputs& inputs,
                                      const axioms::CheckResult& as_drawn, const Session& session) {
  const std::vector<Guise> guises = check_guises(
      subject, transformations, inputs, options.common.seed.value_or(1), as_drawn,
      [&](const axioms::Inputs& tokens) { return check(options, subject, tokens, inputs.count); });
  print_guises(guises, options.confidence, session.console);
  return to_json(guises, options.confidence);
}

/// A check as it is written and read: everything about it but what was found of
/// vacuity.
struct Validation {
  const ValidateOptions& options;
  const Session& session;
  const tasks::Subject& subject;
  const std::vector<axioms::Claim>& claims;
  const ValidationInputs& inputs;
  bool sequential = false;
  std::optional<axioms::Source> plan = {};

  axioms::Report report(const axioms::CheckResult& result, const Portion& portion,
                        const axioms::Times& times) const {
    axioms::Report report =
        axioms::make_report(subject.interpretation(), result, claims, options.confidence,
                            *subject.model.model, subject.task->readout(), inputs.scope);
    const circuits::Program& program = subject.experiment().program;
    if (sequential) report.sequential = {.limit = inputs.count};
    report.part = {.shard = portion.shard,
                   .inputs = inputs.count,
                   .chunk = portion.chunk,
                   .counted = result.counted,
                   .witnesses = options.witnesses,
                   .output = program.steps[program.output].name,
                   .readings = result.readings};
    report.task = subject.task->to_json();  // with what --data has said of it
    report.inputs_text = inputs.words;
    report.facts = facts_of(options, subject, inputs, session, times);
    report.facts.plan = plan;
    conclude(report);
    return report;
  }
  /// Refuses to go on from a report of something else, before the work begins.
  void require_same(const axioms::NamedReport& begun, const Portion& portion) const {
    const auto nothing = check(options, subject, inputs.tokens, inputs.count, interp::Ranges{});
    axioms::require_same_run(begun, {"this run", report(nothing, portion, {})});
    const interp::Shard& shard = begun.report.part->shard;
    if (shard.index != portion.shard.index)
      throw std::invalid_argument(fmt::format("--resume {}: it is part {}/{}, not {}/{}",
                                              begun.name, shard.index, shard.of,
                                              portion.shard.index, portion.shard.of));
  }
};

/// Asks what vacuity asks, which looks at the first inputs of the whole run, in
/// the first part. A shard knows nothing of the others, so it counts all of its
/// inputs, and merging decides.
axioms::Report run_check(const Validation& validation, const Portion& portion,
                         axioms::CheckResult& result) {
  const auto& [options, session, subject, claims, inputs, sequential, plan] = validation;
  axioms::Looks looks(claims, options.confidence, portion.begun ? &portion.begun->report : nullptr);
  const bool looking = sequential && portion.shard.is_whole();
  axioms::Vacuity vacuity;
  const axioms::Times times = timed([&] {
    if (portion.shard.index == 1)
      vacuity = axioms::vacuity(subject.experiment(), inputs.tokens, inputs.count,
                                inputs.scope == axioms::Scope::Domain);
    result = check(options, subject, inputs.tokens, inputs.count, portion.left,
                   looking ? &looks : nullptr);
  });
  axioms::Report report = validation.report(result, portion, times);
  axioms::add_vacuity(report, vacuity);
  if (portion.begun) axioms::add_counts(report, portion.begun->report);
  if (looking) looks.note(report);
  axioms::complete(report);
  session.console.fact("time",
                       fmt::format("{:.1f} s on {} threads", times.seconds, report.facts.threads));
  return report;
}

/// The options with all that the plan declares.
ValidateOptions declared(ValidateOptions options, const std::optional<Plan>& plan) {
  if (!plan) return options;
  static_cast<Question&>(options) = question_of(*plan, options);
  options.common.seed = plan->seed;
  return options;
}

int run_validate(const ValidateOptions& given) {
  std::optional<Plan> plan;
  if (!given.plan.empty()) plan = read_plan(given.plan);
  const ValidateOptions options = declared(given, plan);
  const Session session = start(options.common);
  require_writable(options.page);
  require_writable(options.summaries);
  const tasks::Subject subject = load(options);
  const std::vector<axioms::Claim> claims = parse_claims(options, subject);
  const auto transformations = transformations_named(*subject.task, options.under);
  const ValidationInputs inputs = choose_inputs(options, subject, options.common.seed);
  if (plan) require_planned(*plan, given.plan, subject, inputs);
  Validation validation{options, session, subject,
                        claims,  inputs,  ends_when_decided(options, claims, inputs)};
  if (plan) validation.plan = {given.plan.string(), plan->sha256};
  const Portion portion = portion_of(options, subject, inputs);
  subject.model.model->to(session.device);
  if (portion.begun) validation.require_same(*portion.begun, portion);
  print_subject({.model = model_of(options, subject),
                 .interpretation = interpretation_of(options, subject),
                 .title = subject.interpretation().title,
                 .inputs = inputs.description},
                *subject.task, session.console);
  session.console.fact("BLAS", describe(session.blas));

  axioms::CheckResult result;
  const axioms::Report report = run_check(validation, portion, result);
  print_report(report, *subject.task, session.console);
  nlohmann::ordered_json json = axioms::to_json(report);
  if (!transformations.empty() && result.complete)
    json["under"] = look_at_guises(options, subject, transformations, inputs.first(result.inputs),
                                   result, session);
  write_report(options.common, json);
  session.console.line();
  if (!options.common.json.empty()) session.console.fact("report", options.common.json.string());
  if (report.partial && !options.common.json.empty())
    session.console.fact(
        "to go on", fmt::format("the same command with --resume {}", options.common.json.string()));
  write_page(options.page, options.common, json, session.console);
  write_summaries(options.summaries, report, *subject.task, session.console);
  return exit_code(report, session.console);
}

}  // namespace

Command add_validate(CLI::App& app) {
  const auto options = std::make_shared<ValidateOptions>();
  add_question_options(app, *options);
  CLI::Option* plan =
      app.add_option("--plan", options->plan,
                     "run what was declared beforehand (assay plan), and nothing else")
          ->type_name("FILE");
  app.add_option("--under", options->under,
                 "also on transformed inputs that mean the same: names of transformations, or all")
      ->type_name("NAME");
  app.add_option("--witnesses", options->witnesses, "failing inputs kept per node and axiom")
      ->capture_default_str()
      ->transform(whole_number(0))
      ->type_name("K");
  auto transformations = names_in_tasks([](const tasks::Task& task) {
    const auto* known = task.get<tasks::Transformations>();
    return known ? interp::names_of(known->all) : std::vector<std::string>();
  });
  transformations.emplace_back("all");
  choices(app.get_option("--under"), transformations);
  add_page_option(app, options->page);
  add_summary_options(app, options->summaries);
  CLI::Option* shard = add_shard_option(app, options->shard);
  CLI::Option* resume = app.add_option("--resume", options->resume,
                                       "go on from the report of this run that was interrupted")
                            ->type_name("FILE");
  add_common_options(app, options->common);
  for (const char* declared : {"--claim", "--confidence", "--stop", "--inputs", "--part", "--data",
                               "--independent", "--seed"})
    plan->excludes(declared);
  shard->needs("--json")->excludes("--html")->excludes("--under");
  shard->excludes("--junit")->excludes("--markdown")->excludes("--csv");
  resume->excludes("--under");
  app.footer(
      "Runs the network on inputs that the interpretation was not fitted on and asks four "
      "questions of every node: do the activations mean what the interpretation computes there, "
      "from the input (PE) and from the step before (CE), and does the network still give its "
      "answer when the interpretation's value is written in their place (PR, CR)? Rates carry "
      "exact bounds. A claim holds or is violated with the given confidence, or is undecided: the "
      "inputs were too few. With claims the run ends as soon as all of them are decided, by "
      "evidence that may be looked at after every 128 inputs, so that nobody need choose their "
      "number. With --stop never all inputs are checked; the confidence is then that of one number "
      "of inputs, chosen beforehand: adding inputs until a claim holds breaks it. Shards count all "
      "their inputs, and assay merge decides.\n"
      "\nExample:\n"
      "  assay validate --model runs/demo/model.safetensors \\\n"
      "    --interpretation runs/demo/trees.json --claim \"parse.PE<=0.001\"");
  return [options] { return run_validate(*options); };
}

}  // namespace assay::tools
