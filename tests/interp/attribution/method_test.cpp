#include "interp/attribution/method.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "interp/attribution/same_type_replacer.h"
#include "tests/interp/attribution/inside.h"
#include "tests/interp/with_threads.h"

namespace assay::interp::attribution {
namespace method_test {

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

TEST(Methods, UnknownReadingsAreRefusedWithAList) {
  EXPECT_THAT([] { explain("slalom@size", black_box()); },
              ThrowsMessage<std::invalid_argument>(
                  HasSubstr("unknown reading of method 'slalom' 'size'; there are value")));
  EXPECT_THAT([] { explain("random@raw", black_box()); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("there are none")));
}

TEST(Methods, TheDefaultPresetIsTheFirstThatTheProblemAllows) {
  const SameTypeReplacer replacer("same-type", {0, 0, 0, 0});
  Problem problem = black_box();
  EXPECT_EQ(parse_method("lime", problem).name(), "lime:deletion");
  problem.one_length = true;
  for (const char* method : {"lime:deletion", "lime", "slalom"})  // nothing to replace by either
    EXPECT_THAT([&] { parse_method(method, problem); },
                ThrowsMessage<std::invalid_argument>(HasSubstr("inputs of one length")));
  problem.replacer = &replacer;
  EXPECT_EQ(parse_method("lime", problem).name(), "lime:replacement");
  EXPECT_THAT([&] { parse_method("slalom", problem); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("inputs of one length")));
}

TEST(Methods, ReadingsOfOneRunShareIt) {
  const Problem problem = black_box();
  MethodRuns runs(problem);
  const Explanation scores = runs(parse_method("slalom:subset", problem));
  const int64_t rows = problem.scorer.rows();
  const Explanation value = runs(parse_method("slalom:subset@value", problem));
  EXPECT_EQ(problem.scorer.rows(), rows);
  EXPECT_EQ(value.rows, scores.rows);
  EXPECT_EQ(value.method, "slalom:subset@value");
  EXPECT_TRUE(value.scores.equal(scores.readings.at("value")));
  EXPECT_TRUE(explain("slalom:subset@value", problem).scores.equal(value.scores));
}

TEST(Methods, ListTheReadingsThatTheirRunsHave) {
  const auto model = random_model(assorted_configs()[1]);
  const SameTypeReplacer replacer("same-type", std::vector<int64_t>(model->config().d_vocab, 0));
  const Input input{.tokens = {1, 3, 0, 2}, .features = token_features({"a", "b", "c"})};
  Problem problem = inside_problem(*model, input, {.kind = TargetKind::Probability, .token = 1});
  problem.replacer = &replacer;
  problem.rows = 30;
  for (const Method& method : methods()) {
    std::set<std::string> listed, found;
    for (const NamedReading& reading : method.readings) listed.insert(reading.name);
    for (const auto& [name, scores] : explain(method.name, problem).readings) found.insert(name);
    EXPECT_EQ(listed, found) << method.name;
  }
}

TEST(Methods, ScoresThatAreNotFiniteAreAnErrorThatNamesTheFeature) {
  Problem problem = black_box();  // finite itself, but differences overflow
  problem.scorer = Scorer([](const Tensor& tokens) {
    const Tensor has_b = tokens.eq(2).any(1).to(torch::kFloat64);
    return (2 * has_b - 1) * 1.5e308;
  });
  EXPECT_THAT([&] { explain("occlusion:deletion", problem); },
              ThrowsMessage<std::runtime_error>(HasSubstr("the score of 'b' is not finite")));
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

}  // namespace method_test
}  // namespace assay::interp::attribution
