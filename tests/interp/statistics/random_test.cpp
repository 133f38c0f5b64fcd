#include "interp/statistics/random.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace assay::statistics {
namespace random_test {

using testing::ElementsAre;

// --- sequences that datasets, seeds of reports and published figures rest on: they must not change

template <typename Draw>
auto six(Draw draw) {
  Engine engine(1);
  std::vector<decltype(draw(engine))> drawn;
  for (int i = 0; i < 6; ++i) drawn.push_back(draw(engine));
  return drawn;
}

TEST(Draws, OfNumbersStayAsTheyWere) {
  EXPECT_THAT(six([](Engine& engine) { return draw_below(engine, 1000); }),
              ElementsAre(528, 462, 930, 246, 384, 409));
  EXPECT_THAT(six([](Engine& engine) { return draw_between(engine, 1, 1000); }),
              ElementsAre(134, 137, 452, 22, 351, 912));
  EXPECT_THAT(six([](Engine& engine) { return draw_binomial(engine, 10, 0.5); }),
              ElementsAre(3, 3, 5, 2, 4, 7));  // by inversion
  EXPECT_THAT(six([](Engine& engine) { return draw_binomial(engine, 30, 0.5); }),
              ElementsAre(14, 14, 9, 10, 16, 13));  // by rejection
  EXPECT_THAT(six([](Engine& engine) { return draw_bernoulli(engine, 0.3); }),
              ElementsAre(true, true, false, true, false, false));
  const Categorical categorical(std::vector<double>{1, 2, 3, 4});
  EXPECT_THAT(six([&](Engine& engine) { return categorical(engine); }),
              ElementsAre(0, 1, 3, 1, 3, 2));
}

TEST(Draws, OfRealNumbersStayAsTheyWere) {
  Engine engine(1);
  EXPECT_EQ(draw_uniform(engine), 0x1.122deafddb438p-3);
  EXPECT_EQ(draw_uniform(engine), 0x1.175c928118c7dp-3);
  engine.seed(1);
  EXPECT_EQ(draw_normal(engine), -0.22770229850701265);
  EXPECT_EQ(draw_normal(engine), -0.25937725029558445);
  engine.seed(1);
  EXPECT_EQ(draw_normal(engine, 0, 0.5), -0.11385114925350633);
}

TEST(Draws, OfOrdersStayAsTheyWere) {
  Engine engine(1);
  EXPECT_THAT(permutation(engine, 8), ElementsAre(0, 3, 2, 4, 1, 5, 6, 7));
  engine.seed(1);
  EXPECT_THAT(draw_from(engine, std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7}, 3), ElementsAre(0, 3, 2));
  EXPECT_THAT(draw_from(engine, std::vector<int>{7}, 3), ElementsAre(7));
}

TEST(Draws, OfAPlaceStayAsTheyWere) {
  Engine engine = engine_at({5, 0, 7});
  EXPECT_EQ(engine(), 8779424348570767257U);
  EXPECT_EQ(engine(), 10338170389845488028U);
  const uint64_t seed = (uint64_t{3} << 32) + 9;
  EXPECT_EQ(engine_at<std::mt19937>({seed, seed >> 32, 4})(), 2198401669U);
}

// The known answers of Random123 for philox4x32-10.
TEST(Philox, GivesTheKnownAnswers) {
  EXPECT_THAT(philox({0, 0, 0, 0}, {0, 0}),
              ElementsAre(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8));
  EXPECT_THAT(philox({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
              ElementsAre(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd));
  EXPECT_THAT(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
              ElementsAre(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1));
}

TEST(NumbersOfPlaces, StayAsTheyWere) {
  EXPECT_EQ(uniform_at(0, 0, 0), static_cast<double>(0x6627e8d5e169c58dU >> 11) * 0x1p-53);
  EXPECT_EQ(uniform_at(1, 2, 3), 0x1.bc117ea4cc7dfp-1);
  EXPECT_EQ(uniform_at(7, 0, 123456789012345), 0x1.a2ce5c2ad8495p-1);
  EXPECT_EQ(uniform_at(3, uint64_t{1} << 40, 2), 0x1.37b6b4bd6f99ap-1);
  EXPECT_EQ(seed_at(1, 2, 3), 0xc7fcf52d808496a0U);
  EXPECT_EQ(seed_at(0xdeadbeefcafef00d, 5, 1), 0x203b48660ae7a88dU);
  EXPECT_EQ(scattered(0), 0xe220a8397b1dcdafU);  // SplitMix64's first number from the state 0
  EXPECT_EQ(scattered(1, 2), 0xbcd9dbb49673066bU);
}

// --- what they are

TEST(NumbersOfPlaces, AreUniformAlongRowsAndColumns) {
  constexpr int kNumbers = 20000;
  double along_rows = 0, along_columns = 0;
  for (int i = 0; i < kNumbers; ++i) {
    along_rows += uniform_at(1, i, 0) / kNumbers;
    along_columns += uniform_at(1, 0, i) / kNumbers;
  }
  EXPECT_NEAR(along_rows, 0.5, 4 * std::sqrt(1.0 / 12 / kNumbers));
  EXPECT_NEAR(along_columns, 0.5, 4 * std::sqrt(1.0 / 12 / kNumbers));
}

TEST(NumbersOfPlaces, NeverRepeatNorDoSeeds) {
  std::set<double> numbers;
  std::set<uint64_t> seeds;
  for (uint64_t seed = 0; seed < 5; ++seed)
    for (uint64_t row = 0; row < 50; ++row)
      for (uint64_t column = 0; column < 50; ++column) {
        numbers.insert(uniform_at(seed, row, column));
        seeds.insert(seed_at(seed, row, column));
      }
  EXPECT_EQ(numbers.size(), 12500U);
  EXPECT_EQ(seeds.size(), 12500U);
}

TEST(NumbersOfPlaces, GiveAnOrder) {
  const std::vector<int64_t> order = permutation_at(1, 2, 5);
  EXPECT_EQ(std::set<int64_t>(order.begin(), order.end()).size(), 5U);
  for (size_t i = 1; i < order.size(); ++i)
    EXPECT_LT(uniform_at(1, 2, order[i - 1]), uniform_at(1, 2, order[i]));
}

}  // namespace random_test
}  // namespace assay::statistics
