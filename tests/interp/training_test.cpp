#include "interp/training.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>
#include <random>
#include <set>

#include "interp/trace.h"
#include "interp/transformer.h"
#include "tests/interp/naive_forward.h"
#include "tests/interp/networks.h"
#include "tests/interp/scratch.h"
#include "tests/interp/with_threads.h"

namespace assay::interp {
namespace {

using at::Tensor;
using testing::HasSubstr;

TransformerConfig small() {
  return {
      .d_vocab = 5, .n_ctx = 3, .d_model = 16, .d_mlp = 24, .n_heads = {1, 2}, .d_head = {8, 4}};
}

std::shared_ptr<Transformer> fresh_model(uint64_t seed = 1,
                                         const TransformerConfig& config = small()) {
  auto model = std::make_shared<Transformer>(config);
  initialise(*model, {.seed = seed});
  return model;
}

/// "Are the two tokens (0 … 3) the same?", asked by token 4 and answered by token 1 or 0. Half are.
LabelledInputs same_or_not(uint64_t seed) {
  return [seed](int64_t first, int64_t count) {
    LabelledBatch batch{at::full({count, 3}, 4, at::kLong), at::empty({count}, at::kLong)};
    for (int64_t i = 0; i < count; ++i) {
      std::mt19937_64 random(seed * 1'000'003 + static_cast<uint64_t>(first + i));
      const auto left = static_cast<int64_t>(random() % 4);
      const auto right = random() % 2 ? left : static_cast<int64_t>(random() % 4);
      batch.tokens[i][0] = left;
      batch.tokens[i][1] = right;
      batch.labels[i] = static_cast<int64_t>(left == right);
    }
    return batch;
  };
}

/// Two phases, the second of which prunes and penalises; two parts per batch.
TrainingConfig two_phases() {
  return {.phases = {{.steps = 9, .learning_rate = 3e-3},
                     {.steps = 8, .learning_rate = 2e-3, .l1 = 1e-3, .keep_neurons = 10}},
          .batch = 96,
          .warmup = 3,
          .readout = 2,
          .evaluate_every = 5,
          .checkpoint_every = 4,
          .held_out = 100};
}

TrainingOutcome run(Transformer& model, const TrainingConfig& config, const TrainingIo& io = {}) {
  return train(model, config, same_or_not(1), same_or_not(2), io);
}

testing::AssertionResult same_bits(const Transformer& left, const Transformer& right) {
  const auto weights = right.named_parameters();
  for (const auto& parameter : left.named_parameters())
    if (!parameter.value().equal(weights[parameter.key()]))
      return testing::AssertionFailure() << parameter.key() << " differs";
  return testing::AssertionSuccess();
}

/// The weights after all steps in one go.
const Transformer& uninterrupted() {
  static const auto model = [] {
    auto trained = fresh_model();
    run(*trained, two_phases());
    return trained;
  }();
  return *model;
}

class TrainingTest : public Scratch {};

TEST_F(TrainingTest, LearnsAToyTask) {
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

TEST_F(TrainingTest, TheLossIsTheCrossEntropyOfItsBatch) {
  const auto model = fresh_model();
  const TrainingConfig config = two_phases();
  const LabelledBatch batch = same_or_not(1)(0, 96);
  const Tensor logits =
      NaiveForward(small(), weights_of(*model), batch.tokens).values.at("logits").select(1, 2);
  const double expected =
      -at::log_softmax(logits, 1).gather(1, batch.labels.unsqueeze(1)).mean().item<double>();
  std::vector<double> losses;
  run(*model, config, {.on_progress = [&](const auto& step) { losses.push_back(step.loss); }});
  EXPECT_NEAR(losses.front(), expected, 1e-5);
}

TEST_F(TrainingTest, EachStepTakesTheNextInputsOfTheStream) {
  std::mutex mutex;
  std::multiset<int64_t> seen;
  const auto inputs = [&](int64_t first, int64_t count) {
    const std::lock_guard lock(mutex);
    for (int64_t i = 0; i < count; ++i) seen.insert(first + i);
    return same_or_not(1)(first, count);
  };
  auto model = fresh_model();
  train(*model, two_phases(), inputs, same_or_not(2));
  EXPECT_EQ(seen.size(), 17 * 96);
  EXPECT_EQ(*seen.begin(), 0);
  EXPECT_EQ(*seen.rbegin(), 17 * 96 - 1);
  EXPECT_EQ(std::set<int64_t>(seen.begin(), seen.end()).size(), seen.size());
}

// --- reproducible --------------------------------------------------------------------------------

TEST_F(TrainingTest, RepeatingARunGivesTheSameWeights) {
  auto model = fresh_model();
  run(*model, two_phases());
  EXPECT_TRUE(same_bits(*model, uninterrupted()));
  auto other = fresh_model(2);
  run(*other, two_phases());
  EXPECT_FALSE(same_bits(*other, uninterrupted()));
}

TEST_F(TrainingTest, ThreadsChangeNoWeight) {
  for (const int threads : {1, 2, 3}) {
    const WithThreads with_threads(threads);
    auto model = fresh_model();
    run(*model, two_phases());
    EXPECT_TRUE(same_bits(*model, uninterrupted())) << threads << " threads";
  }
}

TEST_F(TrainingTest, StoppingAnywhereAndResumingChangesNoWeight) {
  for (const int64_t when : {1, 4, 9, 10, 16}) {  // 9 ends the first phase
    std::atomic<bool> stop = false;
    const TrainingIo io{.checkpoint = at(std::to_string(when)),
                        .resume = true,
                        .on_progress = [&](const auto& progress) { stop = progress.step == when; },
                        .stop = &stop};
    auto model = fresh_model();
    const TrainingOutcome stopped = run(*model, two_phases(), io);
    EXPECT_FALSE(stopped.finished);
    EXPECT_EQ(stopped.last.step, when);
    stop = false;
    auto resumed = fresh_model(77);  // whatever it was, the checkpoint counts
    std::vector<int64_t> steps;
    const TrainingOutcome rest =
        run(*resumed, two_phases(),
            {.checkpoint = io.checkpoint, .resume = true, .on_progress = [&](const auto& progress) {
               steps.push_back(progress.step);
             }});
    EXPECT_TRUE(rest.finished);
    EXPECT_EQ(steps.front(), when + 1);
    EXPECT_EQ(steps.back(), 17);
    EXPECT_TRUE(same_bits(*resumed, uninterrupted())) << "stopped after " << when;
  }
}

TEST_F(TrainingTest, AKilledRunGoesOnFromItsLastCheckpoint) {
  auto model = fresh_model();
  EXPECT_THROW(run(*model, two_phases(),
                   {.checkpoint = at("c"),
                    .on_progress =
                        [](const auto& progress) {
                          if (progress.step == 11) throw std::runtime_error("killed");
                        }}),
               std::runtime_error);
  auto resumed = fresh_model();
  std::vector<int64_t> steps;
  run(*resumed, two_phases(),
      {.checkpoint = at("c"), .resume = true, .on_progress = [&](const auto& progress) {
         steps.push_back(progress.step);
       }});
  EXPECT_EQ(steps.front(), 9);  // checkpoints are written every 4 steps
  EXPECT_TRUE(same_bits(*resumed, uninterrupted()));
}

TEST_F(TrainingTest, AFinishedRunResumesToNothing) {
  auto model = fresh_model();
  run(*model, two_phases(), {.checkpoint = at("c")});
  auto again = fresh_model(5);
  const TrainingOutcome outcome =
      run(*again, two_phases(),
          {.checkpoint = at("c"), .resume = true, .on_progress = [](const auto&) { FAIL(); }});
  EXPECT_TRUE(outcome.finished);
  EXPECT_EQ(outcome.last.step, 17);
  EXPECT_TRUE(same_bits(*again, uninterrupted()));
}

TEST_F(TrainingTest, WithoutACheckpointResumingBeginsAtTheBeginning) {
  auto model = fresh_model();
  EXPECT_TRUE(run(*model, two_phases(), {.checkpoint = at("none"), .resume = true}).finished);
  EXPECT_TRUE(same_bits(*model, uninterrupted()));
}

TEST_F(TrainingTest, StoppedBeforeTheFirstStepNothingChanges) {
  const std::atomic<bool> stop = true;
  auto model = fresh_model();
  const TrainingOutcome outcome = run(*model, two_phases(), {.checkpoint = at("c"), .stop = &stop});
  EXPECT_FALSE(outcome.finished);
  EXPECT_EQ(outcome.last.step, 0);
  EXPECT_TRUE(same_bits(*model, *fresh_model()));
}

TEST_F(TrainingTest, CheckpointsOfOtherSettingsAreRefused) {
  auto model = fresh_model();
  std::atomic<bool> stop = false;
  run(*model, two_phases(),
      {.checkpoint = at("c"),
       .on_progress = [&](const auto& progress) { stop = progress.step == 12; },
       .stop = &stop});
  const auto refusal = [&](const std::function<void(TrainingConfig&)>& change,
                           const TransformerConfig& network = small()) {
    TrainingConfig config = two_phases();
    change(config);
    auto other = fresh_model(1, network);
    const std::string message =
        message_of([&] { run(*other, config, {.checkpoint = at("c"), .resume = true}); });
    if (!message.empty()) {
      EXPECT_TRUE(same_bits(*other, *fresh_model(1, network)));
    }
    return message;
  };
  const std::string other_run =
      at("c").string() + ": this checkpoint belongs to a run with other settings:";
  EXPECT_THAT(refusal([](auto& config) { config.batch = 97; }), HasSubstr(other_run));
  EXPECT_THAT(refusal([](auto& config) { config.phases[0].learning_rate = 1; }),
              HasSubstr(other_run));
  EXPECT_THAT(refusal([](auto& config) { config.phases[1].l1 = 0; }), HasSubstr(other_run));
  EXPECT_THAT(refusal([](auto& config) { config.gradient_clip = 2; }), HasSubstr(other_run));
  EXPECT_THAT(refusal([](auto& config) { config.phases.pop_back(); }),
              HasSubstr("this checkpoint is 12 steps old, but the run has only 9"));
  TransformerConfig wider = small();
  wider.d_mlp = 25;
  EXPECT_THAT(refusal([](auto&) {}, wider),
              HasSubstr("this checkpoint belongs to another network"));
  EXPECT_EQ(refusal([](auto& config) { config.evaluate_every = 7; }), "");
  EXPECT_EQ(refusal([](auto& config) { config.phases.push_back({.steps = 2}); }), "");
}

TEST_F(TrainingTest, FilesThatAreNoCheckpointAreRefused) {
  auto model = fresh_model();
  for (const char* bytes : {"", "not a checkpoint"}) {
    const auto path = put("c", bytes);
    EXPECT_EQ(message_of([&] { run(*model, two_phases(), {.checkpoint = path, .resume = true}); }),
              path.string() + ": not a checkpoint of assay train");
  }
}

// --- phases --------------------------------------------------------------------------------------

TEST_F(TrainingTest, TheLearningRateWarmsUpAndDecaysInEachPhase) {
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

TEST_F(TrainingTest, WithoutWarmUpTheFirstStepHasTheFullRate) {
  const TrainingConfig config{.phases = {{.steps = 1, .learning_rate = 1e-3}},
                              .batch = 4,
                              .warmup = 0,
                              .readout = 2,
                              .held_out = 4};
  auto model = fresh_model();
  EXPECT_DOUBLE_EQ(run(*model, config).last.learning_rate, 1e-3);
}

TEST_F(TrainingTest, APenaltyQuietensTheNeurons) {
  const auto activity = [](double l1) {
    TrainingConfig config = two_phases();
    config.phases = {{.steps = 40, .learning_rate = 5e-3, .l1 = l1}};
    auto model = fresh_model();
    run(*model, config);
    const at::NoGradGuard no_grad;
    const Site neurons{.place = {Hook::MlpPost, 1}, .positions = {2}};
    return trace(*model, same_or_not(3)(0, 100).tokens, {.record = {neurons}, .overwrite = {}})[0]
        .abs()
        .sum()
        .item<double>();
  };
  EXPECT_LT(activity(0.1), 0.5 * activity(0));
}

/// Neurons of the last block whose weights in, bias and weights out are all zero.
std::vector<int64_t> dead_neurons(const Transformer& model) {
  const Mlp& mlp = *model.blocks.back()->mlp;
  std::vector<int64_t> dead;
  for (int64_t n = 0; n < mlp.W_out.size(0); ++n)
    if (mlp.W_out[n].eq(0).all().item<bool>() && mlp.W_in.select(1, n).eq(0).all().item<bool>() &&
        mlp.b_in[n].item<float>() == 0)
      dead.push_back(n);
  return dead;
}

TEST_F(TrainingTest, PruningRemovesWholeNeurons) {
  auto model = fresh_model();
  model->blocks[0]->mlp->b_in.detach().fill_(1);
  EXPECT_EQ(prune_neurons(*model, 1, {}), 24);
  EXPECT_EQ(prune_neurons(*model, 1, {3, 20}), 22);
  EXPECT_EQ(dead_neurons(*model), (std::vector<int64_t>{3, 20}));
  EXPECT_EQ(prune_neurons(*model, 1, {3}), 22);
  EXPECT_EQ(model->blocks[0]->mlp->W_out.eq(0).sum().item<int64_t>(),
            0);  // the other block keeps all
}

TEST_F(TrainingTest, APhaseKeepsTheNeuronsThatMoveTheAnswerMostAndTheRestStaysRemoved) {
  for (const Activation activation : {Activation::Relu, Activation::Gelu}) {
    TransformerConfig network = small();
    network.activation = activation;
    TrainingConfig config = two_phases();
    config.phases = {{.steps = 6, .learning_rate = 3e-3}};
    auto before = fresh_model(1, network);
    run(*before, config);
    // Largest activation times largest distance of an answer's logit from the mean of the answers.
    const LabelledBatch sample = same_or_not(2)(0, config.held_out);
    const TensorMap weights = weights_of(*before);
    const Tensor hidden = NaiveForward(network, weights, sample.tokens)
                              .values.at("blocks.1.mlp.hook_post")
                              .select(1, 2);
    std::vector<std::pair<double, int64_t>> neurons;
    for (int64_t n = 0; n < 24; ++n) {
      const Tensor logits =
          at::matmul(weights.at("blocks.1.mlp.W_out")[n], weights.at("unembed.W_U"));
      const double no = logits[0].item<double>(), yes = logits[1].item<double>();
      neurons.emplace_back(hidden.select(1, n).abs().max().item<double>() * std::abs(yes - no) / 2,
                           n);
    }
    std::sort(neurons.begin(), neurons.end());
    std::vector<int64_t> weakest;
    for (size_t i = 0; i < 24 - 9; ++i) weakest.push_back(neurons[i].second);
    std::sort(weakest.begin(), weakest.end());

    config.phases.push_back(
        {.steps = 12, .learning_rate = 1e-2, .weight_decay = 0.1, .keep_neurons = 9});
    auto model = fresh_model(1, network);
    std::vector<int64_t> living;
    run(*model, config,
        {.on_progress = [&](const auto& progress) { living.push_back(progress.neurons); }});
    EXPECT_EQ(dead_neurons(*model), weakest);
    for (size_t step = 0; step < living.size(); ++step) EXPECT_EQ(living[step], step < 6 ? 24 : 9);
  }
}

TEST_F(TrainingTest, KeepingMoreNeuronsThanThereAreKeepsAll) {
  TrainingConfig config = two_phases();
  config.phases = {{.steps = 1, .keep_neurons = 1000}};
  auto model = fresh_model();
  EXPECT_EQ(run(*model, config).last.neurons, 24);
}

TEST_F(TrainingTest, ALossThatIsNoNumberEndsTheRun) {
  auto model = fresh_model();
  model->W_U.detach()[0][0] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(message_of([&] { run(*model, two_phases()); }), "training: the loss is NaN at step 0");
  auto exploding = fresh_model();
  TrainingConfig config = two_phases();
  config.phases[0].learning_rate = 1e30;
  EXPECT_THROW(run(*exploding, config), std::runtime_error);
}

TEST_F(TrainingTest, AccuracyCountsTheLargestLogits) {
  const auto model = fresh_model();
  const LabelledBatch batch = same_or_not(4)(0, 150);
  const Tensor answers = NaiveForward(small(), weights_of(*model), batch.tokens)
                             .values.at("logits")
                             .select(1, 2)
                             .argmax(1);
  EXPECT_DOUBLE_EQ(accuracy(*model, same_or_not(4), 150, 2),
                   answers.eq(batch.labels).sum().item<double>() / 150);
}

// --- settings ------------------------------------------------------------------------------------

TEST_F(TrainingTest, ImpossibleSettingsAreRefused) {
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
  EXPECT_EQ(refusal([](auto& c) { c.checkpoint_every = 0; }),
            "training: expected evaluate_every and checkpoint_every >= 1");
  auto model = fresh_model();
  TrainingConfig config = two_phases();
  config.readout = 3;
  EXPECT_EQ(message_of([&] { run(*model, config); }),
            "site 'logits[pos=3]': position 3 is out of range [0, 3)");
}

TEST_F(TrainingTest, StepsAreThoseOfAllPhases) {
  EXPECT_EQ(two_phases().steps(), 17);
  EXPECT_EQ(TrainingConfig{}.steps(), 8000);
}

TEST_F(TrainingTest, ProgressIsOneLineOfJson) {
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

}  // namespace
}  // namespace assay::interp
