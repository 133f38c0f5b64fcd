#include "interp/training/training_config.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "tests/interp/scratch.h"
#include "tests/interp/training/toy_training.h"

namespace assay::interp {
namespace training_config_test {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(TrainingConfigTest, TheLearningRateWarmsUpAndDecaysInEachPhase) {
  const TrainingConfig config{
      .phases = {{.steps = 6, .learning_rate = 1e-3, .final_learning_rate = 1e-4},
                 {.steps = 2, .learning_rate = 4e-4},
                 {.steps = 1, .learning_rate = 2e-4}},
      .batch = 4,
      .warmup = 2,
      .readout = 2,
      .held_out = 4};
  std::vector<double> rates;
  auto model = fresh_model();
  run(*model, config,
      {.on_progress = [&](const auto& step) { rates.push_back(step.learning_rate); }});
  // 1/2 and 2/2 of the rate, then from 1e-3 by cos 0, 45, 90 and 135 degrees towards 1e-4; the
  // second phase ends with its warm-up, the third within.
  const double half = std::sqrt(0.5);
  const std::vector<double> expected = {5e-4,
                                        1e-3,
                                        1e-3,
                                        1e-4 + 9e-4 * 0.5 * (1 + half),
                                        1e-4 + 9e-4 * 0.5,
                                        1e-4 + 9e-4 * 0.5 * (1 - half),
                                        2e-4,
                                        4e-4,
                                        1e-4};
  ASSERT_EQ(rates.size(), expected.size());
  for (size_t i = 0; i < rates.size(); ++i) EXPECT_NEAR(rates[i], expected[i], 1e-12) << i;
}

TEST(TrainingConfigTest, WithoutWarmUpTheFirstStepHasTheFullRate) {
  const TrainingConfig config{.phases = {{.steps = 1, .learning_rate = 1e-3}},
                              .batch = 4,
                              .warmup = 0,
                              .readout = 2,
                              .held_out = 4};
  auto model = fresh_model();
  EXPECT_DOUBLE_EQ(run(*model, config).last.learning_rate, 1e-3);
}

TEST(TrainingConfigTest, StepsAreThoseOfAllPhases) {
  EXPECT_EQ(two_phases().steps(), 17);
  EXPECT_EQ(TrainingConfig{}.steps(), 8000);
}

TEST(TrainingConfigTest, ImpossibleSettingsAreRefused) {
  const auto refusal = [](const std::function<void(TrainingConfig&)>& change) {
    TrainingConfig config = two_phases();
    change(config);
    return message_of([&] { validate(config); });
  };
  EXPECT_EQ(refusal([](auto&) {}), "");
  EXPECT_EQ(refusal([](auto& c) { c.phases.clear(); }), "training: expected at least one phase");
  EXPECT_EQ(refusal([](auto& c) { c.phases[1].steps = 0; }),
            "training: expected steps >= 1 in every phase");
  EXPECT_EQ(refusal([](auto& c) { c.phases[0].learning_rate = 0; }),
            "training: expected learning_rate > 0");
  EXPECT_EQ(refusal([](auto& c) { c.phases[0].final_learning_rate = -1; }),
            "training: expected final_learning_rate >= 0");
  EXPECT_EQ(refusal([](auto& c) { c.phases[0].l1 = -1; }),
            "training: expected weight_decay, l1 and keep_neurons >= 0");
  EXPECT_EQ(refusal([](auto& c) { c.batch = 0; }), "training: expected batch and held_out >= 1");
  EXPECT_EQ(refusal([](auto& c) { c.warmup = -1; }), "training: expected warmup >= 0");
  for (const double beta : {-0.1, 1.0, kNan}) {
    EXPECT_EQ(refusal([&](auto& c) { c.beta1 = beta; }),
              "training: expected beta1 and beta2 in [0, 1)");
    EXPECT_EQ(refusal([&](auto& c) { c.beta2 = beta; }),
              "training: expected beta1 and beta2 in [0, 1)");
  }
  EXPECT_EQ(refusal([](auto& c) { c.beta1 = c.beta2 = 0; }), "");
  for (const double clip : {0.0, -1.0, kNan})
    EXPECT_EQ(refusal([&](auto& c) { c.gradient_clip = clip; }),
              "training: expected gradient_clip > 0");
  EXPECT_EQ(refusal([](auto& c) { c.gradient_clip = kInfinity; }), "");
  EXPECT_EQ(refusal([](auto& c) { c.checkpoint_every = 0; }),
            "training: expected evaluate_every and checkpoint_every >= 1");
  auto model = fresh_model();
  TrainingConfig config = two_phases();
  config.readout = 3;
  EXPECT_EQ(message_of([&] { run(*model, config); }),
            "site 'logits[pos=3]': position 3 is out of range [0, 3)");
}

}  // namespace training_config_test
}  // namespace assay::interp
