#include "interp/attribution/game_presets.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "tests/interp/attribution/additive.h"
#include "tests/interp/attribution/games.h"

namespace assay::interp::attribution {
namespace game_presets_test {

TEST(GamePresets, GiveTheWeightsOfAnAdditiveModelByReplacement) {
  const at::Tensor weights = numbers({1, -2, 0.5});
  const SameTypeReplacer replacer = uniform_replacer(kTokens);  // always by another token
  Problem problem = black_box(additive_scorer(weights), 3, replacer);
  problem.rows = 20000;
  const auto error = [&](const char* method) {
    return largest_difference(explain(method, problem).scores, weights);
  };
  EXPECT_LT(error("shapley:replacement"), 1e-9);
  EXPECT_LT(error("sampled-shapley:replacement"), 1e-9);
  EXPECT_LT(error("kernel-shap:replacement"), 1e-9);
  EXPECT_LT(error("lime:replacement"), 0.02);  // the pull of the penalty, at 2000 samples
}

TEST(GamePresets, AffordWhatTheRowsPayFor) {
  const SameTypeReplacer replacer = uniform_replacer(kTokens);
  Problem problem = black_box(additive_scorer(numbers({1, -2, 0.5})), 3, replacer);
  problem.rows = 500;
  EXPECT_EQ(game_of(problem, "deletion").coalitions, 500);
  EXPECT_EQ(game_of(problem, "replacement").coalitions, 50);
  for (const char* method :
       {"sampled-shapley:replacement", "kernel-shap:replacement", "lime:replacement"})
    EXPECT_LE(explain(method, problem).rows, 500) << method;
}

}  // namespace game_presets_test
}  // namespace assay::interp::attribution
