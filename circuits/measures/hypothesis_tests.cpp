#include "circuits/measures/hypothesis_tests.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "circuits/components/circuit.h"
#include "circuits/components/random_circuits.h"
#include "interp/doubles.h"
#include "interp/names.h"
#include "interp/statistics/binomial.h"
#include "interp/statistics/p_values.h"
#include "interp/statistics/random.h"

namespace assay::circuits {
namespace {

using at::Tensor;

const interp::Names<Correction> kCorrections = {
    {Correction::Holm, "holm"}, {Correction::BenjaminiHochberg, "benjamini-hochberg"}};
const interp::Names<Outcome> kOutcomes = {{Outcome::Shown, "shown"},
                                          {Outcome::Against, "against"},
                                          {Outcome::CouldNotTell, "could not tell"}};

constexpr double kRunRounding = 1e-5;  // relative: differences of float32 runs below it are ties

// Largest metric or logit, in absolute value: what rounding is relative to.
double scale_of(const Tensor& a, const Tensor& b) {
  return std::max(a.abs().max().item<double>(), b.abs().max().item<double>());
}

// Mean over inputs of |metric - reference|, for each row of `metrics` [circuit, n].
std::vector<double> distances(const Tensor& metrics, const Tensor& reference) {
  return interp::doubles_of((metrics - reference).abs().mean(1));
}

// Random values that are at least as extreme as the observed one, ties to rounding included.
double p_value_of(double value, const std::vector<double>& random, bool small_is_extreme,
                  double rounding) {
  const int64_t hits = std::ranges::count_if(random, [&](double other) {
    return small_is_extreme ? other <= value + rounding : other >= value - rounding;
  });
  return statistics::permutation_p_value(hits, static_cast<int64_t>(random.size()));
}

double rounding_of(const Evaluation& evaluation) {
  return kRunRounding * scale_of(evaluation.network().metric, evaluation.empty().metric);
}

// The first row is the circuit's, the others are those of random circuits of its size.
std::vector<Tensor> with_random_circuits(const ComponentGraph& graph, const Tensor& kept,
                                         const TestConfig& config) {
  statistics::Engine engine(config.seed);
  const RandomCircuits random(graph, kept.sum().item<int64_t>());
  std::vector<Tensor> circuits = {kept};
  for (int64_t i = 0; i < config.draws; ++i) circuits.push_back(random.draw(engine));
  return circuits;
}

std::vector<Tensor> complements(std::vector<Tensor> circuits) {
  for (Tensor& circuit : circuits) circuit = circuit.logical_not();
  return circuits;
}

/// What the test of minimality runs.
struct MinimalityCircuits {
  std::vector<Tensor> whole, without;  ///< inflated circuits, and those less the added edge
  std::vector<Tensor> less;            ///< the circuit less each of its edges
};
MinimalityCircuits minimality_circuits(const ComponentGraph& graph, const Tensor& kept,
                                       const TestConfig& config) {
  statistics::Engine engine(config.seed);
  MinimalityCircuits circuits;
  for (int64_t i = 0; i < config.draws; ++i) {
    const Inflated random = inflated(graph, kept, engine);
    circuits.whole.push_back(random.kept);
    circuits.without.push_back(with_edges(random.kept, {random.added}, false));
  }
  for (const int64_t edge : edge_ids(kept))
    circuits.less.push_back(with_edges(kept, {edge}, false));
  return circuits;
}

/// Under pair ablation cut edges carry the partner's answer.
std::string ablation_of_independence(const Experiment& experiment) {
  return experiment.ablation == "pair" ? "shuffle" : experiment.ablation;
}

// Which of the random values the observed one must lie beyond to be rejected.
double critical(std::vector<double> random, int64_t hits, bool small_is_extreme) {
  std::ranges::sort(random);
  return random[small_is_extreme ? hits : static_cast<int64_t>(random.size()) - 1 - hits];
}

std::string counted_inputs(int64_t n) {
  return fmt::format("{} input{}", n, n == 1 ? "" : "s");
}

std::string too_few_draws(const TestConfig& config) {
  return fmt::format("with {} draws no p-value is below {:.3g}: at least {:.0f} are needed",
                     config.draws, statistics::permutation_p_value(0, config.draws),
                     std::ceil(1 / config.alpha) - 1);
}

/// What is compared with random circuits, in words.
struct Comparison {
  const char *claim, *value;
  bool small_is_extreme;
};
constexpr Comparison kSufficiency{
    "on these inputs the circuit is closer to the network than random circuits of its size",
    "distance to the network", true};
constexpr Comparison kNecessity{
    "on these inputs the network changes more without the circuit than without random ones of its "
    "size",
    "distance without the circuit", false};

void conclude(AgainstRandom& test, const Comparison& comparison, double rounding, int64_t inputs,
              const TestConfig& config) {
  const bool small = comparison.small_is_extreme;
  const auto [least, most] = std::ranges::minmax(test.random);
  Finding& finding = test.finding;
  finding.claim = comparison.claim;
  finding.because =
      fmt::format("{} {:.3f}, of {} random circuits {:.3f} to {:.3f}, on {}", comparison.value,
                  test.value, test.random.size(), least, most, counted_inputs(inputs));
  const int64_t hits = statistics::rejecting_hits(config.draws, config.alpha);
  if (hits < 0) {
    finding.because += "; " + too_few_draws(config);
  } else if (most - least <= rounding && std::abs(test.value - least) <= rounding) {
    finding.because += "; all circuits of its size do the same";
  } else if (test.p_value <= config.alpha) {
    finding.outcome = Outcome::Shown;
  } else if (p_value_of(test.value, test.random, !small, rounding) <= config.alpha) {
    finding.outcome = Outcome::Against;
  } else {
    finding.because += fmt::format("; {} {:.3f} would have shown it", small ? "below" : "above",
                                   critical(test.random, hits, small));
  }
}

AgainstRandom against_random(const Evaluation& evaluation, const std::vector<Tensor>& circuits,
                             const Comparison& comparison, const TestConfig& config) {
  std::vector<double> values = distances(evaluation.metrics(circuits), evaluation.network().metric);
  AgainstRandom test{.value = values[0], .random = {values.begin() + 1, values.end()}};
  const double rounding = rounding_of(evaluation);
  test.p_value = p_value_of(test.value, test.random, comparison.small_is_extreme, rounding);
  conclude(test, comparison, rounding, evaluation.size(), config);
  return test;
}

void require_sample(const Evaluation& evaluation, const char* test) {
  if (!evaluation.experiment().data.is_sample)
    throw std::invalid_argument(
        fmt::format("{}: the inputs are a list, not independent draws, so that nothing follows for "
                    "others",
                    test));
}

void conclude(Equivalence& test) {
  const statistics::Interval& rate = test.win_rate;
  const int64_t n = test.wins + test.losses + test.ties;
  Finding& finding = test.finding;
  finding.claim = fmt::format(
      "the circuit scores higher than the network as often as lower, to within {:g}", test.margin);
  finding.because = fmt::format(
      "higher on {}, lower on {} and equal on {} of the inputs: win rate {:.3f} [{:.3f}, {:.3f}]",
      test.wins, test.losses, test.ties, (1 + static_cast<double>(test.wins - test.losses) / n) / 2,
      rate.low, rate.high);
  if (rate.low > 0.5 - test.margin && rate.high < 0.5 + test.margin) {
    finding.outcome = Outcome::Shown;
  } else if (rate.low > 0.5 + test.margin || rate.high < 0.5 - test.margin) {
    finding.outcome = Outcome::Against;
  } else {
    finding.because += fmt::format("; the smallest margin that {} could have shown is {:.3f}",
                                   counted_inputs(n), test.smallest_margin);
  }
}

void conclude(Independence& independence, const TestConfig& config) {
  Finding& finding = independence.finding;
  const HsicTest& test = independence.test;
  finding.claim = "what lies outside the circuit knows nothing about the network's answer";
  finding.because =
      fmt::format("HSIC of the two outputs {:.2g}, p = {:.4f}, {}, ablation {}", test.statistic,
                  test.p_value, counted_inputs(independence.inputs), independence.ablation);
  if (test.p_value <= config.alpha) {
    finding.outcome = Outcome::Against;
  } else if (statistics::rejecting_hits(config.draws, config.alpha) < 0) {
    finding.because += "; " + too_few_draws(config);
  } else if (!independence.detectable) {
    finding.because += "; so few inputs could not have shown any dependence";
  } else {
    finding.because += fmt::format(
        "; not detected: it would have been, with probability 80%, had the rest given the "
        "network's own output on {:.0f}% of the inputs",
        100 * *independence.detectable);
  }
}

void conclude(MinimalityTest& test, double rounding, int64_t inputs, const TestConfig& config) {
  Finding& finding = test.finding;
  finding.claim =
      "on these inputs every edge of the circuit does more than random edges added to it";
  const auto idle = std::ranges::count_if(
      test.edges, [&](const EdgeTest& edge) { return edge.effect <= rounding; });
  const auto [least, most] = std::ranges::minmax(test.random);
  finding.because = fmt::format(
      "{} of {} edges are not told from random ones ({}), whose effects are {:.3g} to {:.3g} on "
      "{}",
      test.not_needed(), test.edges.size(), to_string(test.correction), least, most,
      counted_inputs(inputs));
  // The smallest p-value that all edges together can have.
  const double family = test.correction == Correction::Holm ? std::ssize(test.edges) : 1;
  const int64_t hits = statistics::rejecting_hits(config.draws, config.alpha / family);
  if (idle > 0) {
    finding.outcome = Outcome::Against;
    finding.because += fmt::format("; {} of them change nothing", idle);
  } else if (hits < 0) {
    finding.because +=
        fmt::format("; {} draws are too few for any p-value to be small enough", config.draws);
  } else if (test.not_needed() == 0) {
    finding.outcome = Outcome::Shown;
  } else {
    finding.because += fmt::format("; an effect above {:.3g} on the metric would have been told",
                                   critical(test.random, hits, false));
  }
}

}  // namespace

std::string to_string(Correction correction) {
  return interp::name_of(correction, kCorrections);
}

Correction parse_correction(const std::string& name) {
  return interp::value_of(name, kCorrections, "correction");
}

std::string to_string(Outcome outcome) {
  return interp::name_of(outcome, kOutcomes);
}

Outcome parse_outcome(const std::string& name) {
  return interp::value_of(name, kOutcomes, "outcome");
}

void require_testable(const ComponentGraph& graph, const Tensor& kept) {
  if (!on_a_path(graph, kept).any().item<bool>())
    throw std::invalid_argument(
        "tests: the circuit is empty or no edge of it lies on a path from input to logits: there "
        "is nothing to test");
  const Tensor missing = on_a_path(graph, at::ones_like(kept)) & kept.logical_not();
  if (!missing.any().item<bool>())
    throw std::invalid_argument(
        "tests: the circuit is the whole network, it lacks no edge on a path from input to "
        "logits: there is nothing to test");
}

void validate(const TestConfig& config) {
  if (!(config.alpha > 0 && config.alpha < 1))
    throw std::invalid_argument(
        fmt::format("alpha: expected a number between 0 and 1, got {}", config.alpha));
  if (!(config.margin > 0 && config.margin < 0.5))
    throw std::invalid_argument(
        fmt::format("margin: expected a number between 0 and 0.5, got {}", config.margin));
  if (config.draws < 1)
    throw std::invalid_argument(fmt::format("draws: expected at least 1, got {}", config.draws));
  if (config.independence_inputs < 2)
    throw std::invalid_argument("independence: expected at least 2 inputs");
}

Equivalence test_equivalence(const Evaluation& evaluation, const Tensor& kept,
                             const TestConfig& config) {
  validate(config);
  require_testable(evaluation.experiment().graph, kept);
  require_sample(evaluation, "equivalence");
  if (metrics().at(evaluation.experiment().metric).best_is_network)
    throw std::invalid_argument(
        "equivalence: by divergence from the network no circuit can beat it; take another metric");
  const Tensor circuit = evaluation.run(kept).metric, &network = evaluation.network().metric;
  const double rounding = kRunRounding * scale_of(circuit, network);
  const Tensor difference = circuit - network;
  Equivalence test{.wins = (difference > rounding).sum().item<int64_t>(),
                   .losses = (difference < -rounding).sum().item<int64_t>(),
                   .margin = config.margin};
  const int64_t n = evaluation.size(), decided = test.wins + test.losses;
  test.ties = n - decided;
  test.win_rate = statistics::win_rate_bounds(test.wins, test.losses, n, config.alpha);
  const statistics::Interval even =
      statistics::win_rate_bounds(decided / 2, decided - decided / 2, n, config.alpha);
  test.smallest_margin = std::max(even.high - 0.5, 0.5 - even.low);
  conclude(test);
  return test;
}

Independence test_independence(const Evaluation& evaluation, const Tensor& kept,
                               const TestConfig& config) {
  validate(config);
  require_testable(evaluation.experiment().graph, kept);
  require_sample(evaluation, "independence");
  if (!on_a_path(evaluation.experiment().graph, kept.logical_not()).any().item<bool>())
    throw std::invalid_argument(
        "independence: beside the circuit no path from input to logits is left that could know");
  if (const std::string other = ablation_of_independence(evaluation.experiment());
      other != evaluation.experiment().ablation)
    return test_independence(evaluation.under(other), kept, config);
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
  if (result.test.p_value > config.alpha)
    result.detectable =
        detectable_share(outside, network, config.draws, config.alpha, config.seed, resolution);
  conclude(result, config);
  return result;
}

int64_t MinimalityTest::not_needed() const {
  return std::ranges::count_if(edges, [](const EdgeTest& edge) { return !edge.is_needed; });
}

MinimalityTest test_minimality(const Evaluation& evaluation, const Tensor& kept,
                               const TestConfig& config) {
  validate(config);
  require_testable(evaluation.experiment().graph, kept);
  const std::vector<std::string> edges = edge_names(evaluation.experiment().graph, edge_ids(kept));
  const MinimalityCircuits circuits =
      minimality_circuits(evaluation.experiment().graph, kept, config);
  MinimalityTest test{.correction = config.correction};
  test.random = distances(evaluation.metrics(circuits.without), evaluation.metrics(circuits.whole));
  const std::vector<double> effects =
      distances(evaluation.metrics(circuits.less), evaluation.metrics({kept}));
  const double rounding = rounding_of(evaluation);
  std::vector<double> p_values;
  for (const double effect : effects)
    p_values.push_back(p_value_of(effect, test.random, false, rounding));
  const std::vector<double> corrected = config.correction == Correction::Holm
                                            ? statistics::holm(p_values)
                                            : statistics::benjamini_hochberg(p_values);
  for (size_t i = 0; i < edges.size(); ++i)
    test.edges.push_back(
        {edges[i], effects[i], p_values[i], corrected[i], corrected[i] <= config.alpha});
  conclude(test, rounding, evaluation.size(), config);
  return test;
}

AgainstRandom test_sufficiency(const Evaluation& evaluation, const Tensor& kept,
                               const TestConfig& config) {
  validate(config);
  require_testable(evaluation.experiment().graph, kept);
  return against_random(evaluation,
                        with_random_circuits(evaluation.experiment().graph, kept, config),
                        kSufficiency, config);
}

AgainstRandom test_partial_necessity(const Evaluation& evaluation, const Tensor& kept,
                                     const TestConfig& config) {
  validate(config);
  require_testable(evaluation.experiment().graph, kept);
  return against_random(
      evaluation, complements(with_random_circuits(evaluation.experiment().graph, kept, config)),
      kNecessity, config);
}

std::map<std::string, Questions> questions_of_tests(const Experiment& experiment,
                                                    const Tensor& kept, const TestConfig& config) {
  validate(config);
  try {
    require_testable(experiment.graph, kept);
  } catch (const std::invalid_argument&) {
    return {};  // test_hypotheses() says why
  }
  const MinimalityCircuits minimality = minimality_circuits(experiment.graph, kept, config);
  const std::vector<Tensor> random = with_random_circuits(experiment.graph, kept, config);
  std::map<std::string, Questions> questions;
  Questions& asked = questions[experiment.ablation];
  asked.in_full = {kept};
  for (const auto& circuits :
       {minimality.whole, minimality.without, minimality.less, {kept}, random, complements(random)})
    add(asked, {.in_full = {}, .by_metric = circuits});
  if (experiment.data.is_sample)
    add(questions[ablation_of_independence(experiment)], {.in_full = {kept.logical_not()}});
  return questions;
}

HypothesisTests test_hypotheses(const Evaluation& evaluation, const Tensor& kept,
                                const TestConfig& config) {
  validate(config);
  HypothesisTests tests{.config = config};
  try {  // what is wrong with all of them is said once
    require_testable(evaluation.experiment().graph, kept);
  } catch (const std::invalid_argument& reason) {
    tests.skipped.emplace_back(reason.what());
    return tests;
  }
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
