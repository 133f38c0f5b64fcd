#include "interp/training/training.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <limits>
#include <mutex>
#include <set>
#include <stdexcept>
#include <vector>

#include "interp/network/network.h"
#include "tests/interp/naive_forward.h"
#include "tests/interp/networks.h"
#include "tests/interp/scratch.h"
#include "tests/interp/training/toy_training.h"
#include "tests/interp/with_threads.h"

namespace assay::interp {
namespace training_test {

using at::Tensor;

TEST(TrainingTest, LearnsAToyTask) {
  auto model = fresh_model();
  std::vector<TrainingProgress> log;
  const TrainingConfig config{.phases = {{.steps = 150, .learning_rate = 5e-3}},
                              .batch = 64,
                              .warmup = 10,
                              .readout = 2,
                              .evaluate_every = 50,
                              .held_out = 200};
  const TrainingOutcome outcome =
      run(*model, config, {.on_progress = [&](const auto& progress) { log.push_back(progress); }});
  EXPECT_TRUE(outcome.finished);
  ASSERT_EQ(log.size(), 150);
  EXPECT_GT(log.front().loss, 1);  // five tokens, about log 5 = 1.6
  EXPECT_LT(log.back().loss, 0.4);
  EXPECT_GT(log.back().accuracy, 0.85);
  EXPECT_EQ(log.back().accuracy, accuracy(*model, same_or_not(2), 200, 2));
  for (size_t i = 0; i < log.size(); ++i) {
    EXPECT_EQ(log[i].step, i + 1);
    EXPECT_EQ(log[i].steps, 150);
    EXPECT_EQ(log[i].accuracy >= 0, (i + 1) % 50 == 0);
    EXPECT_EQ(log[i].neurons, 24);
  }
}

TEST(TrainingTest, TheLossIsTheCrossEntropyOfItsBatch) {
  const auto model = fresh_model();
  const TrainingConfig config = two_phases();
  const LabelledBatch batch = same_or_not(1)(0, 96);
  const Tensor logits =
      NaiveForward(toy_sizes(), weights_of(*model), batch.tokens).values.at("logits").select(1, 2);
  const double expected =
      -at::log_softmax(logits, 1).gather(1, batch.labels.unsqueeze(1)).mean().item<double>();
  std::vector<double> losses;
  run(*model, config, {.on_progress = [&](const auto& step) { losses.push_back(step.loss); }});
  EXPECT_NEAR(losses.front(), expected, 1e-5);
}

TEST(TrainingTest, LabelsByPositionTrainAsTheReadoutDoes) {
  const auto by_readout = fresh_model(), by_position = fresh_model();
  const TrainingConfig config{.phases = {{.steps = 5}}, .batch = 96, .warmup = 1, .readout = 2};
  const TrainingOutcome expected = train(*by_readout, config, same_or_not(1), same_or_not(2));
  const TrainingOutcome outcome =
      train(*by_position, config, labelled_by_position(1), labelled_by_position(2));
  EXPECT_NEAR(outcome.last.loss, expected.last.loss, 1e-5);
  EXPECT_EQ(outcome.last.accuracy, expected.last.accuracy);
  for (const auto& [name, weight] : weights_of(*by_readout))
    EXPECT_TRUE(weight.allclose(weights_of(*by_position).at(name), 1e-3, 1e-5)) << name;
}

TEST(TrainingTest, EachStepTakesTheNextInputsOfTheStream) {
  std::mutex mutex;
  std::multiset<int64_t> seen;
  const auto inputs = [&](int64_t first, int64_t count) {
    const std::lock_guard lock(mutex);
    for (int64_t i = 0; i < count; ++i) seen.insert(first + i);
    return same_or_not(1)(first, count);
  };
  auto model = fresh_model();
  train(*model, two_phases(), inputs, same_or_not(2), {.selection = same_or_not(3)});
  EXPECT_EQ(seen.size(), 17 * 96);
  EXPECT_EQ(*seen.begin(), 0);
  EXPECT_EQ(*seen.rbegin(), 17 * 96 - 1);
  EXPECT_EQ(std::set<int64_t>(seen.begin(), seen.end()).size(), seen.size());
}

TEST(TrainingTest, RepeatingARunGivesTheSameWeights) {
  auto model = fresh_model();
  run(*model, two_phases());
  EXPECT_TRUE(same_bits(*model, uninterrupted()));
  auto other = fresh_model(2);
  run(*other, two_phases());
  EXPECT_FALSE(same_bits(*other, uninterrupted()));
}

TEST(TrainingTest, ThreadsChangeNoWeight) {
  for (const int threads : {1, 2, 3}) {
    const WithThreads with_threads(threads);
    auto model = fresh_model();
    run(*model, two_phases());
    EXPECT_TRUE(same_bits(*model, uninterrupted())) << threads << " threads";
  }
}

TEST(TrainingTest, HeldOutInputsDecideNothing) {
  // All inputs are the same: the neurons that answer it are others than those that answer all.
  const auto one_input = [](int64_t first, int64_t count) {
    LabelledBatch batch = same_or_not(2)(first, count);
    batch.tokens.copy_(same_or_not(2)(0, 1).tokens.expand_as(batch.tokens));
    return batch;
  };
  const auto trained = [](const LabelledInputs& held_out, const LabelledInputs& selection) {
    auto model = fresh_model();
    train(*model, two_phases(), same_or_not(1), held_out, {.selection = selection});
    return model;
  };
  const auto model = trained(same_or_not(2), same_or_not(2));
  EXPECT_TRUE(same_bits(*model, *trained(one_input, same_or_not(2))));
  EXPECT_FALSE(same_bits(*model, *trained(same_or_not(2), one_input)));
}

TEST(TrainingTest, InputsWithoutAnyLabelHaveNoAccuracy) {
  const auto unlabelled = [](int64_t first, int64_t count) {
    LabelledBatch batch = labelled_by_position(1)(first, count);
    batch.labels.fill_(kUnlabelled);
    return batch;
  };
  EXPECT_EQ(message_of([&] { accuracy(*fresh_model(), unlabelled, 10, 2); }),
            "accuracy: none of 10 inputs has a label");
}

TEST(TrainingTest, APenaltyQuietensTheNeurons) {
  const auto activity = [](double l1) {
    TrainingConfig config = two_phases();
    config.phases = {{.steps = 40, .learning_rate = 5e-3, .l1 = l1}};
    auto model = fresh_model();
    run(*model, config);
    const at::NoGradGuard no_grad;
    const Site neurons{.place = hook::mlp_post(1), .positions = {2}};
    return model->trace(same_or_not(3)(0, 100).tokens, {.record = {neurons}, .overwrite = {}})[0]
        .abs()
        .sum()
        .item<double>();
  };
  EXPECT_LT(activity(0.1), 0.5 * activity(0));
}

TEST(TrainingTest, ALossThatIsNoNumberEndsTheRun) {
  auto model = fresh_model();
  model->W_U().detach()[0][0] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(message_of([&] { run(*model, two_phases()); }), "training: the loss is NaN at step 0");
  auto exploding = fresh_model();
  TrainingConfig config = two_phases();
  config.phases[0].learning_rate = 1e30;
  EXPECT_THROW(run(*exploding, config), std::runtime_error);
}

TEST(TrainingTest, AccuracyCountsTheLargestLogits) {
  const auto model = fresh_model();
  const LabelledBatch batch = same_or_not(4)(0, 150);
  const Tensor answers = NaiveForward(toy_sizes(), weights_of(*model), batch.tokens)
                             .values.at("logits")
                             .select(1, 2)
                             .argmax(1);
  EXPECT_DOUBLE_EQ(accuracy(*model, same_or_not(4), 150, 2),
                   answers.eq(batch.labels).sum().item<double>() / 150);
}

TEST(TrainingTest, ProgressIsOneLineOfJson) {
  TrainingProgress progress{.step = 3,
                            .steps = 10,
                            .loss = 0.5,
                            .learning_rate = 0.25,
                            .samples_per_second = 12.6,
                            .cpu_seconds = 1.2,
                            .neurons = 7};
  EXPECT_EQ(to_json(progress),
            nlohmann::json::parse(R"({"step": 3, "loss": 0.5, "learning_rate": 0.25,
                "samples_per_second": 13.0, "cpu_seconds": 1.0, "neurons": 7})"));
  progress.accuracy = 0.75;
  EXPECT_EQ(to_json(progress).at("accuracy"), 0.75);
}

}  // namespace training_test
}  // namespace assay::interp
