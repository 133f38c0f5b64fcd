#include "tasks/sentiment/sentiment.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include "interp/files/files.h"
#include "tests/interp/scratch.h"
#include "tests/tasks/conformance.h"
#include "tests/tasks/sentiment/small_reviews.h"

namespace assay::tasks::sentiment {
namespace sentiment_test {

using interp::message_of;
using testing::HasSubstr;

class SentimentTask : public interp::Scratch {
 protected:
  const std::string texts_ = put("reviews.txt", small_reviews()).string();

  std::unique_ptr<Task> task(bool bare) const {
    return make_task("sentiment", {{"texts", texts_}, {"words", 200}, {"bare", bare}});
  }
};

TEST_F(SentimentTask, ConformsToWhatATaskPromises) {
  for (const bool bare : {false, true}) {
    const auto made = task(bare);
    expect_samples_of_the_right_shape_and_range(*made);
    expect_slices_of_one_stream(*made);
    expect_parts_that_share_no_input(*made);
    expect_features_of_every_kind(*made);
    expect_replacers(*made);
    expect_refusals_of_what_is_missing(*made);
    EXPECT_EQ(task_from_json(made->to_json())->to_json(), made->to_json());
    for (const Preset& preset : entry().presets) expect_valid_recipe(*made, preset.name);
  }
}

TEST_F(SentimentTask, ReadsAnyTextAndWritesItBack) {
  const auto made = task(false);
  const at::Tensor tokens = made->to_tokens("A good, GOOD film -- zzz!");
  EXPECT_EQ(made->to_text(tokens), "a good good film [unknown]");
  EXPECT_TRUE(made->to_tokens(made->to_text(tokens)).equal(tokens));
  EXPECT_EQ(made->sequence_of(tokens).size(), 6u);  // with the start token
  EXPECT_EQ(task(true)->sequence_of(task(true)->to_tokens("a film")).size(), 2u);
  EXPECT_THAT(message_of([&] { made->to_tokens("?!"); }), HasSubstr("0 words, expected 1 to 63"));
}

TEST_F(SentimentTask, ExplainsWordsAndNotTheStartToken) {
  const auto made = task(false);
  const auto features = made->features("token", made->sequence_of(made->to_tokens("a good film")));
  ASSERT_EQ(features.size(), 3u);
  EXPECT_EQ(features[1].name, "good");
  EXPECT_EQ(features[1].positions, std::vector<int64_t>{2});
  const auto unknown = made->replacer("unknown");
  const interp::attribution::Sequence sequence = {3, 8, 9};
  const at::Tensor mask = torch::tensor({0, 1, 0}).to(torch::kBool).unsqueeze(0);
  EXPECT_TRUE(
      unknown->draw(sequence, mask, 0, 0)[0].equal(torch::tensor({3, 2, 9}, torch::kInt64)));
}

TEST_F(SentimentTask, KnowsItsTextsByTheirHash) {
  const auto made = task(false);
  EXPECT_EQ(made->settings().at("sha256"), interp::sha256_of_file(texts_));
  const nlohmann::json json = made->to_json();
  put("reviews.txt", small_reviews() + "400\t1\tOne more\n");
  EXPECT_THAT(message_of([&] { task_from_json(json); }),
              HasSubstr("expected the texts with SHA-256"));
}

TEST_F(SentimentTask, SaysWhatIsMissingWhenTextsAreAskedFor) {
  const nlohmann::json json = task(false)->to_json();
  std::filesystem::remove(texts_);
  const auto gone = task_from_json(json);  // a report about it can still be read
  EXPECT_EQ(gone->answer_name(1), "positive");
  EXPECT_THAT(message_of([&] { gone->sample(Part::Test, 1, 0, 1); }), HasSubstr(texts_));
  EXPECT_THAT(message_of([] { make_task("sentiment")->sample(Part::Test, 1, 0, 1); }),
              HasSubstr("tools/sentiment fetch"));
  EXPECT_THAT(message_of([] {
                make_task("sentiment", {{"words", 0}});
              }),
              HasSubstr("words: expected 1 to"));
}

}  // namespace sentiment_test
}  // namespace assay::tasks::sentiment
