#include "interp/attribution/faithfulness.h"

#include <gtest/gtest.h>

#include <cmath>

namespace assay::interp::attribution {
namespace faithfulness_test {

TEST(FaithfulnessSummary, DividesMeansAndLeavesOutWhereNothingIsEnough) {
  // The last input would be worth 30 and 20 if each were divided by its own scale.
  const std::vector<Faithfulness> inputs = {
      {.scale = 0.5, .sufficiency = 0.25, .comprehensiveness = 0.5},
      {.scale = 0.1, .sufficiency = 0.05, .comprehensiveness = 0.04},
      {.scale = 0.01, .sufficiency = 0.3, .comprehensiveness = 0.2}};
  const FaithfulnessSummary summary = summarise(inputs, 0.05);
  EXPECT_EQ(summary.used, 2);
  EXPECT_EQ(summary.excluded, 1);
  EXPECT_NEAR(summary.sufficiency, 0.3 / 0.6, 1e-12);
  EXPECT_NEAR(summary.comprehensiveness, 0.54 / 0.6, 1e-12);
  EXPECT_NEAR(summary.mean_sufficiency, 0.2, 1e-12);
  EXPECT_NEAR(summary.mean_comprehensiveness, 0.74 / 3, 1e-12);
}

TEST(FaithfulnessSummary, OfNoUsableInputIsUndefined) {
  const FaithfulnessSummary summary = summarise({{.scale = 0.01, .sufficiency = 0.3}}, 0.05);
  EXPECT_TRUE(std::isnan(summary.sufficiency));
  EXPECT_NEAR(summary.mean_sufficiency, 0.3, 1e-12);
}

}  // namespace faithfulness_test
}  // namespace assay::interp::attribution
