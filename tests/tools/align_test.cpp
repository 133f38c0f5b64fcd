// The search for a place, and stability with a guarantee, through the command. The network is one
// of random weights, of which nothing must be found.

#include "circuits/interpretation/interpretation_file.h"
#include "tests/tools/model_folder.h"

namespace assay::tools {
namespace align_test {

using testing::HasSubstr;

class Aligning : public ModelFolder {
 protected:
  Aligning() {
    const auto loaded = interp::load_model(at("model.safetensors"));
    const auto task = tasks::task_from_json(loaded.metadata["task"]);
    auto derived = task->need<tasks::Interpretations>().derive(
        *loaded.model, {.variant = "disjunction", .inputs = 200});
    derived.interpretation.model_sha256 = loaded.sha256;
    circuits::save_interpretation(derived.interpretation, at("claim.json"));
  }
  static constexpr const char* kAlign =
      "align --model model.safetensors --interpretation claim.json --inputs 400 --sites 1 ";
};

TEST_F(Aligning, NothingIsClaimedOfARandomNetwork) {
  const Finished ran = run(std::string(kAlign) + "--node parse --json a.json --out found.json");
  EXPECT_EQ(ran.code, 3) << ran.error;
  EXPECT_THAT(ran.out, HasSubstr("not found"));
  EXPECT_FALSE(std::filesystem::exists(at("found.json")));
  const auto report = read("a.json");
  EXPECT_EQ(report["kind"], "alignment");
  EXPECT_EQ(report["nodes"][0]["found"], false);
  EXPECT_EQ(report["nodes"][0]["held_out"], 200);
  EXPECT_EQ(report["fitted_on"]["part"], "derive");
  EXPECT_EQ(report["fitted_on"]["count"], 400);
}

TEST_F(Aligning, WhatCannotBeSearchedIsRefused) {
  expect_refused(kAlign, "the place of every node is known");
  expect_refused(std::string(kAlign) + "--node or", "the output's place");
  expect_refused(std::string(kAlign) + "--node nor", "no node 'nor'");
  expect_refused(std::string(kAlign) + "--node evaluate --out found", "ends in .json");
  auto claim = nlohmann::ordered_json::parse(content_of(at("claim.json")));
  claim["fitted_on"]["part"] = "test";
  put("claim.json", claim.dump());
  expect_refused(std::string(kAlign) + "--node evaluate", "kept for validation");
}

TEST_F(Aligning, ValuesMayComeFromCounterfactualPartners) {
  const Finished ran =
      run("validate --model model.safetensors --interpretation claim.json --inputs 200 --sources "
          "counterfactuals --json r.json");
  ASSERT_EQ(ran.code, 0) << ran.error;
  const auto report = read("r.json");
  EXPECT_THAT(report["data"]["sources"].get<std::string>(), HasSubstr("counterfactual partners"));
  int64_t exchanged = 0;
  for (const auto& row : report["rows"])
    if (row["axiom"] == "II" || row["axiom"] == "IA") {
      ++exchanged;
      EXPECT_EQ(row["n"], 200);
      EXPECT_EQ(row["exact"], false);
    }
  EXPECT_GE(exchanged, 4);
}

TEST_F(Aligning, StabilityIsCertifiedAndCannotBeShared) {
  ASSERT_EQ(run("discover --model model.safetensors --method eap --inputs 40 --out c.json").code,
            0);
  const std::string measure =
      "measure --model model.safetensors --circuit c.json --inputs 60 --certified-stability "
      "--method eap ";
  const Finished ran = run(measure + "--deleted 0.5 --json m.json --html m.html");
  ASSERT_EQ(ran.code, 0) << ran.error;
  EXPECT_THAT(ran.out, HasSubstr("Stability with a guarantee"));
  const auto certified = read("m.json")["certified_stability"];
  EXPECT_EQ(certified["inputs"], 60);
  EXPECT_EQ(certified["others"]["stays"], "out");
  EXPECT_THAT(content_of(at("m.html")), HasSubstr("Which edges stay, with a guarantee"));
  expect_refused(measure + "--shard 1/2 --json no.json", "--certified-stability (its draws)");
  expect_refused(measure + "--ablation all", "need one ablation");
  expect_refused(measure + "--deleted 1", "--deleted");
}

}  // namespace align_test
}  // namespace assay::tools
