#pragma once
// Five tests of the claim that a circuit C explains a network M (Shi et al. 2024, "Hypothesis
// testing the circuit hypothesis in LLMs", arXiv 2410.13032). Not rejecting is no evidence, so each
// ends in one of three outcomes: its claim is shown, the data speak against it, or they cannot
// tell, and then it says what they could have told. Where the paper's software departs from the
// paper or from a valid test, the difference is said at the test.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "circuits/measures/evaluation.h"
#include "circuits/measures/hsic.h"
#include "interp/statistics/interval.h"

namespace assay::circuits {

/// What a family of tests asks of its p-values.
enum class Correction {
  Holm,               ///< keeps the probability of any false rejection: statistics::holm()
  BenjaminiHochberg,  ///< keeps their expected share: statistics::benjamini_hochberg()
};
std::string to_string(Correction correction);  ///< `holm`, `benjamini-hochberg`
/// @throws std::invalid_argument listing the names.
Correction parse_correction(const std::string& name);

struct TestConfig {
  double alpha = 0.05;  ///< each test errs with at most this probability
  /// Equivalence: win rates this close to 1/2 count as equal, that is 40% to 60%. A tenth is what
  /// some 100 inputs can show; what any number of inputs could have is in every result.
  double margin = 0.1;
  int64_t draws = 199;  ///< random circuits, random added edges, permutations
  Correction correction = Correction::BenjaminiHochberg;  ///< of the family of edges
  int64_t independence_inputs = 512;  ///< at most so many enter the independence test, whose cost
                                      ///< grows with their square
  uint64_t seed = 0;
};

enum class Outcome { Shown, Against, CouldNotTell };
std::string to_string(Outcome outcome);  ///< `shown`, `against`, `could not tell`
Outcome parse_outcome(const std::string& name);

/// What a test comes to, in words that are the same wherever it is shown.
struct Finding {
  std::string claim;
  Outcome outcome = Outcome::CouldNotTell;
  std::string because;  ///< the figures; where it could not tell, also what it could have told
};

/// Claim: the rate at which C scores higher than M, ties counted half, lies within `margin` of 1/2.
/// Shown if both win_rate_bounds() do (two one-sided tests), against if both lie beyond one side.
/// The rate says how often, not by how much: that is faithfulness. (The paper's software puts the
/// mean difference of scores where the win rate belongs.)
struct Equivalence {
  Finding finding = {};
  int64_t wins = 0, losses = 0, ties = 0;  ///< ties to rounding
  double margin = 0;
  statistics::Interval win_rate = {};  ///< win_rate_bounds()
  double smallest_margin = 0;  ///< that could be shown with as many ties and a win rate of 1/2
};
/// @throws std::invalid_argument for KlDivergence, where no circuit can beat the network, for
/// inputs
///   that are a list, and for the circuits below.
Equivalence test_equivalence(const Evaluation& evaluation, const at::Tensor& kept,
                             const TestConfig& config);

/// Claim: the output of what lies outside C is independent of the network's output. That cannot be
/// shown, only spoken against: by a dependence too large for chance. Outputs are the logits of all
/// answer tokens at the readout, less their mean (a common constant says nothing), of M and of the
/// circuit of exactly those edges that C lacks; HSIC with Gaussian kernels of median bandwidth,
/// permutation test. The paper compares scores s(·; y) instead; but those depend on y in both, so
/// that even a constant output looks dependent.
/// Under pair ablation cut edges carry the partner's answer, which depends on the input by design;
/// the test is then run under shuffle ablation.
struct Independence {
  Finding finding = {};
  HsicTest test = {};
  std::string ablation = "shuffle";  ///< that the test was run under
  int64_t inputs = 0;
  /// detectable_share() of inputs, where nothing was found: had the rest given the network's own
  /// output there. Nothing: not even on all of them.
  std::optional<double> detectable = {};
};
/// @throws std::invalid_argument for inputs that are a list, where no path from input to logits is
///   left outside C, and for the circuits below.
Independence test_independence(const Evaluation& evaluation, const at::Tensor& kept,
                               const TestConfig& config);

/// What removing an edge does, against what removing a useless one does.
struct EdgeTest {
  std::string edge;   ///< its name
  double effect = 0;  ///< mean over inputs of |m(C) - m(C∖{e})|
  double p_value = 1, adjusted = 1;
  bool is_needed = false;  ///< the null is rejected
};
/// Claim: every edge of C does more than useless edges do. Null, for each edge: its effect is one
/// of those of random edges, each added (with a random path) to C and removed from that inflated
/// circuit again. Shown if the null is rejected for every edge; against if an edge does nothing at
/// all on these inputs. (The paper rejects in the other direction, so that too few draws make every
/// circuit minimal.) All p-values share their draws, which makes them positively dependent as
/// Benjamini-Hochberg allows.
struct MinimalityTest {
  Finding finding = {};
  std::vector<EdgeTest> edges = {};  ///< of the circuit, in the order of ids
  std::vector<double> random = {};   ///< effects of the random edges
  Correction correction = Correction::BenjaminiHochberg;
  int64_t not_needed() const;  ///< edges whose null is not rejected
};
/// @throws std::invalid_argument for the circuits below.
MinimalityTest test_minimality(const Evaluation& evaluation, const at::Tensor& kept,
                               const TestConfig& config);

/// The circuit's value among those of random circuits of as many edges, connected as it is claimed
/// to be. Against the claim speaks a value at the other end.
struct AgainstRandom {
  Finding finding = {};
  double value = 0;
  std::vector<double> random = {};
  double p_value = 1;  ///< of the null that the circuit is one of the random ones
};
/// Claim: C is more faithful than random circuits. Value: mean over inputs of |m(C) - m(M)|, less
/// is better.
AgainstRandom test_sufficiency(const Evaluation& evaluation, const at::Tensor& kept,
                               const TestConfig& config);
/// Claim: M misses C more than it misses random circuits. Value: mean over inputs of
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
/// What test_hypotheses() asks, by ablation: independence may be tested under another one.
std::map<std::string, Questions> questions_of_tests(const Experiment& experiment,
                                                    const at::Tensor& kept,
                                                    const TestConfig& config);
HypothesisTests test_hypotheses(const Evaluation& evaluation, const at::Tensor& kept,
                                const TestConfig& config = {});

/// A circuit without an edge on a path from input to logits is the ablation, and one that lacks no
/// such edge is the network: nothing about them can be shown.
/// @throws std::invalid_argument for these.
void require_testable(const ComponentGraph& graph, const at::Tensor& kept);

/// @throws std::invalid_argument naming the field that is out of range.
void validate(const TestConfig& config);

}  // namespace assay::circuits
