#include "axioms/determination.h"

#include <gtest/gtest.h>
#include <torch/types.h>

namespace assay::axioms {
namespace determination_test {

using at::Tensor;

// Two groups of two: {0, 2} and {10, 12}. Total sum of squares 4·26 = 104, within 2 + 2 = 4.
TEST(Determination, VarianceExplainedIsTheCorrelationRatio) {
  const Tensor values = torch::tensor({{0.0, 1.0}, {2.0, 1.0}, {10.0, 1.0}, {12.0, 1.0}});
  const Keys groups = {7, 7, 9, 9};
  const Tensor explained = variance_explained(values, groups);
  EXPECT_NEAR(explained[0].item<double>(), 1 - 4.0 / 104, 1e-12);
  EXPECT_EQ(explained[1].item<double>(), 0);  // nothing varies, so nothing is explained

  VarianceExplained together(groups);
  together.add(values.narrow(0, 0, 1));
  together.add(values.narrow(0, 1, 3));
  EXPECT_NEAR(together.value(), 1 - 4.0 / 104, 1e-12);
}

// Far from zero a plain sum of squares would lose what varies.
TEST(Determination, AMillionthBesideALargeConstantIsSeen) {
  const Tensor values = 1e6 + torch::tensor({{1e-3}, {1e-3}, {2e-3}, {2e-3}}, torch::kFloat64);
  VarianceExplained explained({1, 1, 2, 2});
  explained.add(values);
  EXPECT_NEAR(explained.value(), 1, 1e-6);
  EXPECT_NEAR(variance_explained(values, {1, 2, 1, 2})[0].item<double>(), 0, 1e-6);
}

// Six "a" and four "b": 4 wrong guesses without a key; with it 1.
TEST(Determination, ErrorAvoidedIsGoodmanAndKruskalsLambda) {
  const Keys targets = {1, 1, 1, 1, 1, 1, 2, 2, 2, 2};
  const Keys keys = {5, 5, 5, 5, 5, 6, 6, 6, 6, 6};
  EXPECT_DOUBLE_EQ(error_avoided(targets, keys), 0.75);
  EXPECT_DOUBLE_EQ(error_avoided(targets, targets), 1);
  EXPECT_DOUBLE_EQ(error_avoided(targets, Keys(10, 3)), 0);
  EXPECT_DOUBLE_EQ(error_avoided(Keys(10, 3), keys), 0);  // one target only: nothing to avoid
}

TEST(Determination, KeysTellValuesApartUpToTheSixthDecimal) {
  const Keys keys = keys_of(torch::tensor({0.1, 0.1 + 1e-9, 0.1 + 1e-4}, torch::kFloat64));
  EXPECT_EQ(keys[0], keys[1]);
  EXPECT_NE(keys[0], keys[2]);
  EXPECT_EQ(distinct(keys), 2);
  EXPECT_TRUE(same_partition({1, 2, 1}, {4, 3, 4}));
  EXPECT_FALSE(same_partition({1, 2, 1}, {4, 3, 3}));
  EXPECT_FALSE(same_partition({1, 1, 1}, {4, 3, 4}));
}

}  // namespace determination_test
}  // namespace assay::axioms
