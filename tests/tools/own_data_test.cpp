// A network that no task of ours made, on inputs of one's own: measure, discover, explain,
// validate.

#include <gmock/gmock.h>

#include "circuits/interpretation/interpretation_file.h"
#include "interp/files/files.h"
#include "tests/axioms/or_network.h"
#include "tests/tools/model_folder.h"

namespace assay::tools {
namespace own_data_test {

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
                 "wrong.txt:1: answer 9: the network has outputs 0 to 5");
  put("long.txt", "1 2 3 5 | 0\n1 2 3 5 | 1\n");
  expect_refused("discover --model or.safetensors --data long.txt --out no.json", "n_ctx");
}

// --- what a shared object brings (tools/examples/own_task.cpp)

class OwnTask : public OwnData {
 protected:
  OwnTask() {
    circuits::Interpretation said = axioms::or_interpretation();
    said.title = "1 or 3 among two tokens";
    said.task = {{"name", "data"}, {"settings", {{"answers", "0 1"}}}};
    said.fitted_on = nlohmann::json::object();
    said.model_sha256 = sha256_;
    circuits::save_interpretation(said, at("said.json"));
  }

  const std::string load = std::string("--load ") + OWN_TASK + " ";
  const std::string validate = "validate --model or.safetensors --interpretation said.json ";
};

TEST_F(OwnTask, BringsAnOperationToValidateWith) {
  const std::string claims = "--data inputs.txt --claim 'some.PE<=0' --claim 'answer.PR<=0' ";
  const Finished valid = run(load + validate + claims + "--json v.json");
  ASSERT_EQ(valid.code, 0) << valid.out << valid.error;
  const nlohmann::json report = read("v.json");
  EXPECT_EQ(report["inputs"], axioms::kInputs);
  EXPECT_EQ(report["scope"], "list");
  for (const auto& row : report["rows"]) EXPECT_EQ(row["failures"], 0) << row;
  EXPECT_THAT(report["command"].get<std::string>(), HasSubstr("--load"));
  EXPECT_EQ(report["loaded"][0]["path"], OWN_TASK);
  EXPECT_EQ(report["loaded"][0]["sha256"], interp::sha256_of_file(OWN_TASK));

  const Finished page = run(load + "report v.json --out v.html");
  ASSERT_EQ(page.code, 0) << page.error;
  EXPECT_THAT(content_of(at("v.html")), testing::Not(HasSubstr("name their file with")));
  expect_refused(validate + claims + "--json no.json", "unknown h operation 'among'");
  expect_refused(load + validate + "--json no.json", "name their file with --data");
  put("others.txt", "1 2 5 | 1\n0 2 5 | 4\n");
  expect_refused(load + validate + "--data others.txt --json no.json", "answers \"0 1\"");
}

TEST_F(OwnTask, BringsATaskThatEveryCommandKnows) {
  const std::string model = " --model m/model.safetensors ";
  ASSERT_EQ(run(load + "train most-bits --out m --steps 3 --quiet").code, 0);
  EXPECT_EQ(read("m/manifest.json")["task"]["name"], "most-bits");
  const Finished circuit = run(load + "discover" + model +
                               "--inputs 20 --method eap --ablation mean --edges 9 --out c.json");
  ASSERT_EQ(circuit.code, 0) << circuit.error;
  const Finished measured =
      run(load + "measure" + model + "--inputs 20 --ablation mean --circuit c.json --html m.html");
  ASSERT_EQ(measured.code, 0) << measured.error;
  EXPECT_THAT(content_of(at("m.html")), HasSubstr("Five bits of nine decide."));
  EXPECT_EQ(read("c.json")["assay"]["loaded"][0]["path"], OWN_TASK);
  ASSERT_EQ(run(load + "explain" + model + "--method random '0 1 1 0 1 0 0 1 1'").code, 0);
  EXPECT_EQ(run(load + "inspect m/model.safetensors").code, 0);
  expect_refused("discover" + model + "--out no.json", "unknown task 'most-bits'");
  expect_refused(load + "derive most-bits --model m/model.safetensors --out d",
                 "no interpretation of networks for most-bits is known");
}

TEST_F(OwnTask, IsListedWithItsOriginAndHelp) {
  ASSERT_EQ(run(load + "list --json l.json").code, 0);
  const nlohmann::json entries = read("l.json")["entries"];
  const auto brought = [&](const char* kind) {
    std::vector<std::string> names;
    for (const auto& entry : entries[kind])
      if (entry["origin"] == OWN_TASK) names.push_back(entry["name"]);
    return names;
  };
  EXPECT_THAT(brought("tasks"), testing::ElementsAre("most-bits"));
  EXPECT_THAT(brought("h"), testing::ElementsAre("among"));
  EXPECT_THAT(brought("sections"), testing::ElementsAre("majorities"));
  EXPECT_THAT(run(load + "train --help").out, HasSubstr("are most of nine bits on?"));
  EXPECT_THAT(run(load + "completion bash").out, HasSubstr("most-bits"));
  EXPECT_THAT(run("completion bash").out, testing::Not(HasSubstr("most-bits")));
  expect_refused("list colours", "unknown kind 'colours'; there are tasks, h, alpha");
}

TEST_F(OwnData, AnEntryWithoutItsFunctionIsRefusedWhenItIsLoaded) {
  const std::string load = std::string("--load ") + INCOMPLETE_PLUGIN + " list";
  EXPECT_EQ(run_assay(load, at("")).code, 0);  // it brings nothing
  for (const std::string entry : {"task", "operation", "mutation", "metric", "ablation", "method",
                                  "explainer", "replacer", "section", "layout", "family", "record"})
    expect_refusal(run_assay(load, at(""), "export INCOMPLETE=" + entry + ";"),
                   {"incomplete_plugin", "'bare' is added without its function"});
}

TEST_F(OwnData, LoadsNothingElse) {
  put("text.so", "no library");
  expect_refused("--load text.so list", "--load text.so: cannot be loaded");
  expect_refused("--load none.so list", "--load none.so: no such file");
  expect_refused("--load", "--load: expected a file");
  expect_refused(std::string("--load ") + OTHER_ABI + " list", "-other, C++");
  expect_refused(std::string("--load ") + OWN_TASK + " --load " + OWN_TASK + " list",
                 "there is a task 'most-bits' already");
  expect_refused("--load /lib/x86_64-linux-gnu/libz.so.1 list", "no plugin of assay");
}

}  // namespace own_data_test
}  // namespace assay::tools
