// `assay explain` and `assay compare` on the real binary.

#include <gmock/gmock.h>

#include "tests/tools/model_folder.h"

namespace assay::tools {
namespace {

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
                "logit-difference:s:u --method random --method random:normal --json e.json" +
                formula)
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

TEST_F(Explanations, ComparisonsOfWhatDoesNotExistAreRefused) {
  expect_refused(compare + "--methods random,nosuch", "unknown method 'nosuch'");
  expect_refused(compare + "--methods random --reference nosuch", "unknown method 'nosuch'");
  expect_refused(compare + "--methods random --inputs 0", "--inputs");
  expect_refused(compare + "--methods random --interpretation nosuch.json", "nosuch.json");
}

}  // namespace
}  // namespace assay::tools
