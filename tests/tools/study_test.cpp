// `assay train` on texts of any length, `assay study`, and what cannot be done with such tasks.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "interp/adapters/model_file.h"
#include "interp/network/transformer.h"
#include "tasks/registry.h"
#include "tests/interp/scratch.h"
#include "tests/tools/run_assay.h"

namespace assay::tools {
namespace study_test {

using nlohmann::json;
using testing::HasSubstr;

class StudyCommand : public interp::Scratch {
 protected:
  Finished run(const std::string& arguments) { return run_assay(arguments, at("")); }
  void save_random_model(const std::string& task_name, const std::string& preset) {
    const auto task = tasks::make_task(task_name);
    interp::Transformer model(task->need<tasks::Recipes>().of(preset).model);
    interp::initialise(model, {.seed = 1});
    interp::save_model(model, at("model.safetensors"), {{"task", task->to_json()}});
  }
};

TEST_F(StudyCommand, ReportsEverySurrogate) {
  save_random_model("slalom-words", "one-layer");
  const Finished done =
      run("study --model model.safetensors --inputs 400 --seed 4 --json report.json");
  ASSERT_EQ(done.code, 0) << done.error;
  for (const char* word : {"constant", "linear", "slalom with sink", "correlation"})
    EXPECT_THAT(done.out, HasSubstr(word));
  const json report = json::parse(content_of(at("report.json")));
  EXPECT_EQ(report["fitted_on"], 400);
  EXPECT_EQ(report["seed"], 4);
  EXPECT_TRUE(report["mse"]["slalom"].is_number());
  EXPECT_TRUE(report["recovery"].is_object());
}

TEST_F(StudyCommand, SlowInAnyNumberOfPartsIsOneRun) {
  const auto without_command = [&](const std::string& name) {
    auto report = nlohmann::ordered_json::parse(content_of(at(name)));
    report.erase("command");
    return report.dump();
  };
  for (const char* task : {"slalom-words", "bag-of-words"}) {
    save_random_model(task, "one-layer");
    const std::string study = "study --model model.safetensors --inputs 400 --seed 4 ";
    ASSERT_EQ(run(study + "--json whole.json").code, 0);
    for (const int of : {2, 3, 7}) {
      std::string files;
      for (int i = of; i >= 1; --i) {
        const std::string part = fmt::format("part-{}.json ", i);
        ASSERT_EQ(run(fmt::format("{}--shard {}/{} --json {}", study, i, of, part)).code, 0);
        files += part;
      }
      const Finished merged = run("merge " + files + "--json merged.json");
      ASSERT_EQ(merged.code, 0) << merged.error;
      EXPECT_EQ(without_command("merged.json"), without_command("whole.json"));
    }
  }
  auto part = nlohmann::ordered_json::parse(content_of(at("part-2.json")));
  part["scores"][0][0] = nullptr;
  put("part-2.json", part.dump());
  expect_refusal(
      run("merge part-1.json part-2.json part-3.json part-4.json part-5.json part-6.json "
          "part-7.json --json no.json"),
      {"expected a number, found null"});
}

TEST_F(StudyCommand, TrainsOnTextsOfAnyLength) {
  const Finished done = run("train bag-of-words --preset one-layer --steps 20 --out run");
  ASSERT_EQ(done.code, 0) << done.error;
  EXPECT_EQ(run("study --inputs 300 --model run/model.safetensors").code, 0);
}

TEST_F(StudyCommand, SaysWhatSuchTasksDoNotHave) {
  save_random_model("bag-of-words", "one-layer");
  const auto refused = [&](const std::string& arguments, const std::string& word) {
    const Finished done = run(arguments + " --model model.safetensors");
    EXPECT_EQ(done.code, 2) << done.out;
    EXPECT_EQ(std::ranges::count(done.error, '\n'), 1) << done.error;
    EXPECT_THAT(done.error, HasSubstr(word));
  };
  refused("derive bag-of-words --out .", "nothing to derive");
  refused("discover --task bag-of-words --out circuit.json", "differ in length");
  save_random_model("two-sat", "demo");
  refused("study", "bag-of-words and slalom-words are");
}

}  // namespace study_test
}  // namespace assay::tools
