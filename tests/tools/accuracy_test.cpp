#include "tools/accuracy.h"

#include <gtest/gtest.h>

namespace assay::tools {
namespace accuracy_test {

TEST(AccuracyTest, IntervalsAreThoseOfClopperAndPearson) {
  const auto json =
      accuracy_json({.share = 0.75, .inputs = 20, .of = "draws", .draws = true}, "accuracy");
  EXPECT_EQ(json["accuracy_of"], "draws");
  // Where P(at least 15 of 20) and P(at most 15 of 20), summed exactly, are 0.025.
  EXPECT_NEAR(json["accuracy_interval"][0], 0.5089541, 1e-6);
  EXPECT_NEAR(json["accuracy_interval"][1], 0.9134285, 1e-6);
  EXPECT_EQ(accuracy_in_words(json, "accuracy", 1), "75.0% [50.9%, 91.3%] of 20");
  // All right: the lower end is 0.025^(1/n).
  const auto all =
      accuracy_json({.share = 1, .inputs = 4096, .of = "draws", .draws = true}, "accuracy");
  EXPECT_EQ(accuracy_in_words(all, "accuracy", 2), "100.00% [99.91%, 100.00%] of 4,096");
}

TEST(AccuracyTest, AListOfInputsHasTheAccuracyThatItHas) {
  const auto json = accuracy_json({.share = 0.5, .inputs = 24, .of = "all"}, "accuracy_trained");
  EXPECT_FALSE(json.contains("accuracy_trained_interval"));
  EXPECT_EQ(accuracy_in_words(json, "accuracy_trained", 4), "50.0000% of 24");
}

}  // namespace accuracy_test
}  // namespace assay::tools
