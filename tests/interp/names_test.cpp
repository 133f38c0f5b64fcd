#include "interp/names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/interp/scratch.h"

namespace assay::interp {
namespace names_test {

TEST(Nearest, CountsASwapOfNeighboursAsOneSlipAndHasItsLimits) {
  const std::vector<std::string> names = {"explain", "export", "train"};
  EXPECT_EQ(nearest("explian", names), "explain");
  EXPECT_EQ(nearest("expor", names), "export");
  EXPECT_EQ(nearest("tarin", names), "train");
  EXPECT_EQ(nearest("banana", names), "");
  EXPECT_EQ(nearest("", names), "");
  EXPECT_EQ(nearest(std::string(1 << 20, 'x'), names), "");
}

TEST(NamesTest, AnUnknownNameIsAnsweredByThoseThereAreAndTheNearest) {
  const std::vector<std::string> names = {"two-sat", "modular-addition"};
  EXPECT_EQ(there_are(names, "sorting"), "there are two-sat, modular-addition");
  EXPECT_EQ(there_are(names, "tow-sat"),
            "there are two-sat, modular-addition; did you mean 'two-sat'?");
  EXPECT_EQ(there_are({}, "tow-sat"), "there are none");
  EXPECT_EQ(message_of([&] { refuse_name("task", "tow-sat", names); }),
            "unknown task 'tow-sat'; there are two-sat, modular-addition; did you mean 'two-sat'?");
}

}  // namespace names_test
}  // namespace assay::interp
