#include "tasks/two_sat/derivation.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <stdexcept>

#include "tasks/deriving.h"
#include "tasks/two_sat/evidence.h"
#include "tasks/two_sat/levels.h"
#include "tasks/two_sat/observations.h"

namespace assay::tasks::two_sat {

namespace hook = interp::hook;
namespace {

using at::Tensor;
using circuits::Node;
using interp::Site;

Node parse_node(const Observations& observed, const Prototypes& prototypes, int64_t clauses) {
  std::vector<std::vector<int64_t>> literals;
  std::vector<int64_t> ends;
  for (int64_t clause = 0; clause < clauses; ++clause) {
    literals.push_back({left_literal(clause), right_literal(clause)});
    ends.push_back(right_literal(clause));
  }
  return {.name = "parse",
          .parents = {circuits::kTokens},
          .sites = {Site{.place = hook::resid_post(0)}},
          .reads = {Site{.place = hook::resid_post(0), .positions = ends}},
          .h = {.name = "tokens_at", .parameters = {{"positions", literals}}, .tensors = {}},
          .alpha = {.name = "nearest_prototype",
                    .tensors = {{"labels", prototypes.labels}, {"prototypes", prototypes.vectors}}},
          .gamma = {.name = "write_prototypes",
                    .parameters = {{"positions", ends}},
                    .tensors = {{"labels", prototypes.labels},
                                {"prototypes", prototypes.vectors},
                                {"mean", observed.mean_stream}}},
          .equality = {.name = "equal_up_to_order", .tensors = {}}};
}

// `stream_mean` is written to the residual stream in front of block 2's MLP.
Node evaluate_node(const Observations& observed, const std::vector<Neuron>& neurons,
                   const Tensor& stream_mean, int64_t variables, int64_t readout) {
  std::vector<int64_t> indices;
  std::vector<double> thresholds, on;
  std::vector<Program> programs;
  for (const Neuron& neuron : neurons) {
    indices.push_back(neuron.index);
    thresholds.push_back(neuron.threshold);
    on.push_back(neuron.on);
    programs.push_back(neuron.program);
  }
  const Site stream{.place = hook::resid_mid(1), .positions = {readout}};
  const Site hidden{.place = hook::mlp_post(1), .positions = {readout}};
  Site evaluating = hidden;
  evaluating.neurons = indices;
  return {.name = "evaluate",
          .parents = {"parse"},
          .sites = {stream, hidden},
          .reads = {evaluating},
          .h = {.name = "truth_table_programs",
                .parameters = {{"variables", variables}, {"programs", programs}},
                .tensors = {}},
          .alpha = {.name = "threshold",
                    .tensors = {{"thresholds", torch::tensor(thresholds, torch::kFloat32)}}},
          .gamma = {.name = "write_levels",
                    .parameters = {{"neurons", indices}},
                    .tensors = {{"on", torch::tensor(on, torch::kFloat32)},
                                {"mean", observed.mean_hidden},
                                {"stream", stream_mean}}},
          .equality = {.name = "equal", .tensors = {}}};
}

Node or_node(const Tokens& tokens, int64_t readout) {
  return answer_node("or", {"evaluate"}, {.name = "any", .tensors = {}},
                     {.position = readout,
                      .answers = {tokens.unsat(), tokens.sat()},
                      .d_vocab = tokens.d_vocab()});
}

Evidence level_evidence(const LevelChoice& choice) {
  return {"evaluate",
          fmt::format("with all evaluating neurons off the network says UNSAT by {:.2f}; a neuron "
                      "counts as on from "
                      "{:.2f} of the activation that flips this, which fails on {:.3f}% of the "
                      "deriving formulas",
                      -choice.resting, choice.fraction, 100 * choice.failing),
          {{"resting", choice.resting}, {"fraction", choice.fraction}, {"failing", choice.failing}},
          choice.resting < 0 && choice.failing < 0.35};
}

}  // namespace

std::vector<Option> derivation_options() {
  return {{"leaves", "--leaves", "most leaves of a decision tree", 4},
          {"published", "--published",
           "thresholds and written values as published, instead of fitted ones", false}};
}

Derivation derive(const Task& task, int64_t variables, int64_t clauses,
                  const interp::Network& network, const DeriveConfig& config) {
  const std::string variant = variant_of(task, config);
  const interp::Transformer& model = interp::require_transformer(network, "deriving two-sat");
  if (model.config().n_layers() != 2)
    throw std::invalid_argument(
        fmt::format("the 2-SAT interpretation speaks about two blocks, the model has {}",
                    model.config().n_layers()));
  const Settings options = complete(derivation_options(), config.options, "deriving for two-sat");
  const int64_t leaves = options.at("leaves");
  const bool published = options.at("published");
  if (formulas_of(task, config) < 1 || leaves < 1)
    throw std::invalid_argument("derive: expected at least one formula and one leaf");
  const Tokens tokens{variables};

  const Observations observed = observe(task, model, config);
  const Prototypes clause_prototypes =
      prototypes(model, tokens, clauses, clauses - min_clauses(task));
  const Tensor coefficients = sat_coefficients(model, tokens);
  std::vector<Neuron> neurons = evaluating_neurons(observed, coefficients);
  if (neurons.empty())
    throw std::invalid_argument(
        "no hidden neuron of block 2 speaks for SAT: the model does not work like this "
        "interpretation");
  std::vector<Evidence> evidence = parse_evidence(task, model, config);
  if (published) {
    fit_programs(neurons, observed, variant, leaves, true);
  } else {
    std::vector<int64_t> indices;
    for (const Neuron& neuron : neurons) indices.push_back(neuron.index);
    const double resting = resting_difference(model, tokens, observed, indices);
    evidence.push_back(level_evidence(choose_levels(neurons, observed, resting, variant, leaves)));
  }
  for (Evidence& fact : evaluate_evidence(neurons, observed, coefficients, variables))
    evidence.push_back(std::move(fact));
  for (Evidence& fact : or_evidence(task, model, observed, config))
    evidence.push_back(std::move(fact));

  // The published γ writes what the attention adds, without the embedding that it is added to.
  const Tensor& stream_mean = published ? observed.mean_attn_out : observed.mean_mid;
  return derivation_of(
      {.title = fmt::format("2-SAT by evaluating neurons ({})", variant),
       .task = task.to_json(),
       .model_sha256 = {},
       .fitted_on = fitted_on(config, formulas_of(task, config), observed.sha256),
       .output = "or",
       .nodes = {parse_node(observed, clause_prototypes, clauses),
                 evaluate_node(observed, neurons, stream_mean, variables, task.readout()),
                 or_node(tokens, task.readout())}},
      std::move(evidence));
}

}  // namespace assay::tasks::two_sat
