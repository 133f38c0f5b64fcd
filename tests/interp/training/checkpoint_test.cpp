#include "interp/training/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <functional>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "interp/files/files.h"
#include "tests/interp/scratch.h"
#include "tests/interp/training/toy_training.h"

namespace assay::interp {
namespace checkpoint_test {

using testing::HasSubstr;

class CheckpointTest : public Scratch {
 protected:
  /// @return the former limit on the size of files.
  static rlimit limit_files(rlim_t bytes) {
    rlimit former{};
    getrlimit(RLIMIT_FSIZE, &former);
    const rlimit limit{.rlim_cur = std::min(bytes, former.rlim_max), .rlim_max = former.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
    return former;
  }
};

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
  for (const char* bytes : {"", "not a checkpoint", "assay checkpoint, sha256 ab"}) {
    const auto path = put("c", bytes);
    EXPECT_EQ(message_of([&] { run(*model, two_phases(), {.checkpoint = path, .resume = true}); }),
              path.string() + ": not a checkpoint of assay train");
  }
  const auto archive = put("c", "PK\x03\x04 and so on");
  EXPECT_THAT(
      message_of([&] { run(*model, two_phases(), {.checkpoint = archive, .resume = true}); }),
      HasSubstr("a checkpoint without checksum, as earlier versions wrote them"));
}

TEST_F(CheckpointTest, NoFlippedOrMissingByteGoesUnnoticed) {
  run(*fresh_model(), two_phases(), {.checkpoint = at("good")});
  const std::string good = read_file(at("good"));
  const auto refusal = [&](const std::string& bytes) {
    auto other = fresh_model(7);
    const auto path = put("c", bytes);
    const std::string message =
        message_of([&] { run(*other, two_phases(), {.checkpoint = path, .resume = true}); });
    EXPECT_TRUE(same_bits(*other, *fresh_model(7)));
    return message;
  };
  const size_t head = good.find('\n');
  for (size_t i = 0; i < good.size(); i += i < head ? 7 : good.size() / 61) {
    std::string damaged = good;
    damaged[i] ^= 1;
    EXPECT_THAT(refusal(damaged), HasSubstr(i < 25 ? "not a checkpoint" : "c: damaged")) << i;
  }
  std::string joined = good;
  joined[head] = ' ';
  EXPECT_THAT(refusal(joined), HasSubstr("not a checkpoint"));
  EXPECT_THAT(refusal(good.substr(0, good.size() - 1)), HasSubstr("c: damaged"));
  EXPECT_THAT(refusal(good + "a"), HasSubstr("c: damaged"));
}

TEST_F(CheckpointTest, AFullDiskEndsTheRunAndLeavesTheFormerCheckpoint) {
  std::string former;
  const auto fill_the_disk = [&](const auto& progress) {
    if (progress.step == 5) former = read_file(at("c"));
    if (progress.step == 5) limit_files(4096);
  };
  const rlimit before = limit_files(RLIM_INFINITY);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const std::string message = message_of([&] {
    run(*fresh_model(), two_phases(), {.checkpoint = at("c"), .on_progress = fill_the_disk});
  });
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(message, at("c").string() + ": cannot write: File too large");
  EXPECT_EQ(read_file(at("c")), former);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(at("")), {}), 1);
  auto resumed = fresh_model();
  run(*resumed, two_phases(), {.checkpoint = at("c"), .resume = true});
  EXPECT_TRUE(same_bits(*resumed, uninterrupted()));
}

}  // namespace checkpoint_test
}  // namespace assay::interp
