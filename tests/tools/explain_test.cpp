// `assay explain` and `assay compare` on the real binary.

#include <gmock/gmock.h>

#include "tests/tools/model_folder.h"

namespace assay::tools {
namespace explain_test {

using nlohmann::json;
using testing::HasSubstr;

class Explanations : public ModelFolder {
 protected:
  const std::string formula = " '( x0 x1 ) ( Not(x0) x2 ) ( x1 x2 ) ( x0 Not(x2) )' ";
  const std::string explain = "explain --model model.safetensors --json no.json ";
  const std::string compare = "compare --model model.safetensors --json no.json ";
};

TEST_F(Explanations, AreShownWrittenAndDrawn) {
  const Finished ran =
      run("explain --model model.safetensors --method random --features clause "
          "--json e.json --html e.html" +
          formula);
  ASSERT_EQ(ran.code, 0) << ran.error;
  EXPECT_THAT(ran.out, HasSubstr("( Not(x0) x2 )"));
  EXPECT_THAT(ran.out, HasSubstr("log-odds:"));
  const json report = read("e.json");
  EXPECT_EQ(report["features"].size(), 4U);
  EXPECT_EQ(report["tokens"].size(), 17U);
  EXPECT_EQ(report["explanations"][0]["scores"].size(), 4U);
  EXPECT_THAT(content_of(at("e.html")), HasSubstr("( Not(x0) x2 )"));
}

TEST_F(Explanations, OfANamedTargetAndTaskAndOfManyMethods) {
  ASSERT_EQ(run("explain --model unnamed.safetensors --task two-sat --json e.json" + formula +
                "--method random")
                .code,
            2);  // without settings the task is the one over five variables
  ASSERT_EQ(run("explain --model model.safetensors --features literal --target "
                "logit-difference:s:u --method random --method random:normal" +
                formula + "--json e.json")  // the input is no third method
                .code,
            0);
  const json report = read("e.json");
  EXPECT_EQ(report["explanations"].size(), 2U);
  EXPECT_EQ(report["features"][0]["name"], "x0");
  EXPECT_THAT(report["facts"]["explained"].get<std::string>(), HasSubstr("logit-difference:s:u"));
}

TEST_F(Explanations, BadOnesAreRefused) {
  expect_refused(explain + "--method nosuch" + formula, "unknown method 'nosuch'; there are");
  expect_refused(explain + "--method random:nosuch" + formula, "unknown preset");
  expect_refused(explain + formula, "--method is required");
  expect_refused(explain + "--method random --target odds:s" + formula, "unknown target 'odds'");
  expect_refused(explain + "--method random --target logit:y" + formula, "no token 'y'");
  expect_refused(explain + "--method random --features word" + formula,
                 "no features 'word'; there are token, literal, clause");
  expect_refused(explain + "--method random '( x0 x1 )'", "the formula has 1 clauses");
  expect_refused(explain + "--method random --html nowhere/e.html" + formula, "nowhere/e.html");
  expect_refused(explain + "--method random@nosuch" + formula,
                 "unknown reading of method 'random' 'nosuch'; there are none");
  expect_refused(explain + "--method reagent@raw" + formula,
                 "no reading 'raw' of this target; there are marginal");
  expect_refused(explain + "--method random --target rank" + formula, "expected rank:TOKEN");
  expect_refused(explain + "--method gradient-norm --target rank:s" + formula, "no gradient");
  expect_refused(explain + "--method lime:deletion" + formula, "inputs of one length");
  expect_refused(explain + "--method slalom" + formula, "inputs of one length");
  expect_refused(explain + "--method lime --replacer nosuch" + formula, "conditional");
  expect_refused("explain --model unnamed.safetensors --method random" + formula,
                 "names no task; name it with --task");
}

TEST_F(Explanations, AreComparedOnFreshInputs) {
  const Finished ran =
      run("compare --model model.safetensors --methods random,random:normal --inputs 5 --json "
          "c.json --html c.html");
  ASSERT_EQ(ran.code, 0) << ran.error;
  EXPECT_THAT(content_of(at("c.html")), HasSubstr("Methods compared"));
  EXPECT_THAT(ran.out, HasSubstr("cost of an explanation"));
  const json report = read("c.json");
  EXPECT_EQ(report["inputs"].size(), 5U);
  const json& methods = report["summary"]["methods"];
  EXPECT_EQ(methods[0]["method"], "random");
  EXPECT_EQ(methods[1]["method"], "random");
  EXPECT_FALSE(report["partial"]);
}

TEST_F(Explanations, AreReadInOtherWays) {
  const Finished ran =
      run("explain --model model.safetensors --features clause --json e.json "
          "--method reagent@marginal-se --method reagent --rows 40" +
          formula);
  ASSERT_EQ(ran.code, 0) << ran.error;
  const json report = read("e.json");
  EXPECT_EQ(report["explanations"][0]["method"], "reagent:small-vocab@marginal-se");
  EXPECT_EQ(report["explanations"][0]["scores"], report["explanations"][1]["standard_errors"]);
}

TEST_F(Explanations, HelpListsWhatThereIs) {
  const std::string help = run("explain --help").out;
  for (const char* word : {":small-vocab", "@linearised", "log-odds:TOKEN",
                           "token, literal, clause", "conditional, empirical", "modular-addition"})
    EXPECT_THAT(help, HasSubstr(word));
  size_t examples = 0;
  for (size_t at = 0; (at = help.find("assay explain --model", at)) != help.npos; ++at) ++examples;
  EXPECT_EQ(examples, 2U);
}

TEST_F(Explanations, AMethodThatFailsEverywhereIsToldAndTheOthersAreKept) {
  const Finished ran =
      run("compare --model model.safetensors --methods random,reagent@raw --inputs 3 --rows 20 "
          "--json c.json");
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.out, HasSubstr("failed and is left out on 3 of 3 inputs"));
  EXPECT_THAT(ran.error, HasSubstr("reagent:small-vocab@raw failed on every input"));
  const json methods = read("c.json")["summary"]["methods"];
  EXPECT_EQ(methods[0]["measures"]["curves.insertion"]["inputs"], 3);
  EXPECT_EQ(methods[1]["failures"]["inputs"], 3);
}

class ResumedComparison : public Explanations {
 protected:
  Finished compare_inputs(const std::string& report, const std::string& more,
                          const std::string& signal = "") {
    const std::string arguments =
        "compare --model model.safetensors --methods random,lime --reference occlusion "
        "--features clause --rows 100 --json " +
        report + " " + more;
    if (signal.empty()) return run(arguments);
    // The signal comes as soon as something is saved.
    return run_assay(
        arguments, at(""),
        "(while [ ! -e " + report + " ]; do sleep 0.02; done; kill -" + signal + " \\$\\$) &");
  }
  /// A report without what differs between any two runs.
  json facts(const std::string& name) const {
    json report = read(name);
    report.erase("command");
    for (json& method : report["summary"]["methods"]) method.erase("seconds");
    for (json& input : report["inputs"])
      for (json& method : input["methods"]) method.erase("seconds");
    return report;
  }
};

TEST_F(ResumedComparison, SlowAfterAKillOrAnInterruptEndsAsIfThereHadBeenNone) {
  ASSERT_EQ(compare_inputs("whole.json", "--inputs 60").code, 0);
  EXPECT_EQ(compare_inputs("killed.json", "--inputs 60", "KILL").code, 128 + 9);
  EXPECT_TRUE(read("killed.json")["partial"].get<bool>());
  EXPECT_LT(read("killed.json")["inputs"].size(), 60U);
  EXPECT_EQ(compare_inputs("killed.json", "--inputs 60 --resume").code, 0);
  EXPECT_EQ(facts("killed.json"), facts("whole.json"));

  const Finished stopped = compare_inputs("stopped.json", "--inputs 60", "INT");
  EXPECT_EQ(stopped.code, 130);
  EXPECT_THAT(stopped.out, HasSubstr("--resume goes on"));
  EXPECT_EQ(compare_inputs("stopped.json", "--inputs 60 --resume").code, 0);
  EXPECT_EQ(facts("stopped.json"), facts("whole.json"));
}

TEST_F(ResumedComparison, IsExtendedAndRefusesAnother) {
  ASSERT_EQ(compare_inputs("whole.json", "--inputs 4").code, 0);
  ASSERT_EQ(compare_inputs("part.json", "--inputs 2").code, 0);
  ASSERT_EQ(compare_inputs("part.json", "--inputs 4 --resume").code, 0);
  EXPECT_EQ(facts("part.json"), facts("whole.json"));
  expect_refusal(compare_inputs("part.json", "--inputs 4 --resume --seed 2"),
                 {"part.json", "another comparison", "seed is 1, not 2"});
  expect_refusal(compare_inputs("nosuch.json", "--inputs 4 --resume"), {"nosuch.json"});
  put("broken.json", "{");
  expect_refusal(compare_inputs("broken.json", "--inputs 4 --resume"),
                 {"broken.json", "not a report"});
  const auto refuse_scores = [&](const json& scores) {
    json changed = read("part.json");
    changed["inputs"][1]["methods"][0]["scores"] = scores;
    put("changed.json", changed.dump());
    expect_refusal(compare_inputs("changed.json", "--inputs 4 --resume"),
                   {"changed.json", "'inputs[1]', random", "one per feature"});
  };
  refuse_scores({0.5});
  refuse_scores(json::array());  // and no failure that explains it
  expect_refusal(run("compare --model model.safetensors --methods random --resume"), {"--json"});
  EXPECT_EQ(facts("part.json"), facts("whole.json"));  // as it was
}

TEST_F(Explanations, ComparisonsOfWhatDoesNotExistAreRefused) {
  expect_refused(compare + "--methods random,nosuch", "unknown method 'nosuch'");
  expect_refused(compare + "--methods random --reference nosuch", "unknown method 'nosuch'");
  expect_refused(compare + "--methods random --inputs 0", "--inputs");
  expect_refused(compare + "--methods random --interpretation nosuch.json", "nosuch.json");
  expect_refused(compare + "--methods random,lime@nosuch", "unknown reading");
  expect_refused(compare + "--methods random,lime:deletion", "inputs of one length");
  expect_refused(compare + "--methods random --removal deletion", "inputs of one length");
  expect_refused(compare + "--methods random --features word", "there are token, literal, clause");
}

}  // namespace explain_test
}  // namespace assay::tools
