#include "interp/attribution/method.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "tests/interp/attribution/inside.h"
#include "tests/interp/with_threads.h"

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

TEST(Methods, ScoreEveryFeatureAndAreFunctionsOfTheProblem) {
  const auto model = random_model(assorted_configs()[1]);
  // A token behind the features is context: without it a sequence could become empty.
  const Input input{.tokens = {1, 3, 0, 2}, .features = token_features({"a", "b", "c"})};
  const Problem problem = inside_problem(*model, input, {.kind = TargetKind::LogOdds, .token = 1});
  for (const Method& method : methods()) {
    for (const Preset& preset : method.presets) {
      if (preset.takes == Takes::Replaces) continue;
      const std::string name = method.name + ":" + preset.name;
      const Explanation found = explain(name, problem);
      EXPECT_EQ(found.scores.scalar_type(), torch::kFloat64) << name;
      EXPECT_EQ(found.scores.numel(), problem.input.size()) << name;
      EXPECT_TRUE(at::isfinite(found.scores).all().item<bool>()) << name;
      const WithThreads two(2);
      EXPECT_TRUE(found.scores.equal(explain(name, problem).scores)) << name;
    }
  }
}

TEST(Methods, WhatLooksInsideRefusesABlackBox) {
  for (const Method& method : methods()) {
    for (const Preset& preset : method.presets) {
      if (preset.takes != Takes::LooksInside) continue;
      EXPECT_THAT([&] { explain(method.name + ":" + preset.name, black_box()); },
                  ThrowsMessage<std::invalid_argument>(HasSubstr("black box")));
    }
  }
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
