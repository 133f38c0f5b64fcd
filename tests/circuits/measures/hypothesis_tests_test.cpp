#include "circuits/measures/hypothesis_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>

#include "circuits/components/random_circuits.h"
#include "circuits/measures/test_fields.h"
#include "interp/statistics/binomial.h"
#include "interp/statistics/p_values.h"
#include "tests/circuits/known_circuit.h"
#include "tests/circuits/random_experiment.h"

namespace assay::circuits {
namespace hypothesis_tests_test {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using testing::ThrowsMessage;

std::vector<std::string> plus(std::vector<std::string> edges,
                              const std::vector<std::string>& more) {
  edges.insert(edges.end(), more.begin(), more.end());
  return edges;
}

// --- equivalence

TEST(Equivalence, TheKnownCircuitIsShownToDoAsWell) {
  const KnownCircuit known;
  const Equivalence test = test_equivalence(Evaluation(known.experiment()), known.circuit(), {});
  EXPECT_EQ(test.ties, 48);  // rounding is not a victory
  EXPECT_EQ(test.win_rate, statistics::win_rate_bounds(0, 0, 48, 0.05));
  EXPECT_EQ(test.finding.outcome, Outcome::Shown);
  // By so much and no more: a margin within the bounds is not.
  const Equivalence strict =
      test_equivalence(Evaluation(known.experiment()), known.circuit(), {.margin = 0.03});
  EXPECT_EQ(strict.finding.outcome, Outcome::CouldNotTell);
  EXPECT_NEAR(strict.smallest_margin, test.win_rate.high - 0.5, 1e-12);
  EXPECT_THAT(strict.finding.because, HasSubstr("the smallest margin that 48 inputs could have"));
}

TEST(Equivalence, ACircuitThatAlwaysDoesWorseIsToldApart) {
  const KnownCircuit known;
  const Equivalence test =
      test_equivalence(Evaluation(known.experiment()), known.circuit({"input->logits"}), {});
  EXPECT_EQ(test.losses, 48);
  EXPECT_EQ(test.finding.outcome, Outcome::Against);
}

TEST(Equivalence, FourInputsCannotTellWhateverTheySay) {
  const KnownCircuit known({.inputs = 4});
  const Evaluation evaluation(known.experiment());
  const Equivalence worse = test_equivalence(evaluation, known.circuit({"input->logits"}), {});
  EXPECT_EQ(worse.losses, 4);
  EXPECT_EQ(worse.finding.outcome, Outcome::CouldNotTell);
  EXPECT_GT(worse.smallest_margin, 0.4);
  EXPECT_EQ(test_equivalence(evaluation, known.circuit(), {}).finding.outcome,
            Outcome::CouldNotTell);
}

TEST(Equivalence, CountsWinsInputByInput) {
  const RandomExperiment random(true, false, 40);
  const Evaluation evaluation(random.experiment());
  statistics::Engine engine(1);
  const at::Tensor kept = random_circuit(random.graph, 20, engine);
  const Equivalence test = test_equivalence(evaluation, kept, {.margin = 0.05});
  const at::Tensor difference = evaluation.run(kept).metric - evaluation.network().metric;
  EXPECT_EQ(test.wins, (difference > 0).sum().item<int64_t>());
  EXPECT_EQ(test.wins + test.losses, 40);
  EXPECT_EQ(test.win_rate, statistics::win_rate_bounds(test.wins, test.losses, 40, 0.05));
}

TEST(Equivalence, IsNotAskedOfADivergence) {
  const KnownCircuit known({.inputs = 8});
  const Evaluation evaluation(known.experiment("pair", "kl"));
  EXPECT_THAT([&] { test_equivalence(evaluation, known.circuit(), {}); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("take another metric")));
}

// --- independence

TEST(Independence, OutsideTheKnownCircuitNothingIsFoundAndItIsSaidWhatWouldHaveBeen) {
  const KnownCircuit known({.inputs = 96});
  for (const std::string ablation : {"shuffle", "mean", "zero"}) {
    const Independence test =
        test_independence(Evaluation(known.experiment(ablation)), known.circuit(), {});
    EXPECT_EQ(test.finding.outcome, Outcome::CouldNotTell) << ablation;
    EXPECT_EQ(test.ablation, ablation);
    ASSERT_TRUE(test.detectable.has_value()) << ablation;
    EXPECT_GT(*test.detectable, 0.02);
    EXPECT_LT(*test.detectable, 0.7);
    EXPECT_THAT(test.finding.because, HasSubstr("with probability 80%"));
  }
}

TEST(Independence, FourInputsCannotTell) {
  const KnownCircuit known({.inputs = 4});  // outside this circuit lies all that does the work
  const Independence test =
      test_independence(Evaluation(known.experiment()), known.circuit({"input->logits"}), {});
  EXPECT_EQ(test.finding.outcome, Outcome::CouldNotTell);
  EXPECT_FALSE(test.detectable.has_value());
  EXPECT_THAT(test.finding.because, HasSubstr("could not have shown any dependence"));
}

TEST(Independence, WhatIsLeftOutOfHalfACircuitShows) {
  const KnownCircuit known({.inputs = 96, .with_backup = true});  // and C lacks the backup
  for (const std::string ablation : {"shuffle", "mean"}) {
    const Independence test = test_independence(
        Evaluation(known.experiment(ablation)),
        known.circuit({"input->a0.h0<k>", "input->a0.h0<v>", "a0.h0->m1", "input->logits"}), {});
    EXPECT_EQ(test.test.p_value, 1.0 / 200) << ablation;
    EXPECT_EQ(test.finding.outcome, Outcome::Against);
  }
}

// Partners have the other answer: what cut edges carry under pair ablation tells the answer.
TEST(Independence, PairAblationIsReplacedByShuffling) {
  const KnownCircuit known({.inputs = 96});
  const Independence by_pair =
      test_independence(Evaluation(known.experiment("pair")), known.circuit(), {});
  EXPECT_EQ(by_pair.ablation, "shuffle");
  EXPECT_EQ(by_pair.finding.outcome, Outcome::CouldNotTell);
}

TEST(Independence, LooksAtSoManyInputsAsItMay) {
  const KnownCircuit known;
  const Evaluation evaluation(known.experiment("mean"));
  EXPECT_EQ(test_independence(evaluation, known.circuit(), {.independence_inputs = 20}).inputs, 20);
  EXPECT_EQ(test_independence(evaluation, known.circuit(), {}).inputs, 48);
}

// --- minimality

TEST(Correction, HasNames) {
  for (const Correction correction : {Correction::Holm, Correction::BenjaminiHochberg})
    EXPECT_EQ(parse_correction(to_string(correction)), correction);
  EXPECT_THAT(
      [] { parse_correction("none"); },
      ThrowsMessage<std::invalid_argument>(HasSubstr("there are holm, benjamini-hochberg")));
}

TEST(MinimalityTest, NeedsTheKnownEdgesAndNoOthers) {
  const KnownCircuit known;
  const std::vector<std::string> useless = {"a0.h1->logits", "input->m0", "m0->a1.h0<v>"};
  const at::Tensor kept = known.circuit(plus(kKnownEdges, useless));
  for (const Correction correction : {Correction::BenjaminiHochberg, Correction::Holm}) {
    const MinimalityTest test = test_minimality(Evaluation(known.experiment()), kept,
                                                {.draws = 199, .correction = correction});
    ASSERT_EQ(test.edges.size(), 7U);
    EXPECT_EQ(test.not_needed(), 3);
    EXPECT_EQ(test.finding.outcome, Outcome::Against);
    EXPECT_THAT(test.finding.because, HasSubstr("3 of them change nothing"));
    for (const EdgeTest& edge : test.edges) {
      const std::string name = edge.edge;
      const bool is_useless = std::ranges::count(useless, name) > 0;
      EXPECT_EQ(edge.is_needed, !is_useless) << name;
      EXPECT_GE(edge.adjusted, edge.p_value);
      if (is_useless) {
        EXPECT_EQ(edge.p_value, 1) << name;
      }
    }
  }
}

TEST(MinimalityTest, IsShownOfTheKnownCircuitIfTheDrawsAllowIt) {
  const KnownCircuit known;
  const Evaluation evaluation(known.experiment());
  const auto outcome = [&](int64_t draws, Correction correction) {
    return test_minimality(evaluation, known.circuit(), {.draws = draws, .correction = correction})
        .finding.outcome;
  };
  EXPECT_EQ(outcome(79, Correction::Holm), Outcome::Shown);
  EXPECT_EQ(outcome(19, Correction::BenjaminiHochberg), Outcome::Shown);
  EXPECT_EQ(outcome(18, Correction::BenjaminiHochberg), Outcome::CouldNotTell);
  EXPECT_EQ(outcome(78, Correction::Holm), Outcome::CouldNotTell);  // 4 edges
}

TEST(MinimalityTest, EffectsAreMeansOfAbsoluteChanges) {
  const RandomExperiment random(true, false, 40);
  const Evaluation evaluation(random.experiment());
  statistics::Engine engine(2);
  const at::Tensor kept = random_circuit(random.graph, 8, engine);
  const MinimalityTest test = test_minimality(evaluation, kept, {.draws = 19});
  EXPECT_EQ(test.random.size(), 19U);
  const double rounding =  // some edges have no effect at all here
      1e-5 *
      at::maximum(evaluation.network().metric.abs().max(), evaluation.empty().metric.abs().max())
          .item<double>();
  for (const EdgeTest& edge : test.edges) {
    const at::Tensor both = evaluation.metrics(
        {kept, with_edges(kept, {random.graph.parse_edge(edge.edge)}, /*present=*/false)});
    EXPECT_NEAR(edge.effect, (both[0] - both[1]).abs().mean().item<double>(), 1e-9);
    const auto hits = std::ranges::count_if(
        test.random, [&](double random) { return random >= edge.effect - rounding; });
    EXPECT_EQ(edge.p_value, statistics::permutation_p_value(hits, 19));
  }
}

TEST(MinimalityTest, CannotBeAskedOfEverythingOrNothing) {
  const KnownCircuit known({.inputs = 8});
  const Evaluation evaluation(known.experiment());
  EXPECT_THROW(test_minimality(evaluation, known.circuit({}), {}), std::invalid_argument);
  EXPECT_THROW(test_minimality(evaluation, ~known.circuit({}), {}), std::invalid_argument);
}

// --- against random circuits

TEST(Sufficiency, TheKnownCircuitBeatsRandomOnesOfItsSize) {
  const KnownCircuit known;
  const Evaluation evaluation(known.experiment());
  const AgainstRandom test = test_sufficiency(evaluation, known.circuit(), {.draws = 99});
  EXPECT_LT(test.value, 1e-4);
  EXPECT_LE(test.p_value, 0.05);
  EXPECT_EQ(test.finding.outcome, Outcome::Shown);
  EXPECT_THAT(test.random, SizeIs(99));
  // Four edges that lie on paths but carry nothing are no better than any.
  const AgainstRandom useless = test_sufficiency(
      evaluation, known.circuit({"input->logits", "input->m0", "m0->logits", "a0.h1->logits"}),
      {.draws = 99});
  EXPECT_GT(useless.p_value, 0.5);
  EXPECT_NE(useless.finding.outcome, Outcome::Shown);
}

TEST(Sufficiency, CannotTellWhereNothingCouldDiffer) {
  const KnownCircuit known;
  const Evaluation evaluation(known.experiment());
  // One edge that is a path: there is no other such circuit.
  const AgainstRandom alone =
      test_sufficiency(evaluation, known.circuit({"input->logits"}), {.draws = 99});
  EXPECT_EQ(alone.finding.outcome, Outcome::CouldNotTell);
  EXPECT_THAT(alone.finding.because, HasSubstr("do the same"));
  const AgainstRandom few = test_sufficiency(evaluation, known.circuit(), {.draws = 18});
  EXPECT_EQ(few.finding.outcome, Outcome::CouldNotTell);
  EXPECT_THAT(few.finding.because, HasSubstr("at least 19 are needed"));
}

TEST(PartialNecessity, TheKnownCircuitIsMissedAndUselessEdgesAreNot) {
  const KnownCircuit known;
  const Evaluation evaluation(known.experiment());
  const AgainstRandom test = test_partial_necessity(evaluation, known.circuit(), {.draws = 99});
  EXPECT_NEAR(test.value, 4, 0.01);  // from 2 to -2
  for (const double random : test.random) EXPECT_LE(random, test.value + 1e-4);
  const AgainstRandom useless = test_partial_necessity(
      evaluation, known.circuit({"input->logits", "input->m0", "m0->logits", "a0.h1->logits"}),
      {.draws = 99});
  EXPECT_NEAR(useless.value, 0, 1e-4);
  EXPECT_EQ(useless.p_value, 1);
}

// A circuit drawn as the random ones are is one of them: its p-value takes the 20 values 1/20 … 1
// with equal probability.
TEST(AgainstRandomCircuits, UnderTheNullPValuesAreUniform) {
  const RandomExperiment random(true, false, 16);
  const Evaluation evaluation(random.experiment());
  constexpr int kTests = 120;
  int low_sufficiency = 0, low_necessity = 0;
  double sum = 0;
  statistics::Engine engine(9);
  for (int i = 0; i < kTests; ++i) {
    const at::Tensor kept = random_circuit(random.graph, 10, engine);
    const TestConfig config{.draws = 19, .seed = 1000 + static_cast<uint64_t>(i)};
    const double p = test_sufficiency(evaluation, kept, config).p_value;
    low_sufficiency += p <= 0.2;
    low_necessity += test_partial_necessity(evaluation, kept, config).p_value <= 0.2;
    sum += p;
  }
  // Binomial with mean 24 and standard deviation 4.4; the mean p-value is 0.525 ± 0.026.
  EXPECT_NEAR(low_sufficiency, 24, 4 * 4.4);
  EXPECT_NEAR(low_necessity, 24, 4 * 4.4);
  EXPECT_NEAR(sum / kTests, 0.525, 4 * 0.0264);
}

// --- all together

TEST(HypothesisTests, RunAllAndSayWhichCannot) {
  const KnownCircuit known({.inputs = 16});
  const TestConfig config{.draws = 9, .correction = Correction::Holm};
  const Evaluation evaluation(known.experiment());
  const HypothesisTests all = test_hypotheses(evaluation, known.circuit(), config);
  EXPECT_TRUE(all.equivalence && all.independence && all.minimality && all.sufficiency &&
              all.partial_necessity);
  EXPECT_TRUE(all.skipped.empty());
  const auto json = interp::write_record(all);
  EXPECT_EQ(json["minimality"]["correction"], "holm");
  EXPECT_EQ(json["minimality"]["edges"].size(), 4U);
  EXPECT_EQ(json["independence"]["ablation"], "shuffle");
  EXPECT_EQ(json["draws"], 9);
  for (const char* name :
       {"equivalence", "independence", "minimality", "sufficiency", "partial_necessity"}) {
    EXPECT_EQ(json[name]["outcome"], "could not tell") << name;  // of 9 draws on 16 inputs
    EXPECT_TRUE(json[name]["claim"].is_string() && json[name]["because"].is_string()) << name;
  }

  const Evaluation divergence(known.experiment("mean", "kl"));
  const HypothesisTests some = test_hypotheses(divergence, known.circuit(), config);
  EXPECT_FALSE(some.equivalence);
  EXPECT_TRUE(some.independence && some.minimality && some.sufficiency && some.partial_necessity);
  EXPECT_THAT(some.skipped, ElementsAre(HasSubstr("take another metric")));
}

// Whatever edges are added that lead nowhere.
TEST(HypothesisTests, RefuseTheEmptyCircuit) {
  const KnownCircuit known({.inputs = 8});
  const Evaluation evaluation(known.experiment());
  for (const std::vector<std::string>& edges : {std::vector<std::string>{}, {"a0.h0->m1"}}) {
    const HypothesisTests none = test_hypotheses(evaluation, known.circuit(edges), {});
    EXPECT_THAT(none.skipped, ElementsAre(HasSubstr("nothing to test")));
    EXPECT_FALSE(none.equivalence || none.independence || none.minimality || none.sufficiency ||
                 none.partial_necessity);
    EXPECT_THROW(test_equivalence(evaluation, known.circuit(edges), {}), std::invalid_argument);
  }
}

TEST(HypothesisTests, RefuseTheWholeNetworkButNotOneThatLacksAnEdge) {
  const KnownCircuit known({.inputs = 8});
  const Evaluation evaluation(known.experiment());
  const HypothesisTests whole = test_hypotheses(evaluation, ~known.circuit({}), {});
  EXPECT_THAT(whole.skipped, ElementsAre(HasSubstr("the whole network")));
  EXPECT_FALSE(whole.equivalence || whole.sufficiency);
  const HypothesisTests almost =
      test_hypotheses(evaluation, ~known.circuit({"a0.h0->m1"}), {.draws = 19});
  EXPECT_TRUE(almost.equivalence && almost.minimality && almost.sufficiency);
  EXPECT_THAT(almost.skipped, ElementsAre(HasSubstr("no path from input to logits is left")));
}

TEST(HypothesisTests, OfAListSayNothingOfOtherInputs) {
  KnownCircuit known({.inputs = 16});
  known.data.is_sample = false;
  const HypothesisTests tests =
      test_hypotheses(Evaluation(known.experiment()), known.circuit(), {.draws = 19});
  EXPECT_FALSE(tests.equivalence || tests.independence);
  EXPECT_TRUE(tests.minimality && tests.sufficiency && tests.partial_necessity);
  EXPECT_THAT(tests.skipped, SizeIs(2));
  EXPECT_THAT(tests.skipped, Each(HasSubstr("the inputs are a list")));
}

TEST(HypothesisTests, AreTheSameForTheSameSeedAndOthersForAnother) {
  const RandomExperiment random(true, false, 16);
  const Evaluation evaluation(random.experiment());
  statistics::Engine engine(3);
  const at::Tensor kept = random_circuit(random.graph, 10, engine);
  const auto run = [&](uint64_t seed) {
    return interp::write_record(test_hypotheses(evaluation, kept, {.draws = 9, .seed = seed}));
  };
  EXPECT_EQ(run(1), run(1));
  EXPECT_NE(run(1)["sufficiency"]["random_values"], run(2)["sufficiency"]["random_values"]);
}

TEST(HypothesisTests, RefuseSettingsOutOfRange) {
  for (const TestConfig& config :
       {TestConfig{.alpha = 0}, TestConfig{.alpha = 1}, TestConfig{.margin = 0.5},
        TestConfig{.margin = 0}, TestConfig{.draws = 0}, TestConfig{.independence_inputs = 1}})
    EXPECT_THROW(validate(config), std::invalid_argument);
}

}  // namespace hypothesis_tests_test
}  // namespace assay::circuits
