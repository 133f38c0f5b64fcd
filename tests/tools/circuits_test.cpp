// From scores to a drawing, on the real binary: discover, measure, graph, compare-circuits.

#include <gmock/gmock.h>

#include "tests/tools/model_folder.h"

namespace assay::tools {
namespace circuits_test {

using nlohmann::json;
using testing::HasSubstr;

class CircuitCommands : public ModelFolder {
 protected:
  const std::string on_model = " --task two-sat --model model.safetensors --inputs 40 ";
};

TEST_F(CircuitCommands, GoFromScoresToADrawing) {
  ASSERT_EQ(run("discover" + on_model + "--method exact --edges 20 --out a.json").code, 0);
  ASSERT_EQ(run("discover" + on_model + "--method eap-ig --share 0.5 --out b.json").code, 0);
  EXPECT_EQ(read("a.json")["edges"].size(), read("b.json")["edges"].size());
  ASSERT_EQ(run("measure" + on_model + "--circuit a.json --ablation all --json m.json").code, 0);
  EXPECT_EQ(read("m.json")["measures"]["rows"].size(), 5u);
  ASSERT_EQ(run("measure" + on_model + "--circuit b.json --tests --draws 19 --curve").code, 0);
  const Finished compared = run("compare-circuits a.json b.json --json c.json");
  EXPECT_EQ(compared.code, 0);
  EXPECT_GT(read("c.json")["jaccard"], 0);
  ASSERT_EQ(run("graph a.json --out a.svg").code, 0);
  EXPECT_THAT(content_of(at("a.svg")), HasSubstr("a1.h1"));
  ASSERT_EQ(run("graph a.json --out a.dot").code, 0);
  ASSERT_EQ(run("graph a.json --out graph.json --prompt '( x0 x1 ) ( Not(x0) x2 ) ( x1 x2 ) "
                "( x0 Not(x2) ) :'")
                .code,
            0);
  EXPECT_EQ(read("graph.json")["metadata"]["prompt_tokens"].size(), 17u);
}

/// So many prompts, all the same pair of formulas.
std::string prompts(int count) {
  const std::string pair = R"({"clean": "( x0 x1 ) ( x0 Not(x1) ) ( Not(x0) x1 ) ( x0 x2 ) :",)"
                           R"( "corrupt": "( x0 x1 ) ( x0 Not(x1) ) ( Not(x0) x1 ) )"
                           R"(( Not(x0) Not(x1) ) :", "answers": ["s"]})";
  std::string all;
  for (int i = 0; i < count; ++i) all += (i == 0 ? "" : ",") + pair;
  return R"({"prompts": [)" + all + "]}";
}

// One formula 200 times is one formula: nothing is bounded, and it is said.
TEST_F(CircuitCommands, AFileIsAListUnlessItsLinesAreSaidToBeDraws) {
  put("same.json", prompts(200));
  const std::string task = " --task two-sat --model model.safetensors --data same.json ";
  const Finished found =
      run("discover" + task + "--method exact --edges 20 --out a.json --json d.json");
  ASSERT_EQ(found.code, 0) << found.error;
  EXPECT_THAT(found.out, HasSubstr("1 distinct"));
  EXPECT_TRUE(read("d.json")["edges"]["m1->logits"]["standard_error"].is_null());

  const Finished list = run("measure" + task + "--circuit a.json --tests --draws 19 --json m.json");
  ASSERT_EQ(list.code, 0) << list.error;
  EXPECT_THAT(list.out, HasSubstr("exact for this list"));
  EXPECT_THAT(list.out, HasSubstr("no interval"));
  EXPECT_EQ(read("m.json")["inputs"]["distinct"], 1);
  EXPECT_EQ(read("m.json")["inputs"]["outside"], 0);
  EXPECT_TRUE(read("m.json")["measures"]["agreement"]["interval"].is_null());
  EXPECT_FALSE(read("m.json")["tests"].contains("equivalence"));
  expect_refused("measure" + task + "--circuit a.json --stability", "--independent");

  const Finished drawn =
      run("measure" + task + "--circuit a.json --independent --json i.json --html i.html");
  ASSERT_EQ(drawn.code, 0) << drawn.error;
  EXPECT_THAT(drawn.out, HasSubstr("as --independent says"));
  EXPECT_TRUE(read("i.json")["measures"]["agreement"]["interval"].is_array());
  EXPECT_TRUE(read("i.json")["measures"]["faithfulness"]["interval"].is_null());  // all alike
  expect_refused("measure" + on_model + "--circuit a.json --independent", "--data");
}

TEST_F(CircuitCommands, FourInputsShowNothing) {
  ASSERT_EQ(run("discover" + on_model + "--method eap --edges 20 --out a.json").code, 0);
  json nothing = read("a.json");
  for (auto& edge : nothing["edges"]) edge["in_graph"] = false;
  put("empty.json", nothing.dump());
  const std::string few = " --task two-sat --model model.safetensors --inputs 4 --tests ";
  ASSERT_EQ(run("measure" + few + "--circuit empty.json --json e.json").code, 0);
  EXPECT_FALSE(read("e.json")["tests"].contains("equivalence"));
  EXPECT_THAT(read("e.json")["tests"]["skipped"][0], HasSubstr("nothing to test"));
  ASSERT_EQ(run("measure" + few + "--circuit a.json --margin 0.2 --json f.json").code, 0);
  EXPECT_EQ(read("f.json")["tests"]["equivalence"]["outcome"], "could not tell");
  EXPECT_EQ(read("f.json")["tests"]["equivalence"]["margin"], 0.2);
  EXPECT_NE(read("f.json")["tests"]["independence"]["outcome"], "shown");
}

TEST_F(CircuitCommands, RefuseADeviceThatTheyDoNotRunOn) {
  for (const std::string command : {"discover --out no.json", "measure", "study", "convert"})
    expect_refused(command + " --device cuda", "cuda: this command runs on the cpu alone");
}

TEST_F(CircuitCommands, ScoresDoNotDependOnTheThreads) {
  for (const std::string threads : {"1", "2"})
    ASSERT_EQ(run("discover" + on_model + "--positions --method eap --threads " + threads +
                  " --out t" + threads + ".json")
                  .code,
              0);
  EXPECT_EQ(read("t1.json")["edges"], read("t2.json")["edges"]);
}

TEST_F(CircuitCommands, RefuseWhatCannotBe) {
  ASSERT_EQ(run("discover" + on_model + "--method eap --out a.json").code, 0);
  json circuit = read("a.json");
  circuit["cfg"]["n_heads"] = 2;
  circuit["edges"] = json::object();
  put("other.json", circuit.dump());
  circuit["edges"]["m1->m0"] = {{"in_graph", true}};
  put("cycle.json", circuit.dump());
  put("alone.json", R"({"prompts": [{"clean": "( x0 x1 ) ( x0 x1 ) ( x0 x1 ) ( x0 x1 ) :",
                                     "answers": ["s"]}]})");
  put("long.json", R"({"prompts": [{"clean": [1, 2, 3], "answers": ["s"]}]})");
  const std::string task = " --task two-sat --model model.safetensors ";
  expect_refused("discover" + on_model + "--edges 5000 --out no.json", "has only");
  expect_refused("discover" + on_model + "--method sae --out no.json",
                 "exact, eap, eap-ig, eap-ig-left, acdc");
  expect_refused("discover" + on_model + "--select best --out no.json", "greedy, top");
  expect_refused("discover" + task + "--data alone.json --out no.json",
                 "no counterfactual partners");
  expect_refused("discover" + task + "--data long.json --out no.json",
                 "prompt 1: expected 17 tokens");
  expect_refused("measure" + on_model + "--circuit other.json", "another network");
  expect_refused("measure" + on_model + "--circuit cycle.json", "not computed before");
  expect_refused("measure" + on_model + "--circuit a.json --ablation all --tests", "one ablation");
  expect_refused("graph a.json --out a.png", ".svg, .dot or .json");
  expect_refused("compare-circuits a.json other.json", "different networks");
}

}  // namespace circuits_test
}  // namespace assay::tools
