#include "tools/run_plan.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/interp/scratch.h"
#include "tests/tools/run_assay.h"
#include "tools/run_folder.h"

namespace assay::tools {
namespace run_plan_test {

using interp::message_of;

std::vector<int64_t> scaled(const std::vector<int64_t>& phases, int64_t steps) {
  interp::TrainingConfig config;
  config.phases.clear();
  for (const int64_t n : phases) config.phases.push_back({.steps = n});
  scale_steps(config, steps);
  std::vector<int64_t> result;
  for (const interp::Phase& phase : config.phases) result.push_back(phase.steps);
  return result;
}

TEST(ScaleSteps, SharesStepsOutInProportion) {
  EXPECT_EQ(scaled({600, 300, 100}, 1000), (std::vector<int64_t>{600, 300, 100}));
  EXPECT_EQ(scaled({600, 300, 100}, 10), (std::vector<int64_t>{6, 3, 1}));
  EXPECT_EQ(scaled({600, 300, 100}, 3), (std::vector<int64_t>{1, 1, 1}));
  EXPECT_EQ(scaled({1000, 1, 1}, 5), (std::vector<int64_t>{3, 1, 1}));
  EXPECT_EQ(message_of([] {
              scaled({600, 300, 100}, 2);
            }),
            "2 steps: the recipe has 3 phases of at least one step");
}

TEST(RunPlan, ExplicitSettingsWinOverThePresetAndTheTask) {
  const RunPlan plan = make_plan(
      {.task = "two-sat", .settings = {{"variables", 4}}, .preset = "fast", .steps = 7, .seed = 3});
  EXPECT_EQ(plan.task["settings"]["variables"], 4);
  EXPECT_EQ(plan.task["settings"]["clauses"], 10);
  EXPECT_EQ(plan.steps, 7);
  EXPECT_EQ(plan.seed, 3u);
}

TEST(RunPlan, AResumptionMayRepeatOptionsButNotChangeThem) {
  const RunPlan plan = make_plan({.task = "two-sat", .preset = "fast", .steps = 7});
  EXPECT_NO_THROW(require_same(plan, {.task = "two-sat"}));
  EXPECT_NO_THROW(require_same(plan, {.task = "two-sat", .steps = 7, .seed = 0}));
  EXPECT_EQ(message_of([&] { require_same(plan, {.task = "two-sat", .seed = 1}); }),
            "--resume goes on with the run as it was begun: the seed was 0, the options say 1");
}

using Metrics = interp::Scratch;

TEST_F(Metrics, AResumedLogHasNoDuplicatesAndNoTornLine) {
  const auto record = [&](int64_t from, int64_t to) {
    MetricsLog log(at("metrics.jsonl"));
    for (int64_t step = from; step <= to; ++step) {
      log.record({.step = step, .accuracy = step % 2 == 0 ? 0.5 : -1});
    }
  };
  record(1, 6);
  std::ofstream(at("metrics.jsonl"), std::ios::app) << "{\"step\": 8, \"lo";
  record(5, 8);
  std::istringstream lines(content_of(at("metrics.jsonl")));
  std::vector<int64_t> steps;
  for (std::string line; std::getline(lines, line);) {
    steps.push_back(nlohmann::json::parse(line)["step"]);
  }
  EXPECT_EQ(steps, (std::vector<int64_t>{2, 4, 6, 8}));
}

}  // namespace run_plan_test
}  // namespace assay::tools
