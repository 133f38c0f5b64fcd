// Validation of what Python holds in memory. Everything after the inputs is `assay validate`'s own
// (tools/validation_run.h).

#include <fmt/format.h>
#include <torch/types.h>

#include "circuits/interpretation/abstract_values.h"
#include "circuits/interpretation/program.h"
#include "interp/execution/parallel.h"
#include "interp/files/fields.h"
#include "interp/files/files.h"
#include "interp/files/json_text.h"
#include "interp/numerals.h"
#include "tasks/registry.h"
#include "tools/data_fields.h"
#include "tools/interchange_options.h"
#include "tools/plugin.h"
#include "tools/python/bindings.h"
#include "tools/python/engine.h"
#include "tools/validation_question.h"
#include "tools/validation_run.h"

namespace assay::python {
namespace {

using interp::grouped;
using tools::Question, tools::ValidationInputs;

template <typename T>
std::optional<T> optional(const py::dict& options, const char* name) {
  return options[name].cast<std::optional<T>>();
}

/// The rows of a tensor: a list, or independent draws if the caller says so.
ValidationInputs listed(const at::Tensor& given, bool independent) {
  const at::Tensor tokens = given.contiguous();
  const int64_t count = tokens.size(0);
  const std::string words = fmt::format("{} inputs of a list{}", grouped(count),
                                        independent ? ", independent draws as stated" : "");
  const std::string bytes(static_cast<const char*>(tokens.data_ptr()), tokens.nbytes());
  return {.tokens = [tokens](int64_t first, int64_t n) { return tokens.narrow(0, first, n); },
          .count = count,
          .words = words,
          .description = words,
          .facts = interp::write_record(tools::DataRecord{.source = "memory",
                                                          .count = count,
                                                          .independent = independent,
                                                          .sha256 = interp::sha256(bytes)}),
          .scope = independent ? axioms::Scope::Distribution : axioms::Scope::List};
}

/// Drawn by a function (seed, first, count) of Python: draws are independent, or the claim that
/// they are is the caller's.
ValidationInputs drawn(const py::object& function, uint64_t seed, int64_t count) {
  const Held held = hold(function);
  const std::string words =
      fmt::format("{} inputs drawn by a function (seed {})", grouped(count), seed);
  return {.tokens =
              [held, seed](int64_t first, int64_t n) {
                const py::gil_scoped_acquire gil;
                return (*held)(seed, first, n).cast<at::Tensor>();
              },
          .count = count,
          .words = words,
          .description = words,
          .facts = interp::write_record(
              tools::DataRecord{.source = "function", .seed = seed, .count = count})};
}

/// What is tested on, to be chosen when the work begins: drawing and hashing take their time.
std::function<ValidationInputs()> inputs_of(const py::object& inputs, const Question& question,
                                            const tasks::Task& task,
                                            const nlohmann::json& fitted_on,
                                            std::optional<uint64_t> seed) {
  if (inputs.is_none())
    return [&, seed] { return tools::choose_inputs(question, task, fitted_on, seed); };
  const ValidationInputs chosen =
      PyCallable_Check(inputs.ptr())
          ? drawn(inputs, seed.value_or(tools::kSeed), question.inputs.value_or(tools::kInputs))
          : listed(inputs.cast<at::Tensor>(), question.independent);
  return [chosen] { return chosen; };
}

/// The first chunk alone, so that values that do not fit each other are refused in words.
/// @throws std::invalid_argument naming the node.
void require_values_fit(const tools::Validation& validation) {
  const at::NoGradGuard no_grad;
  const int64_t count = std::min(validation.inputs.count, validation.network.inputs_per_run());
  const at::Tensor tokens = validation.inputs.tokens(0, count);
  const axioms::Experiment experiment = validation.experiment();
  const auto& steps = experiment.program.steps;
  const auto actual = circuits::network_values(experiment.network, experiment.program, tokens);
  const auto abstract = circuits::prefix_values(experiment.program, tokens);
  for (size_t v = 0; v < steps.size(); ++v)
    if (actual[v].sizes() != abstract[v].sizes())
      throw std::invalid_argument(
          fmt::format("node '{}': alpha gives values of shape {}, but h of shape {}", steps[v].name,
                      c10::str(actual[v].sizes()), c10::str(abstract[v].sizes())));
}

/// @param options  {claims, inputs: how many, part, data, independent, confidence, stop, seed,
///   witnesses, threads, interchange, unmapped, sources, command, print, progress,
///   remarks: [(node, text)], model: (path, sha256), interpretation: the same,
///   share: as share_from() takes it}
/// @return (report as JSON, whether the user stopped it, of a share of a run that ends when claims
///   are decided: its looks).
py::tuple validate(const NetworkPointer& network, const py::dict& spec, const TaskPointer& task,
                   const py::object& inputs, const py::dict& options) {
  const Claim claim = claim_from(spec, network->places());
  const circuits::Program program =
      circuits::compile(claim.interpretation, claim.operations, network->places());
  task->require_fits(network->places());
  Question question;
  question.inputs = optional<int64_t>(options, "inputs");
  question.part = options["part"].cast<std::string>();
  question.data = options["data"].cast<std::string>();
  question.independent = options["independent"].cast<bool>();
  question.stop = options["stop"].cast<std::string>();
  question.claims = options["claims"].cast<std::vector<std::string>>();
  const auto seed = optional<uint64_t>(options, "seed");
  const auto source = [&](const char* name) {
    const auto [path, sha256] = options[name].cast<std::pair<std::string, std::string>>();
    return axioms::Source{path, sha256};
  };
  const auto choose = inputs_of(inputs, question, *task, claim.interpretation.fitted_on, seed);
  tools::Validation validation{
      .network = *network,
      .interpretation = claim.interpretation,
      .program = program,
      .task = *task,
      .inputs = {},
      .claims = tools::parse_claims(question.claims, *task, claim.interpretation),
      .confidence = options["confidence"].cast<double>(),
      .witnesses = options["witnesses"].cast<int64_t>(),
      .facts = {.command = options["command"].cast<std::string>(),
                .version = ASSAY_VERSION,
                .loaded = loaded_plugins(),
                .model = source("model"),
                .interpretation = source("interpretation"),
                .data = {},
                .seeds = {},
                .device = network->device().str(),
                .blas = interp::inspect_blas(),
                .times = {}}};
  const auto remarks = options["remarks"].cast<std::vector<std::pair<std::string, std::string>>>();
  const tools::InterchangeOptions exchange{.interchange = options["interchange"].cast<bool>(),
                                           .unmapped = options["unmapped"].cast<bool>(),
                                           .sources = options["sources"].cast<std::string>()};
  std::optional<tools::ChosenInterchange> exchanged;
  axioms::Report report;
  const std::optional<Share> share = share_from(options["share"]);
  std::vector<Look> looks;
  const auto job = [&] {
    validation.inputs = choose();
    const nlohmann::json& facts = validation.inputs.facts;
    validation.sequential =
        tools::ends_when_decided(question, validation.claims, validation.inputs);
    validation.facts.data = facts;
    validation.facts.seeds = nlohmann::json::object();
    if (facts.contains("seed")) validation.facts.seeds["inputs"] = facts["seed"];
    validation.facts.threads = interp::threads();
    require_values_fit(validation);
    exchanged = tools::choose_interchange(exchange, validation.claims, *task, validation.inputs,
                                          seed.value_or(tools::kSeed));
    if (exchanged) {
      validation.interchange = &exchanged->interchange;
      validation.facts.data["sources"] = exchanged->sources;
    }
    const auto portion = share ? portion_of(*share, validation) : tools::Portion::whole(validation);
    if (share && validation.sequential)
      validation.keep = [&looks](const auto& so_far) { looks.push_back(look_of(so_far())); };
    axioms::CheckResult result;
    report = tools::run(validation, portion, result);
    if (share) report.partial = report.inputs < portion.own.count;
    for (const auto& [node, text] : remarks) report.remarks.push_back({node, text});
  };
  const bool stopped = work({validation.facts.command, options["threads"].cast<int>(),
                             options["print"], options["progress"], /*ends_functions=*/true},
                            job);
  if (stopped && report.inputs == 0) {
    PyErr_SetNone(PyExc_KeyboardInterrupt);
    throw py::error_already_set();
  }
  return py::make_tuple(interp::json_text(axioms::to_json(report), 1) + "\n", stopped, looks);
}

}  // namespace

void bind_validate(py::module_& m) {
  m.def("validate", &validate);
}

}  // namespace assay::python
