#include "interp/files/json_text.h"

#include <gtest/gtest.h>

namespace assay::interp {
namespace json_text_test {

TEST(JsonTextTest, BytesThatAreNoUtf8AreShownAsSuchAndTheRestStays) {
  EXPECT_EQ(json_text(nlohmann::json{{"path", "\xff/é"}}), "{\"path\":\"\uFFFD/é\"}");
  EXPECT_EQ(valid_utf8("a\xc3 b\xff"), "a\uFFFD b\uFFFD");
  const std::string plain = "é \"quoted\" \\ \x1b[1m\n\t";
  EXPECT_EQ(valid_utf8(plain), plain);
}

}  // namespace json_text_test
}  // namespace assay::interp
