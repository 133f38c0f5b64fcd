#include "tasks/two_sat/levels.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include <random>

#include "tests/tasks/two_sat/small_model.h"

namespace assay::tasks::two_sat {
namespace levels_test {

using at::Tensor;
using testing::DoubleNear;

constexpr int kCopies = 3;  // formulas of each truth table

/// What would be seen of a network that works as described: every truth table over four assignments
/// occurs, and `activation(neuron, table)` is what a neuron does then.
Observations built(int neurons, const std::function<double(int, uint64_t)>& activation) {
  Observations observed;
  observed.hidden = at::empty({16 * kCopies, neurons});
  observed.answers = at::empty({16 * kCopies}, torch::kInt64);
  for (uint64_t table = 0; table < 16; ++table) observed.truth_tables.push_back(table);
  for (int i = 0; i < 16 * kCopies; ++i) {
    observed.table_of.push_back(i % 16);
    observed.answers[i] = i % 16 != 0;
    for (int n = 0; n < neurons; ++n) observed.hidden[i][n] = activation(n, i % 16);
  }
  observed.mean_hidden = observed.hidden.mean(0);
  return observed;
}

/// Neuron 0 evaluates assignments 0 and 2, neuron 1 evaluates 1 and 3.
double evaluates(int neuron, uint64_t table) {
  const uint64_t set = neuron == 0 ? 0b0101 : 0b1010;
  return table & set ? 3.0 / (1 + neuron) : 0;
}

std::vector<Neuron> two_neurons() {
  return {{.index = 0, .coefficient = 1, .largest = 3, .program = {}},
          {.index = 1, .coefficient = 2, .largest = 1.5, .program = {}}};
}

TEST(EvaluatingNeurons, ReachTheBoundWithActivationTimesCoefficient) {
  const Observations observed =
      built(5, [](int n, uint64_t table) { return (n + 1) * static_cast<double>(table) / 15; });
  // Largest activations are 1, 2, 3, 4, 5.
  const Tensor coefficients = torch::tensor({0.11F, 0.04F, -1.0F, 0.03F, 0.01F});
  const auto neurons = evaluating_neurons(observed, coefficients);
  ASSERT_EQ(neurons.size(), 2U);
  EXPECT_EQ(neurons[0].index, 0);
  EXPECT_EQ(neurons[1].index, 3);
  EXPECT_FLOAT_EQ(static_cast<float>(neurons[1].largest), 4);
  EXPECT_FLOAT_EQ(static_cast<float>(neurons[1].coefficient), 0.03F);
  EXPECT_EQ(evaluating_neurons(observed, coefficients, 0.045).size(), 4U);
  EXPECT_EQ(evaluating_neurons(observed, coefficients, 1).size(), 0U);
}

TEST(EvaluatingNeurons, OfARandomNetworkAreThoseAboveTheBoundAndNoOthers) {
  const auto task = small_task();
  const auto model = small_model();
  const Observations observed = observe(*task, *model, {.variant = {}, .inputs = 100});
  const Tensor coefficients = sat_coefficients(*model, Tokens{kVariables});
  for (const double bound : {0.1, 0.5}) {
    const auto neurons = evaluating_neurons(observed, coefficients, bound);
    ASSERT_FALSE(neurons.empty());
    std::vector<bool> chosen(32);
    for (const Neuron& neuron : neurons) chosen[neuron.index] = true;
    for (int64_t i = 0; i < 32; ++i) {
      const double reach =
          observed.hidden.select(1, i).max().item<double>() * coefficients[i].item<double>();
      EXPECT_EQ(chosen[i], reach > bound);
    }
  }
}

TEST(FitPrograms, FindWhatBuiltNeuronsEvaluate) {
  const Observations observed = built(2, evaluates);
  for (const bool by_mean : {false, true}) {
    auto neurons = two_neurons();
    fit_programs(neurons, observed, "trees", 4, by_mean);
    for (const Neuron& neuron : neurons) {
      EXPECT_EQ(neuron.errors, 0);
      for (uint64_t table = 0; table < 16; ++table)
        EXPECT_EQ(value_of(neuron.program, table),
                  evaluates(static_cast<int>(neuron.index), table) >= 0.5);
    }
  }
  auto neurons = two_neurons();
  fit_programs(neurons, observed, "disjunction", 4, false);
  EXPECT_EQ(neurons[0].program, Program({{"any_of", {0, 2}}}));
  EXPECT_EQ(neurons[1].program, Program({{"any_of", {1, 3}}}));
  EXPECT_EQ(neurons[0].errors + neurons[1].errors, 0);
}

TEST(FitPrograms, AsPublishedAskForTheMeanOverFormulasThatAnAssignmentSatisfies) {
  const Observations observed = built(2, evaluates);
  for (const double threshold : {0.5, 2.2}) {
    auto neurons = two_neurons();
    for (Neuron& neuron : neurons) neuron.threshold = threshold;
    fit_programs(neurons, observed, "disjunction", 4, true);
    for (const Neuron& neuron : neurons) {
      std::vector<int> set;
      int64_t errors = 0;
      for (int a = 0; a < 4; ++a) {
        double sum = 0;
        for (uint64_t table = 0; table < 16; ++table)
          if (table >> a & 1) sum += evaluates(static_cast<int>(neuron.index), table);
        if (sum / 8 > threshold) set.push_back(a);
      }
      for (uint64_t table = 0; table < 16; ++table) {
        bool predicted = false;
        for (const int a : set) predicted |= table >> a & 1;
        errors += predicted != (evaluates(static_cast<int>(neuron.index), table) >= threshold);
      }
      EXPECT_EQ(neuron.program, Program({{"any_of", set}}));
      EXPECT_EQ(neuron.errors, kCopies * errors);
    }
  }
}

TEST(ChooseLevels, TakesTheLowestFractionAtWhichNothingFails) {
  // What flips the answer alone is an activation of 1 and of 0.5. The first formula of each truth
  // table has neurons that are off at 0.15 of that, its other formulas have them at 0.
  Observations observed = built(2, evaluates);
  for (int i = 0; i < 16; ++i)
    for (int n = 0; n < 2; ++n)
      if (evaluates(n, i) == 0) observed.hidden[i][n] = 0.15 / (1 + n);
  for (const char* variant : {"trees", "disjunction"}) {
    auto neurons = two_neurons();
    const LevelChoice choice = choose_levels(neurons, observed, /*resting=*/-1, variant, 4);
    EXPECT_EQ(choice.resting, -1);
    EXPECT_EQ(choice.fraction, 0.2);
    EXPECT_EQ(choice.failing, 0);
    EXPECT_THAT(neurons[0].threshold, DoubleNear(0.2, 1e-12));
    EXPECT_THAT(neurons[1].threshold, DoubleNear(0.1, 1e-12));
    EXPECT_THAT(neurons[0].on, DoubleNear(3, 1e-6));  // its mean when on
    EXPECT_THAT(neurons[1].on, DoubleNear(1.5, 1e-6));
    EXPECT_EQ(neurons[0].errors + neurons[1].errors, 0);
  }
}

TEST(ChooseLevels, WritesEnoughForOneNeuronToFlipTheAnswer) {
  const Observations observed = built(2, evaluates);
  auto neurons = two_neurons();
  choose_levels(neurons, observed, /*resting=*/-2.5, "disjunction", 4);
  EXPECT_THAT(neurons[0].on, DoubleNear(5, 1e-12));
  EXPECT_THAT(neurons[1].on, DoubleNear(2.5, 1e-12));
}

TEST(ChooseLevels, CountsFormulasThatFailInAnyWayOnce) {
  Observations observed = built(2, evaluates);
  observed.answers[1] = 0;  // the neurons say on
  observed.answers[2] = 0;
  observed.hidden[2 + 16][0] = 3;  // on, unlike the 2 others of its table
  auto neurons = two_neurons();
  const LevelChoice choice = choose_levels(neurons, observed, -1, "disjunction", 4);
  EXPECT_THAT(choice.failing, DoubleNear(3.0 / (16 * kCopies), 1e-12));
  EXPECT_EQ(neurons[0].errors, 1);
}

TEST(ChooseLevels, KeepsThresholdsPositiveWhereTheNetworkRestsAtSat) {
  const Observations observed = built(2, evaluates);
  auto neurons = two_neurons();
  const LevelChoice choice = choose_levels(neurons, observed, /*resting=*/0.7, "trees", 4);
  EXPECT_EQ(choice.resting, 0.7);
  for (const Neuron& neuron : neurons) {
    EXPECT_GT(neuron.threshold, 0);
    EXPECT_GT(neuron.on, 0);
  }
}

}  // namespace levels_test
}  // namespace assay::tasks::two_sat
