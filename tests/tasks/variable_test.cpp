// The shipped network for formulas of 1 to 10 clauses still is what its manifest says, and its
// interpretations hold as docs/explanations.md tells.

#include "tests/tasks/two_sat/shipped_model.h"

namespace assay::tasks {
namespace variable_test {

using axioms::Axiom;

class VariableSlow : public two_sat::ShippedModel {
 protected:
  VariableSlow() : ShippedModel("variable") {}
};

TEST_F(VariableSlow, AnswersAtLeast999Of1000FormulasNeverTrainedOn) {
  EXPECT_EQ(task->settings().at("min_clauses"), 1);
  EXPECT_GE(accuracy(), 0.999);
}

TEST_F(VariableSlow, InterpretationsReadEveryClauseAndDecideAsTheNetworkDoes) {
  for (const std::string variant : {"trees", "disjunction"}) {
    SCOPED_TRACE(variant);
    const axioms::CheckResult result = check(variant);
    EXPECT_EQ(result.nodes.at(0)[Axiom::PE].estimate.failures, 0);  // absent clauses are read, too
    EXPECT_LE(upper(result, 0, Axiom::PR), 0.025);
    EXPECT_LE(upper(result, 1, Axiom::PR), 0.002);
    EXPECT_LE(upper(result, 2, Axiom::PE), 0.002);
    // What the neurons say bit by bit is told less well than on formulas of one length.
    EXPECT_LE(upper(result, 1, Axiom::PE), 0.27);
    EXPECT_LE(upper(result, 2, Axiom::CE), 0.036);
  }
}

TEST_F(VariableSlow, ManifestNamesTheModel) {
  EXPECT_EQ(manifest().at("model_sha256"), loaded.sha256);
  EXPECT_LE(manifest().at("cpu_seconds").get<double>(), 3 * 3600);
}

}  // namespace variable_test
}  // namespace assay::tasks
