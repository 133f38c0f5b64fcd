#include "tasks/faithfulness_measures.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include "tasks/explaining.h"
#include "tests/tasks/two_sat/small_model.h"

namespace assay::tasks {
namespace {

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
  EXPECT_FALSE(measures.contains("(zero)"));
  EXPECT_GE(right.at("soft.sufficiency"), 0);
  EXPECT_GE(right.at("soft.comprehensiveness"), 0);
}

}  // namespace
}  // namespace assay::tasks
