// Trainings side by side: which runs a file asks for, and that each is the run it would be alone.

#include "tools/sweep.h"

#include <gmock/gmock.h>

#include <fstream>

#include "interp/adapters/model_file.h"
#include "interp/network/transformer.h"
#include "tests/interp/scratch.h"
#include "tests/tools/run_assay.h"

namespace assay::tools {
namespace sweep_test {

using nlohmann::json;
using nlohmann::ordered_json;
using testing::ElementsAre;
using testing::HasSubstr;

class Sweep : public interp::Scratch {
 protected:
  SweepRequest read(const std::string& text) {
    std::ofstream(at("sweep.json")) << text;
    return read_sweep(at("sweep.json"));
  }
  std::string refusal(const std::string& text) {
    try {
      runs_of(read(text), "two-sat", {});
    } catch (const std::exception& error) {
      return error.what();
    }
    return "";
  }
};

std::vector<std::string> folders_of(const std::vector<SweptRun>& runs) {
  std::vector<std::string> folders;
  for (const SweptRun& run : runs) folders.push_back(run.folder);
  return folders;
}

TEST_F(Sweep, IsEveryCombination) {
  const auto runs = runs_of(
      read(
          R"({"presets": ["demo", "variable"], "seeds": [3, 9], "settings": {"variables": [4, 5]}})"),
      "two-sat", {});
  ASSERT_EQ(runs.size(), 8);
  EXPECT_EQ(runs[0].folder, "01-demo-seed-3");
  EXPECT_EQ(runs[7].folder, "08-variable-seed-9");
  EXPECT_EQ(runs[0].recipe, runs[1].recipe);  // seeds vary fastest
  EXPECT_NE(runs[1].recipe, runs[2].recipe);
  EXPECT_EQ(runs[2].plan.task["settings"]["variables"], 5);
  EXPECT_EQ(runs[0].plan.task["settings"]["variables"], 4);
}

TEST_F(Sweep, OfNothingIsTheRunWithoutASweep) {
  const auto runs = runs_of(read("{}"), "two-sat", {});
  ASSERT_EQ(runs.size(), 1);
  EXPECT_EQ(to_json(runs[0].plan), to_json(make_plan({.task = "two-sat"})));
}

TEST_F(Sweep, OfStepsSharesThemOut) {
  const auto runs = runs_of(read(R"({"presets": ["demo"], "steps": [50, 70]})"), "two-sat", {});
  ASSERT_EQ(runs.size(), 2);
  EXPECT_EQ(runs[1].plan.steps, 70);
  EXPECT_EQ(runs[1].recipe, "demo, 70 steps");
}

TEST_F(Sweep, RefusesWhatItWouldHaveToGuess) {
  EXPECT_THAT(refusal(R"({"seed": [1]})"), HasSubstr("seed"));
  EXPECT_THAT(refusal(R"({"seeds": []})"), HasSubstr("seeds"));
  EXPECT_THAT(refusal(R"({"seeds": [1, 2, 1]})"), HasSubstr("field 'seeds': 1 stands twice"));
  EXPECT_THAT(refusal(R"({"seeds": [-1]})"), HasSubstr("seeds[0]"));
  EXPECT_THAT(refusal(R"({"steps": [0]})"), HasSubstr("steps[0]"));
  EXPECT_THAT(refusal(R"({"presets": ["dema"]})"), HasSubstr("'dema'"));
  EXPECT_THAT(refusal(R"({"settings": {"clouses": [3]}})"), HasSubstr("clouses"));
  EXPECT_THAT(refusal(R"({"settings": {"variables": [4, 4]}})"), HasSubstr("settings.variables"));
  EXPECT_THAT(refusal(R"({"settings": {"variables": 4}})"), HasSubstr("settings.variables"));
  EXPECT_THAT(refusal("[]"), HasSubstr("sweep.json"));
  std::string many = R"({"seeds": [0)";
  for (int seed = 1; seed <= 10'000; ++seed) many += fmt::format(",{}", seed);
  EXPECT_THAT(refusal(many + "]}"), HasSubstr("more than 10,000 runs"));
  EXPECT_THROW(runs_of(read(R"({"settings": {"variables": [4]}})"), "two-sat", {{"variables", 5}}),
               std::invalid_argument);
}

SweptRun run_of(const std::string& folder, const std::string& recipe,
                std::optional<double> accuracy) {
  SweptRun run{.folder = folder, .recipe = recipe, .plan = {}, .outcome = {}, .failed = {}};
  if (accuracy)
    run.outcome = SweptOutcome{.accuracy = Accuracy{.share = *accuracy, .inputs = 100},
                               .accuracy_trained = {},
                               .model_sha256 = {}};
  return run;
}

TEST_F(Sweep, SaysHowFarItsRunsLieApart) {
  SweepRecord record{{run_of("a", "one", 0.5), run_of("b", "one", 0.9), run_of("c", "one", 0.6),
                      run_of("d", "two", {})}};
  EXPECT_EQ(sweep_sentence(record),
            "3 of 4 runs are done. Accuracy is between 50% (a) and 90% (b).");
  record.runs[3].failed = "no space";
  EXPECT_THAT(sweep_sentence(record), HasSubstr("3 of 4 runs are done. 1 failed."));
  const auto recipes = recipes_of(record);
  ASSERT_EQ(recipes.size(), 2);
  EXPECT_THAT(recipes[0].accuracies, ElementsAre(0.5, 0.6, 0.9));
  EXPECT_EQ(median_of(recipes[0].accuracies), 0.6);
  EXPECT_EQ(median_of({0.25, 0.75}), 0.5);
  EXPECT_EQ(recipes[1].runs, 1);
  EXPECT_TRUE(recipes[1].accuracies.empty());
  for (SweptRun& run : record.runs)
    run.plan = {
        .task = {{"name", "two-sat"}, {"settings", json::object()}}, .preset = "demo", .steps = 5};
  const ordered_json written = interp::write_record(record);
  EXPECT_EQ(interp::write_record(interp::read_record<SweepRecord>(written, "s.json")), written);
}

TEST_F(Sweep, SlowRunsAreThoseOfSingleTrainingsAndGoOnAfterAnInterrupt) {
  std::ofstream(at("sweep.json")) << R"({"presets": ["demo"], "seeds": [1, 2, 3], "steps": [300]})";
  const std::string train = "train two-sat --threads 2 ";
  ASSERT_EQ(run_assay(train + "--preset demo --steps 300 --seed 2 --out alone", at("")).code, 0);
  const std::string sweep = train + "--sweep sweep.json --out runs ";
  const std::string sender =
      "(while [ ! -e runs/02-demo-seed-2/checkpoint.pt ]; do sleep 0.05; done; kill -INT \\$\\$) &";
  EXPECT_EQ(run_assay(sweep + "--resume", at("")).code, 2);  // there is none to go on with
  EXPECT_FALSE(std::filesystem::exists(at("runs")));
  const Finished interrupted = run_assay(sweep, at(""), sender);
  EXPECT_EQ(interrupted.code, 130) << interrupted.error;
  EXPECT_THAT(interrupted.out, HasSubstr("--sweep sweep.json --out runs --resume"));
  EXPECT_EQ(run_assay(sweep, at("")).code, 2);  // it holds a sweep already
  const Finished done = run_assay(sweep + "--resume --json record.json", at(""));
  ASSERT_EQ(done.code, 0) << done.error;
  const auto record = interp::read_record<SweepRecord>(
      ordered_json::parse(content_of(at("record.json"))), "record.json");
  EXPECT_THAT(done.out, HasSubstr(sweep_sentence(record)));
  EXPECT_THAT(folders_of(record.runs),
              ElementsAre("01-demo-seed-1", "02-demo-seed-2", "03-demo-seed-3"));
  EXPECT_EQ(record.runs[1].outcome->model_sha256,
            json::parse(content_of(at("runs/02-demo-seed-2/manifest.json")))["model_sha256"]);
  const auto alone = interp::load_model(at("alone/model.safetensors")),
             beside = interp::load_model(at("runs/02-demo-seed-2/model.safetensors"));
  for (size_t i = 0; i < alone.model->weights().size(); ++i)
    EXPECT_TRUE(alone.model->weights()[i].equal(beside.model->weights()[i]));

  // Another list of runs does not go on here; a run that cannot be made does not stop the others.
  std::ofstream(at("sweep.json")) << R"({"presets": ["demo"], "seeds": [1, 2], "steps": [300]})";
  EXPECT_THAT(run_assay(sweep + "--resume", at("")).error, HasSubstr("its runs are not those of"));
  std::filesystem::create_directory(at("other"));
  std::ofstream(at("other/01-demo-seed-1")) << "in the way";
  const Finished failed = run_assay(train + "--sweep sweep.json --out other", at(""));
  EXPECT_EQ(failed.code, 2);
  EXPECT_THAT(failed.error, HasSubstr("01-demo-seed-1: no folder can be made here"));
  EXPECT_THAT(failed.out, HasSubstr("1 of 2 runs are done. 1 failed."));
}

}  // namespace sweep_test
}  // namespace assay::tools
