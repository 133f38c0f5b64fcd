// What a list of inputs can show: its own rates, exactly, and nothing of other inputs, unless the
// user says that its lines are independent draws.

#include "circuits/interpretation/interpretation_file.h"
#include "tests/tools/model_folder.h"

namespace assay::tools {
namespace listed_inputs_test {

using testing::HasSubstr;

class ListedInputs : public ModelFolder {
 protected:
  ListedInputs() {
    const auto loaded = interp::load_model(at("model.safetensors"));
    const auto task = tasks::task_from_json(loaded.metadata["task"]);
    auto derived = task->need<tasks::Interpretations>().derive(
        *loaded.model, {.variant = "disjunction", .inputs = 200});
    derived.interpretation.model_sha256 = loaded.sha256;
    circuits::save_interpretation(derived.interpretation, at("claim.json"));
    // Fresh formulas, each of them twice.
    const at::Tensor tokens = task->sample(tasks::Part::Test, 4, 0, 30).tokens;
    std::string lines;
    for (int64_t i = 0; i < 60; ++i) lines += task->to_text(tokens[i % 30]) + "\n";
    put("lines.txt", lines);
  }
  static constexpr const char* kValidate =
      "validate --model model.safetensors --interpretation claim.json --data lines.txt --claim "
      "'or.PE<=0.9' --json r.json ";
};

TEST_F(ListedInputs, SpeakOfThemselvesAndSayHowManyAreDistinct) {
  const Finished ran = run(kValidate);
  EXPECT_THAT(ran.out, HasSubstr("60 lines of lines.txt, 30 of them distinct"));
  EXPECT_THAT(ran.out, HasSubstr("nothing is said of other inputs"));
  const auto report = read("r.json");
  EXPECT_EQ(report["scope"], "list");
  EXPECT_EQ(report["data"]["distinct"], 30);
  EXPECT_EQ(report["rows"][0]["n"], 60);  // counted as they stand
  EXPECT_EQ(report["rows"][0]["exact"], true);
  EXPECT_EQ(report["rows"][0]["upper"], report["rows"][0]["rate"]);
}

TEST_F(ListedInputs, AreBoundedOnlyIfTheUserCallsThemDraws) {
  const Finished ran = run(std::string(kValidate) + "--independent");
  EXPECT_THAT(ran.out, HasSubstr("independent draws as stated by --independent"));
  const auto report = read("r.json");
  EXPECT_EQ(report["data"]["independent"], true);
  EXPECT_EQ(report["rows"][0]["exact"], false);
  EXPECT_GT(report["rows"][0]["upper"], report["rows"][0]["rate"]);
}

}  // namespace listed_inputs_test
}  // namespace assay::tools
