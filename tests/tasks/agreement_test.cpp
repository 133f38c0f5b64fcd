#include "tasks/agreement.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include <cmath>

#include "circuits/interpretation/program.h"
#include "tasks/registry.h"
#include "tests/tasks/two_sat/small_model.h"

namespace assay::tasks {
namespace agreement_test {

using at::Tensor;
using interp::attribution::Sequence;
using testing::ElementsAre;
using testing::Key;

Tensor numbers(const std::vector<double>& values) {
  return torch::tensor(values, torch::kFloat64);
}
Tensor flags(const std::vector<uint8_t>& values) {
  return torch::tensor(values, torch::kUInt8).to(torch::kBool);
}

TEST(Agreement, ByHand) {
  const Tensor scores = numbers({3, 1, -2, 0.5});
  const Measures measures = agreement(scores, {
                                                  {"mus", flags({1, 0, 1, 0}), true},
                                                  {"pivotal", flags({1, 0, 1, 0}), false},
                                                  {"evaluate", numbers({0.4, 0.2, 0.3, 0.1})},
                                                  {"shapley", numbers({4, 3, 1, 2}), true},
                                              });
  // Signed, the second relevant one comes last: of four pairs two are in order.
  EXPECT_DOUBLE_EQ(measures.at("mus.auroc"), 0.5);
  EXPECT_DOUBLE_EQ(measures.at("mus.precision"), 0.5);
  EXPECT_DOUBLE_EQ(measures.at("pivotal.auroc"), 1);
  EXPECT_DOUBLE_EQ(measures.at("pivotal.precision"), 1);
  EXPECT_DOUBLE_EQ(measures.at("evaluate.spearman"), 1);
  EXPECT_DOUBLE_EQ(measures.at("shapley.spearman"), 1);
  EXPECT_EQ(measures.size(), 6U);
}

TEST(Agreement, IsNotDefinedWhereNothingOrEverythingIsRelevant) {
  for (const uint8_t all : {0, 1}) {
    const Measures measures =
        agreement(numbers({1, 2, 3}), {{"mus", flags({all, all, all}), true}});
    EXPECT_TRUE(std::isnan(measures.at("mus.auroc")));
    EXPECT_TRUE(std::isnan(measures.at("mus.precision")));
  }
  EXPECT_TRUE(std::isnan(agreement(numbers({1, 2}), {{"h", numbers({1, 1})}}).at("h.spearman")));
}

TEST(References, OfATaskAreWhatItKnows) {
  const auto task = make_task("two-sat");
  for (int64_t i = 0; i < 10; ++i) {
    const interp::LabelledBatch batch = task->sample(Part::Test, 1, i, 1);
    const Sequence tokens = task->sequence_of(batch.tokens[0]);
    const auto known = task->relevance("literal", tokens);
    const auto references = known_references(*task, "literal", tokens);
    ASSERT_EQ(references.size(), known.size());
    for (size_t k = 0; k < known.size(); ++k) {
      EXPECT_EQ(references[k].name, known[k].name);
      EXPECT_EQ(references[k].is_signed, known[k].supports);
      EXPECT_EQ(references[k].values.numel(), 20);
    }
    EXPECT_TRUE(known_references(*task, "token", tokens).empty());
  }
}

TEST(References, OfAMechanismAreSharesOfWhatItsStepsCompute) {
  const auto task = two_sat::small_task();
  const auto model = two_sat::small_model();
  const Derivation derivation =
      task->need<Interpretations>().derive(*model, {.variant = "disjunction", .inputs = 200});
  const circuits::Program program =
      circuits::compile(derivation.interpretation, all_operations(), model->places());
  const Tensor tokens = task->sample(Part::Test, 1, 0, 1).tokens[0];
  const auto references = mechanism_references(*task, program, "clause", tokens);
  ASSERT_EQ(references.size(), 6U);
  EXPECT_EQ(references[0].name, "parse");
  // A clause is one of four that are parsed, whichever it is.
  EXPECT_TRUE(references[0].values.eq(0.25).all().item<bool>());
  EXPECT_TRUE(references[1].values.all().item<bool>());
  EXPECT_EQ(references[2].name, "evaluate");
  EXPECT_TRUE(references[3].values.equal(references[2].values.gt(0)));
  EXPECT_EQ(references[5].name, "or");
  // Nothing is asked about single tokens, so nothing is said of them.
  EXPECT_TRUE(mechanism_references(*task, program, "token", tokens).empty());
}

}  // namespace agreement_test
}  // namespace assay::tasks
