// The shipped reference model still is what its manifest says, and its interpretation still holds.

#include "tests/tasks/two_sat/shipped_model.h"

namespace assay::tasks {
namespace reference_test {

using axioms::Axiom;

// The published row that no row of the reference model may exceed (arXiv 2407.13594, upper bounds).
struct PublishedRow {
  double evaluate_pe, evaluate_pr, or_pe;
};

class ReferenceSlow : public two_sat::ShippedModel {
 protected:
  ReferenceSlow() : ShippedModel("reference") {}

  static void expect_no_worse(const axioms::CheckResult& result, const PublishedRow& published) {
    EXPECT_EQ(result.nodes.at(0)[Axiom::PE].estimate.failures, 0);
    EXPECT_LE(upper(result, 0, Axiom::PR), 0.0418);
    EXPECT_LE(upper(result, 1, Axiom::PE), published.evaluate_pe);
    EXPECT_LE(upper(result, 1, Axiom::CE), published.evaluate_pe);
    EXPECT_LE(upper(result, 1, Axiom::PR), published.evaluate_pr);
    EXPECT_LE(upper(result, 1, Axiom::CR), published.evaluate_pr);
    EXPECT_LE(upper(result, 2, Axiom::PE), published.or_pe);
    EXPECT_LE(upper(result, 2, Axiom::CE), 0.0043);
  }
};

TEST_F(ReferenceSlow, AnswersAtLeast9999Of10000FormulasNeverTrainedOn) {
  EXPECT_GE(accuracy(), 0.9999);
}

TEST_F(ReferenceSlow, NoRowOfTreesIsWorseThanPublished) {
  expect_no_worse(check("trees"), {0.182, 0.0128, 0.0128});
}

TEST_F(ReferenceSlow, NoRowOfDisjunctionsIsWorseThanPublished) {
  expect_no_worse(check("disjunction"), {0.309, 0.0029, 0.0029});
}

TEST_F(ReferenceSlow, ManifestNamesTheModel) {
  EXPECT_EQ(manifest().at("model_sha256"), loaded.sha256);
  EXPECT_LE(manifest().at("cpu_seconds").get<double>(), 3 * 3600);
}

}  // namespace reference_test
}  // namespace assay::tasks
