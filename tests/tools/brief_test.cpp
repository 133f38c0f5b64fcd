#include "tools/brief.h"

#include <gtest/gtest.h>

namespace assay::tools {
namespace brief_test {

using nlohmann::json;

TEST(Brief, SaysValuesInFewWords) {
  EXPECT_EQ(brief(0.123456), "0.1235");
  EXPECT_EQ(brief(80000), "80,000");
  EXPECT_EQ(brief(true), "yes");
  EXPECT_EQ(brief("text"), "text");
  EXPECT_EQ(brief(json{1, 2}), "[1, 2]");
  EXPECT_EQ(brief(json{{"a", 0.5}, {"b", 2}}), "a 0.5, b 2");
  EXPECT_EQ(brief(json(std::vector<double>{9, 8, 7, 6, 5, 4, 3, 2, 1})), "9 numbers, 1 to 9");
}

TEST(Brief, ShowsWhereValuesPart) {
  EXPECT_EQ(difference(1, 0), "1 | 0");
  EXPECT_EQ(difference({1, 0, 1}, {1, 1, 1}), "[1] 0 | 1");
  EXPECT_EQ(difference(json::parse("[[1,2],[3,4]]"), json::parse("[[1,2],[3,5]]")),
            "[1] [3,4] | [3,5]");
  EXPECT_EQ(difference({0, 0, 0, 0, 0}, {1, 1, 1, 1, 1}),
            "[0] 0 | 1   [1] 0 | 1   [2] 0 | 1   and 2 more");
}

}  // namespace brief_test
}  // namespace assay::tools
