#include "tasks/synthetic_text/synthetic_text.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include "tests/tasks/conformance.h"

namespace assay::tasks::synthetic_text {
namespace synthetic_text_test {

using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(SyntheticText, ReadsAndWritesWords) {
  const auto task = make_task("bag-of-words");
  const at::Tensor tokens = task->to_tokens("the best movie");
  EXPECT_EQ(tokens.size(0), 30);
  EXPECT_EQ(task->to_text(tokens), "the best movie");
  EXPECT_EQ(task->token_name(task->answers()[1]), "positive");
  EXPECT_THAT([&] { task->to_tokens("the worse movie"); },
              ThrowsMessage<std::invalid_argument>("'worse' is no word of bag-of-words"));
  EXPECT_THROW(task->to_tokens(""), std::invalid_argument);
  EXPECT_THROW(task->to_tokens("the positive movie"), std::invalid_argument);
  std::string longest;
  for (int i = 0; i < 31; ++i) longest += "ok ";
  EXPECT_THAT([&] { task->to_tokens(longest); },
              ThrowsMessage<std::invalid_argument>("the text has 31 words, expected 1 to 30"));
}

TEST(SyntheticText, ConformsForEveryNumberOfWords) {
  for (const int words : {64, 200})
    expect_conforming(*make_task("slalom-words", {{"words", words}}));
}

TEST(SyntheticText, IsExplainedByAllItsWords) {
  const auto task = make_task("bag-of-words");
  const auto tokens = task->sequence_of(task->to_tokens("the best movie"));
  EXPECT_EQ(tokens.size(), 3U);  // without what fills the row
  const auto features = task->features("token", tokens);
  ASSERT_EQ(features.size(), 3U);
  EXPECT_EQ(features[2].name, "movie");
  EXPECT_THROW(task->features("word", tokens), std::invalid_argument);
}

TEST(SyntheticText, HasNoInterpretationAndNoPositionsToSpeakOf) {
  const auto task = make_task("slalom-words");
  const interp::Transformer model(task->need<Recipes>().of("one-layer").model);
  EXPECT_THAT([&] { task->need<Interpretations>().derive(model, {}); },
              ThrowsMessage<std::invalid_argument>(
                  "no interpretation of networks for slalom-words is known: nothing to derive"));
  EXPECT_THAT([&] { task->counterfactuals(Part::Test, 1, 0, 4); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("differ in length")));
}

TEST(SyntheticText, GivesItsLanguageAway) {
  const Language language = language_of(*make_task("slalom-words", {{"words", 32}}));
  EXPECT_EQ(language.n_words(), 32);
  EXPECT_THROW(language_of(*make_task("two-sat")), std::invalid_argument);
}

TEST(SyntheticText, RefusesUnknownPresets) {
  EXPECT_THAT([] { make_task("bag-of-words")->need<Recipes>().of("bert"); },
              ThrowsMessage<std::invalid_argument>(
                  "unknown preset 'bert' of bag-of-words; there are two-layers, one-layer"));
}

}  // namespace synthetic_text_test
}  // namespace assay::tasks::synthetic_text
