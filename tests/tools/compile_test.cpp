// Networks with known answers, on the real binary: compile, and what is judged by them.

#include <gmock/gmock.h>

#include <cmath>

#include "tests/tools/model_folder.h"

namespace assay::tools {
namespace compile_test {

using nlohmann::json;
using testing::HasSubstr;

class Compile : public ModelFolder {};

TEST_F(Compile, WritesANetworkThatTheOtherCommandsTake) {
  const Finished compiled = run("compile reverse --out r");
  ASSERT_EQ(compiled.code, 0) << compiled.error;
  EXPECT_THAT(compiled.out, HasSubstr("5,120 of 5,120 inputs as the program says"));
  const std::string on = "validate --model r/model.safetensors --interpretation r/";
  EXPECT_EQ(run(on + "true.json --claim 'answer.PE<=0'").code, 0);
  EXPECT_EQ(run(on + "false.json --claim 'answer.PE<=0'").code, 1);
  EXPECT_EQ(run("prove --model r/model.safetensors --interpretation r/true.json").code, 0);
  const Finished explained =
      run("explain --model r/model.safetensors --features token --method occlusion:replacement "
          "'a b c d a 2'");
  EXPECT_EQ(explained.code, 0) << explained.error;
}

TEST_F(Compile, TakesProgramsFromFiles) {
  ASSERT_EQ(run("compile reverse --out r").code, 0);
  json program = read("r/program.json");
  program["name"] = "own";
  put("own.json", program.dump());
  ASSERT_EQ(run("compile own.json --out own").code, 0);
  EXPECT_EQ(run("validate --model own/model.safetensors --interpretation own/true.json "
                "--claim 'answer.PE<=0'")
                .code,
            0);
  // The same program has the same weights, whatever it is called.
  EXPECT_EQ(read("own/circuit.json")["edges"], read("r/circuit.json")["edges"]);
  program["answer"] = "lost";
  put("own.json", program.dump());
  expect_refusal(run("compile own.json --out own"), {"unknown variable 'lost'"});
  put("own.json", "[]");
  expect_refusal(run("compile own.json --out own"), {"program"});
  expect_refusal(run("compile nothing --out own"), {"nothing", "histogram, reverse, rank"});
  expect_refusal(run("compile reverse --out r --sharpness 1"), {"sharpness", "4 to 80"});
}

TEST_F(Compile, GivesATruthThatCircuitsAreJudgedBy) {
  ASSERT_EQ(run("compile rank --out r").code, 0);
  ASSERT_EQ(run("discover --model r/model.safetensors --method exact --inputs 100 --ablation zero "
                "--edges 6 --select top --keep-dead-ends --out f.json")
                .code,
            0);
  ASSERT_EQ(run("compare-circuits f.json r/circuit.json --truth --json c.json").code, 0);
  const json truth = read("c.json")["truth"], found = read("f.json")["edges"],
             right = read("r/circuit.json")["edges"];
  double shared = 0, kept = 0, all = 0, wins = 0, pairs = 0;
  for (const auto& [name, edge] : found.items()) {
    const bool is_true = right[name]["in_graph"], is_kept = edge["in_graph"];
    shared += is_true && is_kept, kept += is_kept, all += is_true;
    for (const auto& [other, one] : found.items()) {
      if (!is_true || right[other]["in_graph"].get<bool>()) continue;
      const double a = std::abs(edge["score"].get<double>()),
                   b = std::abs(one["score"].get<double>());
      wins += a > b ? 1 : a == b ? .5 : 0, ++pairs;
    }
  }
  EXPECT_EQ(kept, 6);
  EXPECT_EQ(truth["edges"], found.size());
  EXPECT_DOUBLE_EQ(truth["precision"], shared / kept);
  EXPECT_DOUBLE_EQ(truth["recall"], shared / all);
  EXPECT_NEAR(truth["auroc"], wins / pairs, 1e-9);
  // A circuit without scores has no AUROC, and finds itself.
  ASSERT_EQ(run("compare-circuits r/circuit.json r/circuit.json --truth --json c.json").code, 0);
  EXPECT_EQ(read("c.json")["truth"]["auroc"], nullptr);
  EXPECT_EQ(read("c.json")["truth"]["precision"], 1);
  ASSERT_EQ(run("compare-circuits f.json r/circuit.json --json c.json").code, 0);
  EXPECT_EQ(read("c.json")["truth"], nullptr);
}

}  // namespace compile_test
}  // namespace assay::tools
