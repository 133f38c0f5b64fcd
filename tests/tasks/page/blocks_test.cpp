#include "tasks/page/blocks.h"

#include <gtest/gtest.h>

namespace assay::tasks::page {
namespace blocks_test {

TEST(Blocks, PercentagesTellAnExactZeroFromASmallRate) {
  EXPECT_EQ(percent(0, 4), "0");
  EXPECT_EQ(percent(0.00001, 4), "0.0010%");
  EXPECT_EQ(percent(0.0287875), "2.88%");
  EXPECT_EQ(percent(1), "100.00%");
}

TEST(Blocks, PercentagesOfATableShareDecimalsThatSuitTheSmallest) {
  EXPECT_EQ(percent_decimals({0.5, 0.1}), 2);
  EXPECT_EQ(percent_decimals({0, 0.000037}), 4);  // 0.0037%
  EXPECT_EQ(percent_decimals({}), 2);
  EXPECT_EQ(percent_decimals({1e-12}), 6);
}

TEST(Blocks, VerdictsHaveATone) {
  EXPECT_EQ(tone_of_verdict("holds"), Tone::Good);
  EXPECT_EQ(tone_of_verdict("violated"), Tone::Bad);
  EXPECT_EQ(tone_of_verdict("undecided"), Tone::Caution);
  EXPECT_EQ(tone_of_verdict("vacuous"), Tone::Bad);
}

}  // namespace blocks_test
}  // namespace assay::tasks::page
