#include "interp/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/interp/scratch.h"
#include "tests/interp/toy_training.h"

namespace assay::interp {
namespace {

using testing::HasSubstr;

class CheckpointTest : public Scratch {};

TEST_F(CheckpointTest, StoppingAnywhereAndResumingChangesNoWeight) {
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

TEST_F(CheckpointTest, AKilledRunGoesOnFromItsLastCheckpoint) {
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

TEST_F(CheckpointTest, AFinishedRunResumesToNothing) {
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

TEST_F(CheckpointTest, ARunWithoutGradientClippingResumes) {
  TrainingConfig config = two_phases();
  config.gradient_clip = std::numeric_limits<double>::infinity();
  run(*fresh_model(), config, {.checkpoint = at("c")});
  const TrainingOutcome outcome =
      run(*fresh_model(), config, {.checkpoint = at("c"), .resume = true});
  EXPECT_EQ(outcome.last.step, 17);
}

TEST_F(CheckpointTest, WithoutACheckpointResumingBeginsAtTheBeginning) {
  auto model = fresh_model();
  EXPECT_TRUE(run(*model, two_phases(), {.checkpoint = at("none"), .resume = true}).finished);
  EXPECT_TRUE(same_bits(*model, uninterrupted()));
}

TEST_F(CheckpointTest, StoppedBeforeTheFirstStepNothingChanges) {
  const std::atomic<bool> stop = true;
  auto model = fresh_model();
  const TrainingOutcome outcome = run(*model, two_phases(), {.checkpoint = at("c"), .stop = &stop});
  EXPECT_FALSE(outcome.finished);
  EXPECT_EQ(outcome.last.step, 0);
  EXPECT_TRUE(same_bits(*model, *fresh_model()));
}

TEST_F(CheckpointTest, CheckpointsOfOtherSettingsAreRefused) {
  auto model = fresh_model();
  std::atomic<bool> stop = false;
  run(*model, two_phases(),
      {.checkpoint = at("c"),
       .on_progress = [&](const auto& progress) { stop = progress.step == 12; },
       .stop = &stop});
  const auto refusal = [&](const std::function<void(TrainingConfig&)>& change,
                           const TransformerConfig& network = toy_sizes()) {
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
  TransformerConfig wider = toy_sizes();
  wider.d_mlp = 25;
  EXPECT_THAT(refusal([](auto&) {}, wider),
              HasSubstr("this checkpoint belongs to another network"));
  EXPECT_EQ(refusal([](auto& config) { config.evaluate_every = 7; }), "");
  EXPECT_EQ(refusal([](auto& config) { config.phases.push_back({.steps = 2}); }), "");
}

TEST_F(CheckpointTest, FilesThatAreNoCheckpointAreRefused) {
  auto model = fresh_model();
  for (const char* bytes : {"", "not a checkpoint"}) {
    const auto path = put("c", bytes);
    EXPECT_EQ(message_of([&] { run(*model, two_phases(), {.checkpoint = path, .resume = true}); }),
              path.string() + ": not a checkpoint of assay train");
  }
}

}  // namespace
}  // namespace assay::interp
