// The published figures (arXiv 2407.13594), reproduced from the authors' checkpoint with the
// published derivation: 120,000 formulas to derive, 80,000 others to test, thresholds 0.5 and
// written value 2.

#include <gmock/gmock.h>
#include <torch/types.h>

#include <cstdlib>
#include <filesystem>

#include "axioms/checker.h"
#include "circuits/interpretation/program.h"
#include "interp/adapters/model_file.h"
#include "tasks/registry.h"

namespace assay::tasks {
namespace published_test {

using axioms::Axiom;

// Everything expensive, once for all tests of this file.
struct Published {
  std::unique_ptr<Task> task = make_task("two-sat");
  interp::LoadedModel model;

  Published() {
    model = interp::load_model(std::filesystem::path(std::getenv("ASSAY_PUBLISHED")) /
                               "sat2_published/900.pth");
  }

  Derivation derive(const std::string& variant) const {
    return task->need<Interpretations>().derive(
        *model.model, {.variant = variant, .options = {{"published", true}}});
  }

  axioms::CheckResult check(const circuits::Interpretation& interpretation) const {
    return check(interpretation, 80000, [&](int64_t first, int64_t count) {
      return task->sample(Part::Test, 1, first, count).tokens;
    });
  }

  axioms::CheckResult check(const circuits::Interpretation& interpretation, int64_t inputs,
                            const axioms::Inputs& tokens) const {
    const circuits::Program program =
        circuits::compile(interpretation, all_operations(), model.model->places());
    return axioms::check({*model.model, program, task->decision()}, tokens, {.inputs = inputs});
  }
};

class PublishedSlow : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::getenv("ASSAY_PUBLISHED")) GTEST_SKIP() << "ASSAY_PUBLISHED is not set";
  }
  static const Published& published() {
    static const Published instance;
    return instance;
  }
};

double upper(const axioms::CheckResult& result, size_t node, Axiom axiom) {
  return statistics::upper_bound(result.nodes.at(node)[axiom].estimate, 0.95);
}

int covered_assignments(const Derivation& derivation) {
  for (const Evidence& fact : derivation.evidence)
    if (fact.value.contains("covered")) return fact.value.at("covered");
  return -1;
}

void turn_amplification_off(circuits::Interpretation& interpretation) {
  interpretation.nodes.at(1).gamma.tensors.at("on").fill_(0.5);
}

TEST_F(PublishedSlow, TreesReproduceEveryRowOfTheTable) {
  Derivation derivation = published().derive("trees");
  EXPECT_EQ(derivation.interpretation.nodes.at(1).reads.at(0).neurons.size(), 34U);
  const auto result = published().check(derivation.interpretation);
  EXPECT_EQ(result.nodes.at(0)[Axiom::PE].estimate.failures, 0);
  EXPECT_EQ(result.nodes.at(0)[Axiom::CE].estimate.failures, 0);
  EXPECT_NEAR(upper(result, 0, Axiom::PR), 0.042, 0.004);
  EXPECT_NEAR(upper(result, 0, Axiom::CR), 0.042, 0.004);
  EXPECT_NEAR(upper(result, 1, Axiom::PE), 0.18, 0.02);
  EXPECT_NEAR(upper(result, 1, Axiom::CE), 0.18, 0.02);
  EXPECT_NEAR(upper(result, 1, Axiom::PR), 0.0125, 0.004);
  EXPECT_NEAR(upper(result, 1, Axiom::CR), 0.0125, 0.004);
  EXPECT_NEAR(upper(result, 2, Axiom::PE), 0.0128, 0.004);
  EXPECT_NEAR(upper(result, 2, Axiom::PR), 0.0128, 0.004);
  EXPECT_NEAR(upper(result, 2, Axiom::CE), 0.0043, 0.001);
  EXPECT_NEAR(upper(result, 2, Axiom::CR), 0.0043, 0.001);

  turn_amplification_off(derivation.interpretation);
  EXPECT_NEAR(upper(published().check(derivation.interpretation), 1, Axiom::PR), 0.25, 0.03);
}

TEST_F(PublishedSlow, DisjunctionsReproduceEveryRowOfTheTable) {
  Derivation derivation = published().derive("disjunction");
  EXPECT_EQ(covered_assignments(derivation), 32);
  const auto result = published().check(derivation.interpretation);
  EXPECT_EQ(result.nodes.at(0)[Axiom::PE].estimate.failures, 0);
  EXPECT_NEAR(upper(result, 1, Axiom::PE), 0.31, 0.02);
  EXPECT_NEAR(upper(result, 1, Axiom::CE), 0.31, 0.02);
  EXPECT_NEAR(upper(result, 1, Axiom::PR), 0.003, 0.0015);
  EXPECT_NEAR(upper(result, 1, Axiom::CR), 0.003, 0.0015);
  EXPECT_NEAR(upper(result, 2, Axiom::PE), 0.003, 0.0015);
  EXPECT_NEAR(upper(result, 2, Axiom::CE), 0.0043, 0.001);

  turn_amplification_off(derivation.interpretation);
  EXPECT_NEAR(upper(published().check(derivation.interpretation), 1, Axiom::PR), 0.135, 0.015);
}

// Formulas that mean the same. Where the lower-numbered variable still stands first, nothing
// changes; swapped literals the network has never seen.
TEST_F(PublishedSlow, IsBrokenBySwappedLiteralsAndByNoOtherGuise) {
  const auto& [task, model] = published();
  const circuits::Interpretation trees = published().derive("trees").interpretation;
  constexpr int64_t kInputs = 20000;
  for (const Transformation& guise : task->need<Transformations>().all) {
    SCOPED_TRACE(guise.name);
    const axioms::Inputs tokens = [&](int64_t first, int64_t count) {
      return guise.apply(task->sample(Part::Test, 1, first, count).tokens, 1, first);
    };
    const auto labelled = [&](int64_t first, int64_t count) {
      const at::Tensor changed = tokens(first, count);
      return interp::LabelledBatch{.tokens = changed,
                                   .labels = task->need<Truth>().answers(changed)};
    };
    const double accuracy = interp::accuracy(*model.model, labelled, kInputs, task->readout());
    const auto result = published().check(trees, kInputs, tokens);
    const double parse = result.nodes.at(0)[Axiom::PE].estimate.rate(),
                 evaluate = result.nodes.at(1)[Axiom::PE].estimate.rate();
    if (guise.name == "swap-literals") {
      EXPECT_NEAR(accuracy, 0.89, 0.01);
      EXPECT_NEAR(parse, 0.40, 0.02);
      EXPECT_NEAR(evaluate, 0.35, 0.02);
    } else if (guise.name == "swap-some") {
      EXPECT_NEAR(accuracy, 0.93, 0.01);
      EXPECT_GT(parse, 0.1);
      EXPECT_GT(evaluate, 0.2);
    } else {
      EXPECT_NEAR(accuracy, 0.9977, 0.002);
      EXPECT_EQ(parse, 0);
      EXPECT_NEAR(evaluate, 0.18, 0.015);
    }
  }
}

}  // namespace published_test
}  // namespace assay::tasks
