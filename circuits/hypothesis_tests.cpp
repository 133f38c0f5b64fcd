#include "circuits/hypothesis_tests.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <stdexcept>

#include "circuits/random_circuits.h"

namespace assay::circuits {
namespace {

using at::Tensor;

constexpr double kRunRounding = 1e-5;  // relative: differences of float32 runs below it are ties

// Largest metric or logit, in absolute value: what rounding is relative to.
double scale_of(const Tensor& a, const Tensor& b) {
  return std::max(a.abs().max().item<double>(), b.abs().max().item<double>());
}

// Mean over inputs of |metric - reference|, for each row of `metrics` [circuit, n].
std::vector<double> distances(const Tensor& metrics, const Tensor& reference) {
  const Tensor means = (metrics - reference).abs().mean(1);
  return {means.data_ptr<double>(), means.data_ptr<double>() + means.numel()};
}

// Random values that are at least as extreme as the observed one, ties to rounding included.
double p_value_of(double value, const std::vector<double>& random, bool small_is_extreme,
                  double rounding) {
  const int64_t hits = std::ranges::count_if(random, [&](double other) {
    return small_is_extreme ? other <= value + rounding : other >= value - rounding;
  });
  return permutation_p_value(hits, static_cast<int64_t>(random.size()));
}

double rounding_of(const Evaluation& evaluation) {
  return kRunRounding * scale_of(evaluation.network().metric, evaluation.empty().metric);
}

// The first row is the circuit's, the others are those of random circuits of its size.
std::vector<Tensor> with_random_circuits(const Evaluation& evaluation, const Tensor& kept,
                                         const TestConfig& config) {
  interp::Engine engine(config.seed);
  const int64_t edges = kept.sum().item<int64_t>();
  std::vector<Tensor> circuits = {kept};
  for (int64_t i = 0; i < config.draws; ++i)
    circuits.push_back(random_circuit(evaluation.experiment().graph, edges, engine));
  return circuits;
}

AgainstRandom against_random(const Evaluation& evaluation, const std::vector<Tensor>& circuits,
                             bool small_is_extreme, const TestConfig& config) {
  std::vector<double> values = distances(evaluation.metrics(circuits), evaluation.network().metric);
  AgainstRandom test{.value = values[0], .random = {values.begin() + 1, values.end()}};
  test.p_value = p_value_of(test.value, test.random, small_is_extreme, rounding_of(evaluation));
  test.is_rejected = test.p_value <= config.alpha;
  return test;
}

}  // namespace

void validate(const TestConfig& config) {
  if (!(config.alpha > 0 && config.alpha < 1))
    throw std::invalid_argument(
        fmt::format("alpha: expected a number between 0 and 1, got {}", config.alpha));
  if (!(config.epsilon >= 0 && config.epsilon < 0.5))
    throw std::invalid_argument(
        fmt::format("epsilon: expected a number in [0, 0.5), got {}", config.epsilon));
  if (config.draws < 1)
    throw std::invalid_argument(fmt::format("draws: expected at least 1, got {}", config.draws));
  if (config.independence_inputs < 2)
    throw std::invalid_argument("independence: expected at least 2 inputs");
}

Equivalence test_equivalence(const Evaluation& evaluation, const Tensor& kept,
                             const TestConfig& config) {
  validate(config);
  if (evaluation.experiment().metric == Metric::KlDivergence)
    throw std::invalid_argument(
        "equivalence: by divergence from the network no circuit can beat it; take another metric");
  const Tensor circuit = evaluation.run(kept).metric, &network = evaluation.network().metric;
  const double rounding = kRunRounding * scale_of(circuit, network);
  const Tensor difference = circuit - network;
  Equivalence test{.wins = (difference > rounding).sum().item<int64_t>(),
                   .losses = (difference < -rounding).sum().item<int64_t>(),
                   .epsilon = config.epsilon};
  const int64_t decided = test.wins + test.losses;
  test.ties = evaluation.size() - decided;
  test.win_rate = rate_interval(test.wins, decided, 1 - config.alpha);
  test.p_value = sign_test(test.wins, decided, config.epsilon);
  test.is_rejected = test.p_value <= config.alpha;
  if (config.epsilon > 0)
    test.p_value_of_difference = equivalence_p_value(test.wins, decided, config.epsilon);
  return test;
}

Independence test_independence(const Evaluation& evaluation, const Tensor& kept,
                               const TestConfig& config) {
  validate(config);
  if (evaluation.experiment().ablation == Ablation::Pair) {
    Experiment shuffled = evaluation.experiment();
    shuffled.ablation = Ablation::Shuffle;
    return test_independence(Evaluation(shuffled), kept, config);
  }
  const int64_t n = std::min(evaluation.size(), config.independence_inputs);
  const auto outputs = [&](const Answers& answers) {
    const Tensor logits = answers.logits.narrow(0, 0, n).to(torch::kFloat64);
    return logits - logits.mean(1, true);
  };
  const Tensor network = outputs(evaluation.network());
  const Tensor outside = outputs(evaluation.run(kept.logical_not()));
  const double resolution = kRunRounding * scale_of(network, outside);
  Independence result{.test = hsic_test(outside, network, config.draws, config.seed, resolution),
                      .ablation = evaluation.experiment().ablation,
                      .inputs = n};
  result.is_rejected = result.test.p_value <= config.alpha;
  return result;
}

int64_t MinimalityTest::not_needed() const {
  return std::ranges::count_if(edges, [](const EdgeTest& edge) { return !edge.is_needed; });
}

MinimalityTest test_minimality(const Evaluation& evaluation, const Tensor& kept,
                               const TestConfig& config) {
  validate(config);
  const std::vector<int64_t> edges = edge_ids(kept);
  if (edges.empty()) throw std::invalid_argument("minimality: the circuit is empty");
  interp::Engine engine(config.seed);
  std::vector<Tensor> whole, without;  // inflated circuits, and those less the added edge
  for (int64_t i = 0; i < config.draws; ++i) {
    const Inflated random = inflated(evaluation.experiment().graph, kept, engine);
    whole.push_back(random.kept);
    without.push_back(with_edges(random.kept, {random.added}, false));
  }
  MinimalityTest test{.correction = config.correction};
  test.random = distances(evaluation.metrics(without), evaluation.metrics(whole));

  std::vector<Tensor> circuits;
  for (const int64_t edge : edges) circuits.push_back(with_edges(kept, {edge}, false));
  const std::vector<double> effects =
      distances(evaluation.metrics(circuits), evaluation.metrics({kept}));
  std::vector<double> p_values;
  for (const double effect : effects)
    p_values.push_back(p_value_of(effect, test.random, false, rounding_of(evaluation)));
  const std::vector<double> corrected = adjusted(p_values, config.correction);
  for (size_t i = 0; i < edges.size(); ++i)
    test.edges.push_back(
        {edges[i], effects[i], p_values[i], corrected[i], corrected[i] <= config.alpha});
  return test;
}

AgainstRandom test_sufficiency(const Evaluation& evaluation, const Tensor& kept,
                               const TestConfig& config) {
  validate(config);
  return against_random(evaluation, with_random_circuits(evaluation, kept, config),
                        /*small_is_extreme=*/true, config);
}

AgainstRandom test_partial_necessity(const Evaluation& evaluation, const Tensor& kept,
                                     const TestConfig& config) {
  validate(config);
  std::vector<Tensor> circuits = with_random_circuits(evaluation, kept, config);
  for (Tensor& circuit : circuits) circuit = circuit.logical_not();
  return against_random(evaluation, circuits, /*small_is_extreme=*/false, config);
}

HypothesisTests test_hypotheses(const Evaluation& evaluation, const Tensor& kept,
                                const TestConfig& config) {
  validate(config);
  HypothesisTests tests{.config = config};
  const auto attempt = [&](auto& result, auto test) {
    try {
      result = test(evaluation, kept, config);
    } catch (const std::invalid_argument& reason) {
      tests.skipped.emplace_back(reason.what());
    }
  };
  attempt(tests.equivalence, test_equivalence);
  attempt(tests.independence, test_independence);
  attempt(tests.minimality, test_minimality);
  attempt(tests.sufficiency, test_sufficiency);
  attempt(tests.partial_necessity, test_partial_necessity);
  return tests;
}

}  // namespace assay::circuits
