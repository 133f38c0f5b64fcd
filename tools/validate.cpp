// `assay validate --model FILE --interpretation FILE`

#include <fmt/chrono.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <ctime>
#include <stdexcept>

#include "axioms/checker.h"
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
#include "tools/progress.h"
#include "tools/report_text.h"
#include "tools/startup.h"
#include "tools/task_options.h"
#include "tools/validation_inputs.h"
#include "tools/validation_under.h"

namespace assay::tools {
namespace {

constexpr int64_t kInputs = 80000;  // unless told otherwise, where they have no end

struct ValidateOptions {
  CommonOptions common;
  std::filesystem::path model, interpretation, data;
  std::string task, part;
  std::optional<int64_t> inputs;
  bool independent = false;
  int64_t witnesses = 1;
  double confidence = 0.95;
  std::vector<std::string> claims, under;
  PageOption page;
};

tasks::Subject load(const ValidateOptions& options) {
  if (!options.task.empty()) tasks::task_entry(options.task);  // refuses an unknown one
  tasks::Subject subject = tasks::load_subject(options.model, options.interpretation);
  if (!options.task.empty() && subject.task->name() != options.task) {
    throw std::invalid_argument(fmt::format("the interpretation is about the task {}, not about {}",
                                            subject.task->name(), options.task));
  }
  return subject;
}

std::vector<axioms::Claim> parse_claims(const ValidateOptions& options,
                                        const tasks::Subject& subject) {
  std::vector<axioms::Claim> claims;
  for (const std::string& text : options.claims) claims.push_back(axioms::parse_claim(text));
  axioms::require_claims_fit(claims, subject.interpretation());
  return claims;
}

ValidationInputs choose_inputs(const ValidateOptions& options, const tasks::Subject& subject) {
  const nlohmann::json& fitted_on = subject.interpretation().fitted_on;
  if (options.independent && options.data.empty())
    throw std::invalid_argument(
        "--independent says of the lines of a file that they are independent draws: name it with "
        "--data");
  if (!options.data.empty()) {
    return file_inputs(*subject.task, options.data, options.independent, fitted_on);
  }
  const bool listed = !options.inputs && subject.task->domain();
  if (listed || !options.part.empty()) {
    return listed_inputs(*subject.task, options.part.empty() ? "all" : options.part, fitted_on);
  }
  return fresh_inputs(*subject.task, options.inputs.value_or(kInputs),
                      options.common.seed.value_or(1), fitted_on);
}

void print_subject(const ValidateOptions& options, const tasks::Subject& subject,
                   const ValidationInputs& inputs, const Session& session) {
  const auto file = [](const std::filesystem::path& path, const std::string& sha256) {
    return fmt::format("{} ({})", path.string(), sha256.substr(0, 12));
  };
  const Console& console = session.console;
  console.fact("model", file(options.model, subject.model.sha256));
  console.fact("interpretation", file(options.interpretation, subject.loaded.sha256));
  console.fact("", subject.interpretation().title);
  console.fact("task", describe(*subject.task));
  console.fact("inputs", inputs.description);
  console.fact("BLAS", describe(session.blas));
}

axioms::CheckResult check(const ValidateOptions& options, const tasks::Subject& subject,
                          const axioms::Inputs& inputs, int64_t count) {
  Progress line(options.common.quiet);
  return axioms::check(
      subject.experiment(), inputs,
      {.inputs = count,
       .witnesses = options.witnesses,
       .on_progress = [&](int64_t done, int64_t of) { line.count(done, of, "inputs"); },
       .stop = &watch_interrupts()});
}

/// Runs `work` and takes its time.
struct Timed {
  std::string started;
  double seconds = 0, cpu_seconds = 0;
};
template <typename Work>
Timed timed(const Work& work) {
  Timed times{.started = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)))};
  const auto start = std::chrono::steady_clock::now();
  const std::clock_t cpu_start = std::clock();
  work();
  times.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  times.cpu_seconds = static_cast<double>(std::clock() - cpu_start) / CLOCKS_PER_SEC;
  return times;
}

axioms::RunFacts facts_of(const ValidateOptions& options, const tasks::Subject& subject,
                          const ValidationInputs& inputs, const Session& session,
                          const Timed& times) {
  nlohmann::json seeds = nlohmann::json::object();
  if (inputs.facts.contains("seed")) seeds["inputs"] = inputs.facts["seed"];
  return {.command = command_line(),
          .version = ASSAY_VERSION,
          .model = {options.model.string(), subject.model.sha256},
          .interpretation = {options.interpretation.string(), subject.loaded.sha256},
          .data = inputs.facts,
          .seeds = seeds,
          .threads = interp::threads(),
          .device = session.device.str(),
          .blas = session.blas,
          .started = times.started,
          .seconds = times.seconds,
          .cpu_seconds = times.cpu_seconds};
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

int run_validate(const ValidateOptions& options) {
  const Session session = start(options.common);
  require_writable(options.page);
  const tasks::Subject subject = load(options);
  const std::vector<axioms::Claim> claims = parse_claims(options, subject);
  const auto transformations = transformations_named(*subject.task, options.under);
  const ValidationInputs inputs = choose_inputs(options, subject);
  print_subject(options, subject, inputs, session);

  subject.model.model->to(session.device);
  axioms::CheckResult result;
  axioms::Vacuity vacuity;
  const Timed times = timed([&] {
    vacuity = axioms::vacuity(subject.experiment(), inputs.tokens, inputs.count,
                              inputs.scope == axioms::Scope::Domain);
    result = check(options, subject, inputs.tokens, inputs.count);
    axioms::add_readings(vacuity, subject.experiment(), result.readings);
  });

  axioms::Report report =
      axioms::make_report(subject.interpretation(), result, claims, options.confidence,
                          *subject.model.model, subject.task->readout(), inputs.scope);
  report.inputs_text = inputs.words;
  axioms::add_vacuity(report, vacuity);
  report.facts = facts_of(options, subject, inputs, session, times);
  session.console.fact("time",
                       fmt::format("{:.1f} s on {} threads", times.seconds, report.facts.threads));
  print_report(report, *subject.task, session.console);
  nlohmann::ordered_json json = axioms::to_json(report);
  if (!transformations.empty() && result.complete)
    json["under"] = look_at_guises(options, subject, transformations, inputs, result, session);
  write_report(options.common, json);
  session.console.line();
  if (!options.common.json.empty()) session.console.fact("report", options.common.json.string());
  write_page(options.page, options.common, json, session.console);
  const int code = report.partial ? kInterrupted : axioms::exit_code(report);
  if (code != kDone && session.console.quiet())
    session.console.insist(report.partial ? "interrupted before all inputs were checked"
                                          : conclusion(report));
  return code;
}

}  // namespace

Command add_validate(CLI::App& app) {
  const auto options = std::make_shared<ValidateOptions>();
  app.add_option("--model", options->model, "the network, in any layout")
      ->required()
      ->type_name("FILE");
  app.add_option("--interpretation", options->interpretation, "what is said of it")
      ->required()
      ->type_name("FILE");
  app.add_option("--task", options->task,
                 "the task that both speak about (default: the one that the interpretation names)")
      ->type_name("NAME");
  CLI::Option* count =
      app.add_option("--inputs", options->inputs,
                     fmt::format("fresh inputs to test on (default: all, where they can be listed, "
                                 "else {})",
                                 grouped(kInputs)))
          ->transform(whole_number(1))
          ->type_name("N");
  CLI::Option* part =
      app.add_option("--part", options->part,
                     "of inputs that can be listed: all, unseen (not trained on) or test")
          ->excludes(count)
          ->type_name("PART");
  app.add_option("--data", options->data, "test on the inputs of a text file, one per line")
      ->excludes(count)
      ->excludes(part)
      ->type_name("FILE");
  app.add_flag("--independent", options->independent,
               "the lines of --data are independent draws: rates are bounded beyond the file");
  app.add_option("--confidence", options->confidence, "of every bound and of all verdicts")
      ->capture_default_str()
      ->transform(number_strictly_between(0, 1))
      ->type_name("P");
  app.add_option("--claim", options->claims, "NODE.AXIOM<=RATE, such as \"parse.PE<=0.001\"")
      ->type_name("CLAIM");
  app.add_option("--under", options->under,
                 "also on transformed inputs that mean the same: names of transformations, or all")
      ->type_name("NAME");
  app.add_option("--witnesses", options->witnesses, "failing inputs kept per node and axiom")
      ->capture_default_str()
      ->transform(whole_number(0))
      ->type_name("K");
  choices(app.get_option("--task"), interp::names_of(tasks::task_entries()));
  auto transformations = names_in_tasks([](const tasks::TaskEntry& entry) {
    return interp::names_of(tasks::make_task(entry.name)->transformations());
  });
  transformations.emplace_back("all");
  choices(app.get_option("--under"), transformations);
  choices(app.get_option("--part"), {"all", "unseen", "test"});
  add_page_option(app, options->page);
  add_common_options(app, options->common);
  app.footer(
      "Runs the network on inputs that the interpretation was not fitted on and asks four "
      "questions "
      "of every node: do the activations mean what the interpretation computes there, from the "
      "input "
      "(PE) and from the step before (CE), and does the network still give its answer when the "
      "interpretation's value is written in their place (PR, CR)? Rates carry exact bounds. A "
      "claim "
      "holds or is violated with the given confidence, or is undecided: the inputs were too few. "
      "The confidence is that of one run, so choose their number beforehand; adding inputs until a "
      "claim holds breaks it.\n"
      "\nExample:\n"
      "  assay validate --model runs/demo/model.safetensors \\\n"
      "    --interpretation runs/demo/trees.json --claim \"parse.PE<=0.001\"");
  return [options] { return run_validate(*options); };
}

}  // namespace assay::tools
