// `assay mutate`, and that `assay validate` tells what was done. The real binary runs.

#include <gmock/gmock.h>
#include <torch/types.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "interp/adapters/model_file.h"
#include "tests/interp/scratch.h"
#include "tests/tasks/modular_addition/small_model.h"
#include "tests/tools/run_assay.h"

namespace assay::tools {
namespace mutate_test {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

class Mutate : public interp::Scratch {
 protected:
  Mutate() {
    interp::save_model(*tasks::modular_addition::small_model(), at("model.safetensors"),
                       {{"task", tasks::modular_addition::small_task()->to_json()}});
    derived_ = run_assay("derive modular-addition --model model.safetensors --out .", at(""));
  }
  Finished mutate(const std::string& more) {
    EXPECT_EQ(derived_.code, 0) << derived_.error;
    return run_assay("mutate --interpretation downstream.json " + more, at(""));
  }
  Finished validate(const std::string& file, const std::string& more = "") {
    return run_assay(
        "validate --task modular-addition --model model.safetensors --json report.json "
        "--interpretation " +
            file + " " + more,
        at(""));
  }
  json report() const { return json::parse(content_of(at("report.json"))); }

 private:
  Finished derived_;
};

TEST_F(Mutate, WritesAnInterpretationLikeAnyOtherThatSaysWhatWasDone) {
  const Finished run = mutate("--mutation blind-alpha --seed 1 --out blind.json");
  EXPECT_EQ(run.code, 0) << run.error;
  EXPECT_THAT(run.out, HasSubstr("mutated: alpha of sum ignores its input"));
  EXPECT_EQ(validate("blind.json").code, 0);
  EXPECT_THAT(report()["title"].get<std::string>(), HasSubstr("alpha of sum ignores its input"));
  EXPECT_EQ(mutate("--mutation blind-alpha --seed 1 --out again.json").code, 0);
  EXPECT_EQ(content_of(at("again.json")), content_of(at("blind.json")));
}

TEST_F(Mutate, AClaimOnAVacuousInterpretationIsNoCleanHolds) {
  ASSERT_EQ(mutate("--mutation whole-network --out whole.json").code, 0);
  // Every rate is at most 1, but of the untrained network no better than chance.
  EXPECT_EQ(validate("downstream.json", "--claim 'answer.PE<=1'").code, 3);
  EXPECT_EQ(report()["vacuity"], "not found");
  EXPECT_EQ(report()["rows"][8]["by_chance"], true);
  const Finished run = validate("whole.json", "--claim 'answer.PE<=1'");
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.out, HasSubstr("Vacuous"));
  EXPECT_THAT(run.out, HasSubstr("no inner node takes part in the answer"));
  EXPECT_EQ(report()["vacuity"], "found");
  EXPECT_EQ(report()["rows"][0]["verdict"], "vacuous");
  EXPECT_EQ(report()["objections"][0]["kind"], "one component");
}

TEST_F(Mutate, ListsWhatThereIsAndWhatApplies) {
  const Finished run = mutate("--list");
  EXPECT_EQ(run.code, 0) << run.error;
  EXPECT_THAT(run.out, HasSubstr("shift-frequency"));
  EXPECT_THAT(run.out, HasSubstr("values (does not apply here)"));
  EXPECT_THAT(run.out, Not(HasSubstr("swap-assignments")));
}

TEST_F(Mutate, PrintsATableOfWhatCatchesThem) {
  const Finished run = mutate("--table --json table.json");
  EXPECT_EQ(run.code, 0) << run.error;
  EXPECT_THAT(run.out, HasSubstr("one component"));
  const json table = json::parse(content_of(at("table.json")));
  EXPECT_EQ(table["data"]["count"], 49);
  const auto whole = std::ranges::find_if(table["mutations"], [](const json& mutation) {
    return mutation["mutation"] == "whole-network";
  });
  ASSERT_NE(whole, table["mutations"].end());
  EXPECT_EQ((*whole)["caught"], true);
}

TEST_F(Mutate, RefusesWhatCannotBeDone) {
  expect_refusal(mutate(""), {"expected one of --mutation NAME, --list and --table"});
  expect_refusal(mutate("--list --table"), {"expected one of"});
  expect_refusal(mutate("--mutation blind-alpha"), {"--mutation and --out belong together"});
  expect_refusal(mutate("--mutation nosuch --out x.json"),
                 {"unknown mutation 'nosuch'; there are blind-alpha", "shift-frequency"});
  expect_refusal(
      mutate("--mutation permute-prototypes --out x.json"),
      {"permute-prototypes does not apply", "those that do: blind-alpha, whole-network"});
  expect_refusal(mutate("--mutation blind-alpha --out downstream.json"), {"would overwrite"});
  expect_refusal(mutate("--mutation blind-alpha --out blind.txt"), {"ends in .json"});
  expect_refusal(mutate("--mutation blind-alpha --out nosuch/x.json"), {"nosuch/x.json"});
  expect_refusal(mutate("--model nosuch.safetensors --list"), {"nosuch.safetensors"});
  for (const char* file : {"x.json", "x.safetensors", "blind.txt"})
    EXPECT_FALSE(std::filesystem::exists(at(file))) << file;
}

}  // namespace mutate_test
}  // namespace assay::tools
