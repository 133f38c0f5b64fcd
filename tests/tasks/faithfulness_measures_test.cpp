#include "tasks/faithfulness_measures.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include <cmath>

#include "tasks/explaining.h"
#include "tests/tasks/two_sat/small_model.h"

namespace assay::tasks {
namespace faithfulness_measures_test {

using at::Tensor;
using interp::attribution::Game;

TEST(FaithfulnessMeasures, OfAnAdditiveGame) {
  const auto task = two_sat::small_task();
  const auto model = two_sat::small_model();
  const Tensor tokens = task->sample(Part::Test, 1, 0, 1).tokens[0];
  const auto problem = problem_of(*task, *model, tokens, {.features = "clause"});
  const Tensor weights = torch::tensor({4.0, -1.0, 2.0, 1.0}, torch::kFloat64);
  const Game game = [&](const Tensor& kept) { return kept.to(torch::kFloat64).matmul(weights); };
  const auto measures =
      faithfulness_measures(problem, game, {{"right", weights}, {"reversed", -weights}});
  const Measures &right = measures.at("right"), &reversed = measures.at("reversed");
  // Insertion 0, 4, 6, 7, 6 and deletion 6, 2, 0, -1, 0 by the trapezoidal rule.
  EXPECT_DOUBLE_EQ(right.at("curves.insertion"), 5);
  EXPECT_DOUBLE_EQ(right.at("curves.deletion"), 1);
  EXPECT_DOUBLE_EQ(reversed.at("curves.insertion"), right.at("curves.deletion"));
  EXPECT_NEAR(right.at("removal.error"), 0, 1e-9);
  // Wrong by twice the change itself, so four times the error of predicting none.
  EXPECT_NEAR(reversed.at("removal.error"), 4, 1e-9);
  EXPECT_NEAR(measures.at("(ols)").at("removal.error"), 0, 1e-6);
  const Measures& no_change = measures.at("(no change)");
  EXPECT_NEAR(reversed.at("removal-mse.01"), 4 * no_change.at("removal-mse.01"), 1e-9);
  EXPECT_DOUBLE_EQ(no_change.at("removal-mse.04"), 36);  // all go: (4 - 1 + 2 + 1)²
  EXPECT_DOUBLE_EQ(no_change.at("removal.error"), 1);
}

constexpr double kFloatRounding = 1e-6;  // a few roundings of float32 logits

TEST(FaithfulnessMeasures, OfErasedEmbeddingsStayBelowTheMostThereIs) {
  const auto task = two_sat::small_task();
  const auto model = two_sat::small_model();
  const Game game = [](const Tensor& kept) { return kept.to(torch::kFloat64).sum(1); };
  int usable = 0;
  for (int64_t i = 0; i < 10; ++i) {
    const Tensor tokens = task->sample(Part::Test, 1, i, 1).tokens[0];
    const auto problem = problem_of(*task, *model, tokens, {.features = "clause"});
    const auto measures = faithfulness_measures(
        problem, game, {{"some", torch::tensor({3.0, 1.0, 0.0, -1.0}, torch::kFloat64)}});
    const Measures &some = measures.at("some"), &all = measures.at("(all)");
    for (const std::string name : {"soft", "soft-published", "hard"}) {
      const double most = all.at(name + ".sufficiency");
      EXPECT_EQ(std::isnan(most), std::isnan(some.at(name + ".sufficiency")));  // one guard
      if (std::isnan(most)) continue;
      // From other rows of other batches, so float32 may round otherwise.
      EXPECT_NEAR(most, all.at(name + ".comprehensiveness"), kFloatRounding);
      EXPECT_GE(most, 0.05);
      EXPECT_GE(some.at(name + ".sufficiency"), 0);
      EXPECT_LE(some.at(name + ".sufficiency"), most + kFloatRounding);
      EXPECT_GE(some.at(name + ".comprehensiveness"), 0);
      ++usable;
    }
  }
  EXPECT_GT(usable, 0);
}

}  // namespace faithfulness_measures_test
}  // namespace assay::tasks
