#include "interp/attribution/method.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

namespace assay::interp::attribution {
namespace {

using at::Tensor;
using testing::HasSubstr;
using testing::ThrowsMessage;

Problem black_box() {
  const Scorer sum([](const Tensor& tokens) { return tokens.sum(1); });
  return {.input = {.tokens = {1, 2, 3}, .features = token_features({"a", "b", "c"})},
          .scorer = sum,
          .logits = sum,
          .target = {},
          .framing = {},
          .seed = 5};
}

TEST(Methods, HaveDistinctNamesAndAtLeastOnePreset) {
  std::set<std::string> names;
  for (const Method& method : methods()) {
    EXPECT_TRUE(names.insert(method.name).second) << method.name;
    EXPECT_FALSE(method.presets.empty()) << method.name;
  }
}

TEST(Methods, UnknownNamesAndPresetsAreRefusedWithAList) {
  EXPECT_THAT([] { explain("gradcam", black_box()); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("there are random")));
  EXPECT_THAT([] { explain("random:best", black_box()); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("there are normal")));
}

TEST(RandomScores, DependOnTheSeedAlone) {
  Problem problem = black_box();
  const Explanation first = explain("random", problem);
  EXPECT_TRUE(first.scores.equal(explain("random", problem).scores));
  problem.seed = 6;
  EXPECT_FALSE(first.scores.equal(explain("random", problem).scores));
  EXPECT_EQ(first.rows, 0);
}

}  // namespace
}  // namespace assay::interp::attribution
