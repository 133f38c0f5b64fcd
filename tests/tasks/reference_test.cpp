// The shipped reference model still is what its manifest says, and its interpretation still holds.

#include <gtest/gtest.h>
#include <torch/types.h>

#include <filesystem>
#include <fstream>

#include "axioms/checker.h"
#include "circuits/interpretation_file.h"
#include "circuits/program.h"
#include "interp/model_file.h"
#include "tasks/registry.h"

namespace assay::tasks {
namespace {

using axioms::Axiom;

const std::filesystem::path kFolder =
    std::filesystem::path(ASSAY_SOURCE) / "tasks/two_sat/reference";

// The published row that no row of the reference model may exceed (arXiv 2407.13594, upper bounds).
struct PublishedRow {
  double evaluate_pe, evaluate_pr, or_pe;
};

class ReferenceSlow : public testing::Test {
 protected:
  std::unique_ptr<Task> task = make_task("two-sat");
  interp::LoadedModel loaded = interp::load_model(kFolder / "model.safetensors");

  axioms::CheckResult check(const std::string& variant) const {
    const auto& config = loaded.model->config();
    const auto file = circuits::load_interpretation(kFolder / (variant + ".json"), config);
    EXPECT_EQ(file.interpretation.model_sha256, loaded.sha256);
    return axioms::check(
        *loaded.model, circuits::compile(file.interpretation, all_operations(), config),
        [&](int64_t first, int64_t n) { return task->sample(Part::Test, 2, first, n).tokens; },
        {.inputs = 80000});
  }

  static void expect_no_worse(const axioms::CheckResult& result, const PublishedRow& published) {
    const auto upper = [&](size_t node, Axiom axiom) {
      return axioms::upper_bound(result.nodes.at(node)[axiom].estimate, 0.95);
    };
    EXPECT_EQ(result.nodes.at(0)[Axiom::PE].estimate.failures, 0);
    EXPECT_LE(upper(0, Axiom::PR), 0.0418);
    EXPECT_LE(upper(1, Axiom::PE), published.evaluate_pe);
    EXPECT_LE(upper(1, Axiom::CE), published.evaluate_pe);
    EXPECT_LE(upper(1, Axiom::PR), published.evaluate_pr);
    EXPECT_LE(upper(1, Axiom::CR), published.evaluate_pr);
    EXPECT_LE(upper(2, Axiom::PE), published.or_pe);
    EXPECT_LE(upper(2, Axiom::CE), 0.0043);
  }
};

TEST_F(ReferenceSlow, AnswersAtLeast9999Of10000FormulasNeverTrainedOn) {
  const double accuracy =
      interp::accuracy(*loaded.model, task->inputs(Part::Test, 3), 100000, task->readout());
  EXPECT_GE(accuracy, 0.9999);
}

TEST_F(ReferenceSlow, NoRowOfTreesIsWorseThanPublished) {
  expect_no_worse(check("trees"), {0.182, 0.0128, 0.0128});
}

TEST_F(ReferenceSlow, NoRowOfDisjunctionsIsWorseThanPublished) {
  expect_no_worse(check("disjunction"), {0.309, 0.0029, 0.0029});
}

TEST_F(ReferenceSlow, ManifestNamesTheModel) {
  const auto manifest = nlohmann::json::parse(std::ifstream(kFolder / "manifest.json"));
  EXPECT_EQ(manifest.at("model_sha256"), loaded.sha256);
  EXPECT_LE(manifest.at("cpu_seconds").get<double>(), 3 * 3600);
}

}  // namespace
}  // namespace assay::tasks
