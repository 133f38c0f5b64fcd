#include "interp/statistics/p_values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

namespace assay::statistics {
namespace p_values_test {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pointwise;

// The example of Benjamini and Hochberg's paper.
const std::vector<double> kPaper = {0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
                                    0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000};

int64_t rejected(const std::vector<double>& adjusted) {
  return std::ranges::count_if(adjusted, [](double p) { return p <= 0.05; });
}

TEST(RejectingHits, AreNoneWhereTheSmallestPValueIsTooLarge) {
  EXPECT_EQ(rejecting_hits(199, 0.05), 9);  // (1 + 9)/200
  EXPECT_EQ(rejecting_hits(19, 0.05), 0);
  EXPECT_EQ(rejecting_hits(18, 0.05), -1);
  EXPECT_EQ(rejecting_hits(9, 0.05), -1);
}

TEST(PermutationPValue, CountsTheObservedOne) {
  EXPECT_EQ(permutation_p_value(0, 99), 0.01);
  EXPECT_EQ(permutation_p_value(99, 99), 1);
  EXPECT_EQ(permutation_p_value(4, 19), 0.25);
  EXPECT_THROW(permutation_p_value(20, 19), std::invalid_argument);
  EXPECT_THROW(permutation_p_value(-1, 19), std::invalid_argument);
}

TEST(Bonferroni, SharesTheError) {
  EXPECT_DOUBLE_EQ(bonferroni(0.95, 1), 0.95);
  EXPECT_DOUBLE_EQ(bonferroni(0.95, 10), 0.995);
  EXPECT_DOUBLE_EQ(bonferroni(0.9, 4), 0.975);
  EXPECT_DOUBLE_EQ(bonferroni(0.95, 0), 0.95);
}

TEST(Holm, StepsDownFromTheSmallest) {
  // In order 0.005·4, 0.01·3, 0.03·2, 0.04·1, each at least the one before.
  EXPECT_THAT(holm({0.01, 0.04, 0.03, 0.005}),
              Pointwise(DoubleNear(1e-12), {0.03, 0.06, 0.06, 0.02}));
  EXPECT_THAT(holm({0.7, 0.6}), ElementsAre(1, 1));
  EXPECT_EQ(rejected(holm(kPaper)), 3);
}

TEST(BenjaminiHochberg, StepsUpFromTheLargest) {
  // In order 0.04·4/4, 0.03·4/3, 0.01·4/2, 0.005·4/1, each at most the one before.
  EXPECT_THAT(benjamini_hochberg({0.01, 0.04, 0.03, 0.005}),
              Pointwise(DoubleNear(1e-12), {0.02, 0.04, 0.04, 0.02}));
  EXPECT_EQ(rejected(benjamini_hochberg(kPaper)), 4);
}

TEST(Corrections, OfOneTestAreNoneAndOfNoneNothing) {
  for (const auto& correct : {holm, benjamini_hochberg}) {
    EXPECT_THAT(correct({0.2}), ElementsAre(0.2));
    EXPECT_THAT(correct({}), IsEmpty());
  }
}

}  // namespace p_values_test
}  // namespace assay::statistics
