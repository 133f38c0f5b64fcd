// `assay validate --model FILE --interpretation FILE`

#include <CLI/CLI.hpp>
#include <stdexcept>

#include "axioms/merge.h"
#include "axioms/report.h"
#include "interp/execution/parallel.h"
#include "interp/names.h"
#include "interp/network/transformer.h"
#include "tasks/registry.h"
#include "tasks/subject.h"
#include "tools/choices.h"
#include "tools/commands.h"
#include "tools/interchange_options.h"
#include "tools/interrupt.h"
#include "tools/kept_run.h"
#include "tools/numbers.h"
#include "tools/options.h"
#include "tools/page_option.h"
#include "tools/plan.h"
#include "tools/plugin.h"
#include "tools/plural.h"
#include "tools/report_text.h"
#include "tools/shard_option.h"
#include "tools/startup.h"
#include "tools/summaries.h"
#include "tools/task_options.h"
#include "tools/validation_inputs.h"
#include "tools/validation_proofs.h"
#include "tools/validation_question.h"
#include "tools/validation_record.h"
#include "tools/validation_run.h"
#include "tools/validation_under.h"

namespace assay::tools {
namespace {

struct ValidateOptions : Question {
  CommonOptions common;
  std::filesystem::path plan;
  int64_t witnesses = 1;
  std::vector<std::string> under;
  InterchangeOptions interchange;
  ProofOptions proofs;
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

axioms::RunFacts facts_of(const ValidateOptions& options, const tasks::Subject& subject,
                          const ValidationInputs& inputs, const Session& session) {
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
          .times = {}};
}

/// Checks the inputs in other guises and prints what is found; for the report.
nlohmann::ordered_json look_at_guises(const ValidateOptions& options, const tasks::Subject& subject,
                                      const std::vector<tasks::Transformation>& transformations,
                                      const Validation& validation,
                                      const axioms::CheckResult& as_drawn, const Session& session) {
  Validation same = validation;  // of as many inputs as were checked
  same.interchange = nullptr;
  same.not_replaced.clear();
  same.inputs = validation.inputs.first(as_drawn.inputs);
  const std::vector<Guise> guises =
      check_guises(subject, transformations, same.inputs, options.common.seed.value_or(1), as_drawn,
                   [&](const axioms::Inputs& tokens) { return check(same, tokens); });
  print_guises(guises, options.confidence, session.console);
  return to_json(guises, options.confidence);
}

/// Refuses claims on interchanges that are not made, before the work begins.
void require_rows(const Validation& validation, const Portion& portion) {
  report_of(validation, check(validation, validation.inputs.tokens, interp::Ranges{}), portion, {});
}

/// Refuses to go on from a report of something else, before the work begins.
void require_same(const Validation& validation, const Portion& portion) {
  const axioms::NamedReport& begun = *portion.begun;
  const auto nothing = check(validation, validation.inputs.tokens, interp::Ranges{});
  axioms::require_same_run(begun, {"this run", report_of(validation, nothing, portion, {})});
  const interp::Shard& shard = begun.report.part->shard;
  if (shard.index != portion.shard.index)
    throw std::invalid_argument(fmt::format("--resume {}: it is part {}/{}, not {}/{}", begun.name,
                                            shard.index, shard.of, portion.shard.index,
                                            portion.shard.of));
}

/// The options with all that the plan declares.
ValidateOptions declared(ValidateOptions options, const std::optional<Plan>& plan) {
  if (!plan) return options;
  static_cast<Question&>(options) = question_of(*plan, options);
  options.common.seed = plan->seed;
  return options;
}

/// What the verdict is about, and where it comes from.
/// @param inputs  which ones were asked for, and whether the interpretation was fitted on them.
void print_facts(const axioms::Report& report, const std::string& inputs,
                 const ValidateOptions& options, const tasks::Subject& subject,
                 const Session& session) {
  const Console& console = session.console;
  console.line();
  print_subject({.model = report.facts.model,
                 .interpretation = report.facts.interpretation,
                 .title = report.title,
                 .inputs = inputs},
                *subject.task, console);
  if (report.proofs) print_proofs(*report.proofs, options, console);
  console.fact("BLAS", describe(session.blas));
  console.fact("time", fmt::format("{:.1f} s on {}", report.facts.times.seconds,
                                   counted(report.facts.threads, "thread")));
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
  const auto interchange = choose_interchange(options.interchange, claims, *subject.task, inputs,
                                              options.common.seed.value_or(kSeed));
  SavingTimes saving(options.common);
  Validation validation{.network = *subject.model.model,
                        .interpretation = subject.interpretation(),
                        .program = subject.program,
                        .task = *subject.task,
                        .inputs = inputs,
                        .claims = claims,
                        .confidence = options.confidence,
                        .witnesses = options.witnesses,
                        .sequential = ends_when_decided(options, claims, inputs),
                        .quiet = options.common.quiet,
                        .facts = facts_of(options, subject, inputs, session),
                        .interchange = interchange ? &interchange->interchange : nullptr,
                        .keep = [&](const auto& so_far) {
                          if (saving.is_due())
                            write_report(options.common, axioms::to_json(so_far()));
                        }};
  if (interchange) validation.facts.data["sources"] = interchange->sources;
  if (plan) validation.facts.plan = {given.plan.string(), plan->sha256};
  const Portion portion = portion_of(options, subject, inputs);
  validation.proofs = proofs_for(options.proofs, options, subject, inputs, options.common);
  subject.model.model->to(session.device);
  validation.not_replaced = nodes_not_replaced(validation.proofs, subject.interpretation());
  if (interchange) require_rows(validation, portion);
  if (portion.begun) require_same(validation, portion);

  axioms::CheckResult result;
  axioms::Report report = run(validation, portion, result);
  if (options.proofs.attack && portion.shard.index == 1 && !watch_interrupts())
    report.worst_case = worst_case(options.proofs, subject, report, options.common);
  print_report(report, *subject.task, session.console);
  nlohmann::ordered_json json = axioms::to_json(report);
  if (!transformations.empty() && result.complete)
    json["under"] = look_at_guises(options, subject, transformations, validation, result, session);
  write_report(options.common, json);
  print_facts(report, inputs.description, options, subject, session);
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
  add_interchange_options(app, options->interchange);
  add_proof_options(app, options->proofs);
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
                               "--independent", "--seed", "--sources"})
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
