#include "interp/attribution/importances.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <limits>

#include "tests/interp/attribution/games.h"

namespace assay::interp::attribution {
namespace importances_test {

using at::Tensor;
using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(Importances, AreSharesOfWhatSpeaksForTheTarget) {
  EXPECT_LT(largest_difference(importances(numbers({3, -5, 1})), numbers({0.75, 0, 0.25})), 1e-15);
  EXPECT_TRUE(importances(numbers({-1, -2})).equal(numbers({0, 0})));
}

TEST(Importances, RefuseWhatIsNotFinite) {
  EXPECT_THROW(importances(numbers({1, kNaN})), std::invalid_argument);
  EXPECT_THROW(importances(numbers({1, kInfinity})), std::invalid_argument);
}

TEST(WithMass, KeepsProportionsAndCapsAtOne) {
  const Tensor a = numbers({0.5, 0.25, 0.125, 0.125});
  EXPECT_LT(largest_difference(with_mass(a, 0.5), a / 2), 1e-15);
  EXPECT_LT(largest_difference(with_mass(a, 2), numbers({1, 0.5, 0.25, 0.25})), 1e-12);
  EXPECT_LT(largest_difference(with_mass(a, 3), numbers({1, 1, 0.5, 0.5})), 1e-12);
  EXPECT_LT(largest_difference(with_mass(a, 4), numbers({1, 1, 1, 1})), 1e-12);
}

TEST(WithMass, GivesTheRestToTheOthersOnceAllThatIsImportantCountsFully) {
  EXPECT_LT(largest_difference(with_mass(numbers({0, 1, 0}), 2), numbers({0.5, 1, 0.5})), 1e-15);
  EXPECT_LT(largest_difference(with_mass(numbers({0, 0}), 1), numbers({0.5, 0.5})), 1e-15);
}

TEST(WithMass, HasThatMassAndKeepsTheOrder) {
  for (const double mass : {0.0, 0.3, 1.0, 4.5, 9.9, 11.0}) {
    const Tensor a = importances((at::arange(11, torch::kFloat64) * 2.7).sin().exp());
    const Tensor b = with_mass(a, mass);
    EXPECT_NEAR(b.sum().item<double>(), mass, 1e-12);
    EXPECT_LE(b.max().item<double>(), 1);
    const Tensor order = a.argsort();
    EXPECT_GE(b.index_select(0, order).diff().min().item<double>(), 0);
  }
  // A share far below rounding still takes what is left.
  EXPECT_LT(largest_difference(with_mass(numbers({1, 1e-300, 0}), 1.5), numbers({1, 0.5, 0})),
            1e-12);
}

TEST(WithMass, RefusesWhatIsNoImportanceAndNoMass) {
  for (const double bad : {kNaN, -0.1, 1.5})
    EXPECT_THAT(
        [&] {
          with_mass(numbers({0.5, bad}), 1);
        },
        ThrowsMessage<std::invalid_argument>(HasSubstr("for feature 1")));
  EXPECT_THROW(with_mass(numbers({0.5, 0.5}), 2.5), std::invalid_argument);
  EXPECT_THROW(with_mass(numbers({0.5, 0.5}), kNaN), std::invalid_argument);
}

TEST(TopShare, MarksTheLargestScoresEarlierOnesFirst) {
  const Tensor scores = numbers({1, 5, 3, 3, -2});
  EXPECT_TRUE(top_share(scores, 0.4).equal(numbers({0, 1, 1, 0, 0})));
  EXPECT_TRUE(top_share(scores, 0.79).equal(numbers({0, 1, 1, 1, 0})));
  EXPECT_EQ(top_share(at::zeros({100}), 0.29).sum().item<double>(), 29) << "0.29 · 100 < 29";
  EXPECT_THROW(top_share(scores, 1.1), std::invalid_argument);
}

}  // namespace importances_test
}  // namespace assay::interp::attribution
