#pragma once
// Five tests of the claim that a circuit C explains a network M (Shi et al. 2024, "Hypothesis
// testing the circuit hypothesis in LLMs", arXiv 2410.13032). Each names its null; a small p-value
// speaks against it. Where the paper's software departs from the paper or from a valid test, the
// difference is said at the test.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "circuits/evaluation.h"
#include "circuits/hsic.h"
#include "circuits/statistics.h"

namespace assay::circuits {

struct TestConfig {
  double alpha = 0.05;  ///< nulls are rejected at this level
  double epsilon = 0;   ///< equivalence: win rates this close to 1/2 belong to the null
  int64_t draws = 199;  ///< random circuits, random added edges, permutations
  Correction correction = Correction::BenjaminiHochberg;  ///< of the family of edges
  int64_t independence_inputs = 512;  ///< at most so many enter the independence test, whose cost
                                      ///< grows with their square
  uint64_t seed = 0;
};

/// Null: |P(C scores higher than M on an input) - 1/2| <= epsilon. A rejection says that one of the
/// two is better. Exact; inputs on which both score the same (to rounding) decide nothing and are
/// left out. (The paper's software puts the mean difference of scores where the win rate belongs.)
struct Equivalence {
  int64_t wins = 0, losses = 0, ties = 0;
  double epsilon = 0;
  interp::Interval win_rate = {};  ///< exact, of confidence 1 - alpha
  double p_value = 1;              ///< sign_test()
  bool is_rejected = false;
  /// Of the opposite null, |P - 1/2| >= epsilon: small where the two are shown to be equivalent
  /// rather than merely not told apart. Only with epsilon > 0.
  std::optional<double> p_value_of_difference = {};
};
/// @throws std::invalid_argument for KlDivergence, where no circuit can beat the network.
Equivalence test_equivalence(const Evaluation& evaluation, const at::Tensor& kept,
                             const TestConfig& config);

/// Null: the output of what lies outside C is independent of the network's output. A rejection says
/// that the rest still knows about the answer. Outputs are the logits of all answer tokens at the
/// readout, less their mean (a common constant says nothing), of M and of the circuit of exactly
/// those edges that C lacks; HSIC with Gaussian kernels of median bandwidth, permutation test. The
/// paper compares scores s(·; y) instead; but those depend on y in both, so that even a constant
/// output looks dependent.
/// Under pair ablation cut edges carry the partner's answer, which depends on the input by design;
/// the test is then run under shuffle ablation.
struct Independence {
  HsicTest test = {};
  Ablation ablation = Ablation::Shuffle;  ///< that the test was run under
  int64_t inputs = 0;
  bool is_rejected = false;
};
Independence test_independence(const Evaluation& evaluation, const at::Tensor& kept,
                               const TestConfig& config);

/// What removing an edge does, against what removing a useless one does.
struct EdgeTest {
  int64_t edge = 0;
  double effect = 0;  ///< mean over inputs of |m(C) - m(C∖{e})|
  double p_value = 1, adjusted = 1;
  bool is_needed = false;  ///< the null is rejected
};
/// Null, for each edge: its effect is one of those of random edges, each added (with a random path)
/// to C and removed from that inflated circuit again. C is minimal if it is rejected for every
/// edge. (The paper rejects in the other direction, so that too few draws make every circuit
/// minimal.) All p-values share their draws, which makes them positively dependent as
/// Benjamini-Hochberg allows.
struct MinimalityTest {
  std::vector<EdgeTest> edges = {};  ///< of the circuit, by id
  std::vector<double> random = {};   ///< effects of the random edges
  Correction correction = Correction::BenjaminiHochberg;
  int64_t not_needed() const;
};
/// @throws std::invalid_argument for an empty circuit and for one of all edges.
MinimalityTest test_minimality(const Evaluation& evaluation, const at::Tensor& kept,
                               const TestConfig& config);

/// The circuit's value among those of random circuits of as many edges, connected as it is claimed
/// to be.
struct AgainstRandom {
  double value = 0;
  std::vector<double> random = {};
  double p_value = 1;
  bool is_rejected = false;
};
/// Null: C is no more faithful than random circuits. Value: mean over inputs of |m(C) - m(M)|, less
/// is better.
AgainstRandom test_sufficiency(const Evaluation& evaluation, const at::Tensor& kept,
                               const TestConfig& config);
/// Null: M misses C no more than it misses random circuits. Value: mean over inputs of
/// |m(M∖C) - m(M)|, more is better.
AgainstRandom test_partial_necessity(const Evaluation& evaluation, const at::Tensor& kept,
                                     const TestConfig& config);

/// All five; those that cannot be run say why.
struct HypothesisTests {
  TestConfig config = {};
  std::optional<Equivalence> equivalence = {};
  std::optional<Independence> independence = {};
  std::optional<MinimalityTest> minimality = {};
  std::optional<AgainstRandom> sufficiency = {}, partial_necessity = {};
  std::vector<std::string> skipped = {};
};
HypothesisTests test_hypotheses(const Evaluation& evaluation, const at::Tensor& kept,
                                const TestConfig& config = {});

/// @throws std::invalid_argument naming the field that is out of range.
void validate(const TestConfig& config);

nlohmann::ordered_json to_json(const Equivalence& test);
nlohmann::ordered_json to_json(const Independence& test);
nlohmann::ordered_json to_json(const MinimalityTest& test, const ComponentGraph& graph);
nlohmann::ordered_json to_json(const AgainstRandom& test);
nlohmann::ordered_json to_json(const HypothesisTests& tests, const ComponentGraph& graph);

}  // namespace assay::circuits
