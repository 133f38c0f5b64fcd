// A network that no task of ours made, on inputs of one's own: measure, discover, explain,
// validate.

#include <gmock/gmock.h>

#include "circuits/interpretation/interpretation_file.h"
#include "tests/axioms/or_network.h"
#include "tests/tools/model_folder.h"

namespace assay::tools {
namespace {

using testing::HasSubstr;

/// or.safetensors asks whether 1 or 3 is among two tokens (tests/axioms/or_network.h).
class OwnData : public ModelFolder {
 protected:
  OwnData() {
    sha256_ = interp::save_model(axioms::or_network(), at("or.safetensors"));
    std::string text = "# left right ? | answer | partner\n";
    const at::Tensor inputs = axioms::or_inputs(0, axioms::kInputs);
    for (int64_t i = 0; i < axioms::kInputs; ++i) {
      const auto left = inputs[i][0].item<int64_t>(), right = inputs[i][1].item<int64_t>();
      const bool yes = left % 2 == 1 || right % 2 == 1;
      text += fmt::format("{} {} 5 | {} | {} 5\n", left, right, yes ? 1 : 0, yes ? "0 2" : "1 2");
    }
    put("inputs.txt", text);
  }

  std::string sha256_;
  const std::string on = " --model or.safetensors --data inputs.txt ";
};

TEST_F(OwnData, ServesDiscoveryAndMeasures) {
  const Finished found =
      run("discover" + on + "--method exact --edges 4 --out c.json --json d.json");
  ASSERT_EQ(found.code, 0) << found.error;
  EXPECT_EQ(read("d.json")["task"]["name"], "data");
  EXPECT_EQ(read("d.json")["task"]["settings"]["answers"], "0 1");
  EXPECT_EQ(read("d.json")["inputs"]["count"], axioms::kInputs);
  const Finished measured = run("measure" + on + "--circuit c.json --json m.json --html m.html");
  ASSERT_EQ(measured.code, 0) << measured.error;
  const nlohmann::json measures = read("m.json")["measures"];
  EXPECT_EQ(measures["network_right"]["rate"], 1);
  EXPECT_NEAR(measures["faithfulness"]["normalised"].get<double>(), 1, 1e-5);
}

TEST_F(OwnData, ServesExplanations) {
  const Finished explained =
      run("explain" + on + "--method occlusion --replacer uniform --json e.json '1 2 5'");
  ASSERT_EQ(explained.code, 0) << explained.error;
  EXPECT_THAT(explained.out, HasSubstr("answer"));
  const auto scores = read("e.json")["explanations"][0]["scores"];
  EXPECT_GT(scores[0].get<double>(), scores[1].get<double>());  // 1 is why, 2 is not
  expect_refused("explain" + on + "--method random '1 2 7'", "token 7 is out of range [0, 6)");
}

TEST_F(OwnData, IsAskedForWhereNothingElseSaysWhatInputsAre) {
  expect_refused("discover --model or.safetensors --out no.json", "--data");
  expect_refused("discover --model or.safetensors --task data --out no.json",
                 "name their file with --data");
  put("wrong.txt", "1 2 5 | 9\n");
  expect_refused("discover --model or.safetensors --data wrong.txt --out no.json",
                 "wrong.txt:1: token 9: the network has tokens 0 to 5");
  put("long.txt", "1 2 3 5 | 0\n");
  expect_refused("discover --model or.safetensors --data long.txt --out no.json", "n_ctx");
}

}  // namespace
}  // namespace assay::tools
