// Validations that were declared before they ran. The real binary runs.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "circuits/interpretation/interpretation_file.h"
#include "interp/adapters/model_file.h"
#include "tasks/registry.h"
#include "tests/tools/model_folder.h"

namespace assay::tools {
namespace plan_test {

using nlohmann::ordered_json;
using testing::HasSubstr;

class Planned : public ModelFolder {
 protected:
  Planned() {
    const auto loaded = interp::load_model(at("model.safetensors"));
    const auto task = tasks::task_from_json(loaded.metadata["task"]);
    auto derived = task->need<tasks::Interpretations>().derive(
        *loaded.model, {.variant = "disjunction", .inputs = 200});
    derived.interpretation.model_sha256 = loaded.sha256;
    circuits::save_interpretation(derived.interpretation, at("claim.json"));
    derived.interpretation.title = "another";
    circuits::save_interpretation(derived.interpretation, at("other.json"));
  }

  static constexpr const char* kAbout = " --model model.safetensors --interpretation claim.json ";

  Finished declare(const std::string& more) const {
    return run(std::string("plan") + kAbout + "--inputs 500 --out plan.json " + more);
  }
  Finished validate(const std::string& plan, const std::string& more = "") const {
    return run(std::string("validate") + kAbout + "--plan " + plan + " --json report.json " + more);
  }
  ordered_json json(const std::string& name) const {
    return ordered_json::parse(content_of(at(name)));
  }
};

TEST_F(Planned, ExactlyWhatWasDeclaredIsRun) {
  const Finished declared =
      declare("--seed 7 --confidence 0.9 --claim 'or.PE<=0.9' 'parse.PR[UNSAT]<=0.2'");
  ASSERT_EQ(declared.code, 0) << declared.error;
  const ordered_json plan = json("plan.json");
  EXPECT_EQ(plan["kind"], "plan");
  EXPECT_EQ(plan["stop"], "decided");
  EXPECT_EQ(plan["data"]["seed"], 7);
  EXPECT_THAT(declared.out, HasSubstr(plan["sha256"].get<std::string>()));

  const Finished run = validate("plan.json");
  EXPECT_NE(run.code, 2) << run.error;
  EXPECT_THAT(run.out, HasSubstr("declared"));
  const ordered_json report = json("report.json");
  EXPECT_EQ(report["plan"]["sha256"], plan["sha256"]);
  EXPECT_EQ(report["confidence"], 0.9);
  EXPECT_EQ(report["data"], plan["data"]);
  EXPECT_EQ(report["sequential"]["limit"], 500);
  EXPECT_EQ(report["rows"].back()["answer_name"], "UNSAT");
  // The same by hand is exploratory.
  const Finished by_hand =
      ModelFolder::run(std::string("validate") + kAbout +
                       "--inputs 500 --seed 7 --confidence 0.9 --claim 'or.PE<=0.9' "
                       "'parse.PR[UNSAT]<=0.2' --json hand.json");
  EXPECT_EQ(by_hand.code, run.code);
  EXPECT_THAT(by_hand.out, HasSubstr("exploratory"));
  EXPECT_FALSE(json("hand.json").contains("plan"));
  EXPECT_EQ(json("hand.json")["rows"], report["rows"]);
}

TEST_F(Planned, APlanThatWasEditedOrIsOfOtherFilesIsRefused) {
  ASSERT_EQ(declare("--claim 'or.PE<=0.9'").code, 0);
  ordered_json plan = json("plan.json");
  plan["claims"][0] = "or.PE<=0.95";
  put("edited.json", plan.dump());
  expect_refusal(validate("edited.json"), {"edited.json", "was edited"});
  expect_refusal(run("validate --model model.safetensors --interpretation other.json --plan "
                     "plan.json --json no.json"),
                 {"plan.json", "another interpretation"});
  for (const char* more :
       {"--claim 'or.PE<=1'", "--inputs 100", "--seed 2", "--stop never", "--confidence 0.5"})
    expect_refusal(validate("plan.json", more), {"--plan"});
  put("short.json", R"({"kind": "plan", "schema": 1})");
  expect_refusal(validate("short.json"), {"short.json", "'title': is missing"});
  expect_refusal(validate("claim.json"), {"claim.json"});
  expect_refusal(declare(""), {"a plan declares claims", "--claim"});
  expect_refusal(declare("--claim 'or.PE<=2'"), {"between 0 and 1"});
}

}  // namespace plan_test
}  // namespace assay::tools
