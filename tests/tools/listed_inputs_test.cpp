// What a list of inputs can show: its own rates, exactly, and nothing of other inputs, unless the
// user says that its lines are independent draws.

#include <regex>
#include <set>

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
    for (int64_t i = 0; i < 60; ++i) {
      const std::string line = task->to_text(tokens[i % 30]);
      distinct_.insert(line);
      lines += line + "\n";
    }
    put("lines.txt", lines);
  }
  std::set<std::string> distinct_;
  /// Text as it was before it was wrapped.
  static std::string on_one_line(const std::string& text) {
    return std::regex_replace(text, std::regex(R"(\s+)"), " ");
  }
  static constexpr const char* kValidate =
      "validate --model model.safetensors --interpretation claim.json --data lines.txt --claim "
      "'or.PE<=0.9' --json r.json ";
};

TEST_F(ListedInputs, SpeakOfThemselvesAndSayHowManyAreDistinct) {
  const Finished ran = run(kValidate);
  EXPECT_THAT(on_one_line(ran.out),
              HasSubstr("60 lines of lines.txt, " + std::to_string(distinct_.size()) +
                        " of them distinct"));
  EXPECT_THAT(on_one_line(ran.out), HasSubstr("nothing is said of other inputs"));
  const auto report = read("r.json");
  EXPECT_EQ(report["scope"], "list");
  EXPECT_LE(distinct_.size(), 30);
  EXPECT_EQ(report["data"]["distinct"], distinct_.size());
  EXPECT_EQ(report["rows"][0]["n"], 60);  // counted as they stand
  EXPECT_EQ(report["rows"][0]["exact"], true);
  EXPECT_FALSE(report["rows"][0].contains("upper"));  // its rate is what it is
}

TEST_F(ListedInputs, AreBoundedOnlyIfTheUserCallsThemDraws) {
  const Finished ran = run(std::string(kValidate) + "--independent");
  EXPECT_THAT(on_one_line(ran.out), HasSubstr("independent draws as stated by the user"));
  const auto report = read("r.json");
  EXPECT_EQ(report["data"]["independent"], true);
  EXPECT_EQ(report["rows"][0]["exact"], false);
  EXPECT_LT(report["rows"][0]["lower"], report["rows"][0]["rate"]);
}

}  // namespace listed_inputs_test
}  // namespace assay::tools
