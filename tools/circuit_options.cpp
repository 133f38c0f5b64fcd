#include "tools/circuit_options.h"

#include <CLI/CLI.hpp>

#include "interp/files/files.h"
#include "interp/names.h"
#include "interp/network/transformer.h"
#include "tasks/counterfactual_file.h"
#include "tasks/registry.h"
#include "tools/choices.h"
#include "tools/numbers.h"
#include "tools/task_options.h"

namespace assay::tools {
namespace {

std::string describe_list(const InputFacts& inputs) {
  return fmt::format(
      "{} distinct{}: {}", grouped(*inputs.distinct),
      *inputs.outside == 0
          ? ""
          : fmt::format(", {} outside the task's distribution", grouped(*inputs.outside)),
      inputs.independent ? "taken as independent draws, as --independent says"
                         : "figures are exact for this list and say nothing of other inputs");
}

}  // namespace

void add_experiment_options(CLI::App& app, ExperimentOptions& options, bool several) {
  app.add_option("--model", options.model, "the network, in any layout")
      ->required()
      ->type_name("FILE");
  app.add_option("--task", options.task, "its task, where the model file does not name it")
      ->type_name("NAME");
  CLI::Option* count = app.add_option("--inputs", options.inputs, "inputs to run on")
                           ->capture_default_str()
                           ->transform(whole_number(1))
                           ->type_name("N");
  CLI::Option* data = app.add_option("--data", options.data,
                                     "counterfactual inputs from a file, see docs/circuits.md")
                          ->excludes(count)
                          ->type_name("FILE");
  app.add_flag("--independent", options.independent,
               "the lines of --data are independent draws: figures speak of others, with intervals")
      ->needs(data);
  app.add_option("--metric", options.metric, names_in(circuits::metrics()))
      ->capture_default_str()
      ->type_name("NAME");
  app.add_option("--ablation", options.ablation,
                 fmt::format("what cut edges carry: {}{}", names_in(circuits::ablations()),
                             several ? ", or all" : ""))
      ->capture_default_str()
      ->type_name("NAME");
  std::vector<std::string> ablations = interp::names_of(circuits::ablations());
  if (several) ablations.emplace_back("all");
  choices(app.get_option("--task"), interp::names_of(tasks::task_entries()));
  choices(app.get_option("--metric"), interp::names_of(circuits::metrics()));
  choices(app.get_option("--ablation"), ablations);
}

ExperimentSubject load_subject(const ExperimentOptions& options, tasks::Part part, uint64_t seed) {
  ExperimentSubject subject{
      .model = interp::load_model(options.model), .task = {}, .data = {}, .facts = {}};
  subject.task = task_of_model(subject.model, options.task, options.data);
  subject.task->require_fits(subject.model.model->places());
  subject.facts = {.model = {options.model.string(), subject.model.sha256},
                   .task = subject.task->to_json(),
                   .inputs = {}};
  InputFacts& inputs = subject.facts.inputs;
  if (options.data.empty()) {
    subject.data = subject.task->counterfactuals(part, seed, 0, options.inputs);
    inputs.part = to_string(part);
    inputs.seed = seed;
  } else {
    subject.data = tasks::load_counterfactuals(options.data, *subject.task);
    subject.data.is_sample = options.independent;
    const tasks::ListFacts list = tasks::list_facts(subject.data, *subject.task);
    inputs.path = options.data.string();
    inputs.sha256 = interp::sha256_of_file(options.data);
    inputs.distinct = list.distinct;
    inputs.outside = list.outside;
  }
  inputs.count = subject.data.size();
  inputs.pairs = subject.data.corrupt.defined();
  inputs.independent = subject.data.is_sample;
  return subject;
}

void print_subject(const ExperimentOptions& options, const ExperimentSubject& subject,
                   const Session& session) {
  const Console& console = session.console;
  console.fact("model",
               fmt::format("{} ({})", options.model.string(), subject.model.sha256.substr(0, 12)));
  console.fact("task", describe(*subject.task));
  const std::string kind = subject.data.corrupt.defined() ? "pairs" : "inputs without partners";
  const std::string source =
      options.data.empty()
          ? fmt::format("{} part, seed {}", *subject.facts.inputs.part, *subject.facts.inputs.seed)
          : options.data.string();
  console.fact("inputs", fmt::format("{} {} ({})", grouped(subject.data.size()), kind, source));
  if (!options.data.empty()) console.fact("", describe_list(subject.facts.inputs));
  console.fact("BLAS", describe(session.blas));
}

}  // namespace assay::tools
