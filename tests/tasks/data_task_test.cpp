#include "tasks/data_task.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include "interp/network/transformer.h"
#include "tasks/counterfactual_file.h"
#include "tasks/prompts.h"
#include "tests/interp/scratch.h"

namespace assay::tasks {
namespace data_task_test {

using interp::message_of;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Data : public interp::Scratch {
 protected:
  static interp::Places places_of(int64_t n_tokens) {
    interp::Places places;
    places.n_tokens = n_tokens;
    return places;
  }
  std::string refusal(const std::string& content, int64_t n_tokens = 30) {
    put("d.txt", content);
    return message_of([&] { data_task(at("d.txt"), places_of(n_tokens)); });
  }
  std::unique_ptr<Task> task(const std::string& content, int64_t n_tokens = 30) {
    put("d.txt", content);
    return data_task(at("d.txt"), places_of(n_tokens));
  }
};

constexpr const char* kText =
    "# tokens | answers | partner\n"
    "3 17 5 | 20 | 3 9 5\n"
    "\n"
    "4 4 4 | 21 20 | 4 9 4  # two right answers\n";
constexpr const char* kJson = R"({"prompts": [
    {"clean": [3, 17, 5], "answers": [20], "corrupt": [3, 9, 5]},
    {"clean": "4 4 4", "answers": ["21", 20], "corrupt": "4 9 4"}]})";

TEST_F(Data, SaysTheSameInTextAndInJson) {
  for (const char* content : {kText, kJson}) {
    put("d.txt", content);
    const Prompts prompts = read_prompts(at("d.txt"), token_ids());
    ASSERT_EQ(prompts.all.size(), 2U);
    EXPECT_THAT(prompts.all[0].clean, ElementsAre(3, 17, 5));
    EXPECT_THAT(prompts.all[0].corrupt, ElementsAre(3, 9, 5));
    EXPECT_THAT(prompts.all[1].answers, ElementsAre(21, 20));
    EXPECT_THAT(prompts.all[1].wrong_answers, IsEmpty());
    EXPECT_EQ(prompts.where(prompts.all[1].place),
              at("d.txt").string() + (content == kText ? ":4" : ": prompt 2"));
  }
}

TEST_F(Data, MakesATaskOfTheFilesSizesAndAnswers) {
  const auto made = task(kText);
  EXPECT_EQ(made->d_vocab(), 30);
  EXPECT_EQ(made->n_ctx(), 3);
  EXPECT_EQ(made->readout(), 2);
  EXPECT_THAT(made->answers(), ElementsAre(20, 21));
  const interp::LabelledBatch batch = made->sample(Part::Test, 5, 1, 3);  // 1, then 0, then 1
  EXPECT_TRUE(batch.tokens.equal(torch::tensor({{4, 4, 4}, {3, 17, 5}, {4, 4, 4}})));
  EXPECT_TRUE(batch.labels.equal(torch::tensor({21, 20, 21})));
  EXPECT_FALSE(batch.readouts.defined());
  EXPECT_EQ(made->to_text(batch.tokens[1]), "3 17 5");
  EXPECT_TRUE(made->to_tokens("3 17 5 | 20").equal(batch.tokens[1]));
}

TEST_F(Data, OfSeveralLengthsSaysWhereEachIsAnswered) {
  const auto made = task("1 2 3 4 | 5\n1 2 | 6\n");
  const interp::LabelledBatch batch = made->sample(Part::Train, 0, 0, 2);
  EXPECT_TRUE(batch.readouts.equal(torch::tensor({3, 1})));
  EXPECT_THAT(message_of([&] { made->counterfactuals(Part::Train, 0, 0, 2); }),
              HasSubstr("differ in length"));
}

TEST_F(Data, OfSeveralLengthsTeachesReplacersNoFiller) {
  // Token 0 fills rows behind the end; it is no token of any input.
  const auto made = task("1 2 3 4 | 5\n1 2 | 6\n");
  const auto replacer = made->replacer("empirical");
  const at::Tensor drawn =
      replacer->draw({1, 2, 3}, at::ones({500, 3}, torch::kBool), /*seed=*/1, /*first_row=*/0);
  EXPECT_FALSE(drawn.eq(0).any().item<bool>());
}

TEST_F(Data, WithoutAnswersTakesEveryTokenForOne) {
  EXPECT_EQ(task("1 2 3\n")->answers().size(), 30U);
  EXPECT_THAT(message_of([&] { load_counterfactuals(at("d.txt"), *task("1 2 3\n")); }),
              HasSubstr("'answers' is missing"));
}

TEST_F(Data, FitsNetworksThatReadLongerInputs) {
  const auto made = task(kText);
  const auto fits = [&](int64_t d_vocab, int64_t n_ctx) {
    made->require_fits(interp::Transformer({.d_vocab = d_vocab, .n_ctx = n_ctx}).places());
  };
  EXPECT_NO_THROW(fits(30, 3));
  EXPECT_NO_THROW(fits(30, 1024));
  EXPECT_THROW(fits(30, 2), std::invalid_argument);
  EXPECT_THROW(fits(31, 3), std::invalid_argument);
}

TEST_F(Data, IsMadeAgainFromItsJsonWithoutItsInputs) {
  const auto made = task(kText);
  const auto again = task_from_json(made->to_json());
  EXPECT_EQ(again->to_json(), made->to_json());
  EXPECT_EQ(again->answers(), made->answers());
  EXPECT_THAT(message_of([&] { again->sample(Part::Test, 0, 0, 1); }), HasSubstr("--data"));
}

/// A classifier's answers are its classes, of which there are fewer than tokens.
TEST_F(Data, AnswersAreOutputsOfTheNetwork) {
  const interp::Transformer classifier({.d_vocab = 30,
                                        .n_ctx = 3,
                                        .d_model = 4,
                                        .d_mlp = 4,
                                        .n_heads = {1},
                                        .d_head = {4},
                                        .d_output = 3,
                                        .pool = interp::Pooling::First});
  put("d.txt", "29 7 | 2\n8 9 | 0\n");
  EXPECT_THAT(data_task(at("d.txt"), classifier.places())->answers(), ElementsAre(0, 2));
  put("d.txt", "29 7 | 2\n8 9 | 3\n");
  EXPECT_THAT(message_of([&] { data_task(at("d.txt"), classifier.places()); }),
              HasSubstr("d.txt:2: answer 3: the network has outputs 0 to 2"));
}

TEST_F(Data, RefusesWhatIsNone) {
  EXPECT_THAT(refusal(""), HasSubstr("no input in it"));
  EXPECT_THAT(refusal("1 2 | 3\n1 x | 3\n"), HasSubstr("d.txt:2: expected the number of a token"));
  EXPECT_THAT(refusal("1 30 | 2\n"),
              HasSubstr("d.txt:1: token 30: the network has tokens 0 to 29"));
  EXPECT_THAT(refusal("1 2 | 30\n"),
              HasSubstr("d.txt:1: answer 30: the network has outputs 0 to 29"));
  EXPECT_THAT(refusal("-1 2\n"), HasSubstr("token -1"));
  EXPECT_THAT(refusal("1 2 | 3\n4 5\n"), HasSubstr("1 of 2 prompts have no 'answers'"));
  EXPECT_THAT(refusal("1 2 | 7\n3 4 | 7\n"), HasSubstr("the only answer in it is 7; expected at"));
  EXPECT_THAT(refusal("1 | 2 | 3 | 4\n"), HasSubstr("expected tokens | answers | partner"));
  EXPECT_THAT(refusal(" | 2\n"), HasSubstr("d.txt:1: no tokens"));
  EXPECT_THAT(refusal("99999999999999999999 2\n"), HasSubstr("d.txt:1: expected the number"));
  EXPECT_THAT(refusal(R"({"prompts": [{"clean": [1.5]}]})"), HasSubstr("prompts[0].clean"));
  EXPECT_THAT(refusal(R"({"prompts": []})"), HasSubstr("no input in it"));
}

TEST(DataSettings, AreWithinBounds) {
  const auto made = [](const Settings& settings) {
    return message_of([&] { make_task(kDataTask, settings); });
  };
  EXPECT_THAT(made({{"tokens", 0}}), HasSubstr("tokens: expected 1 to"));
  EXPECT_THAT(made({{"tokens", 1'000'000'000'000}}), HasSubstr("tokens: expected 1 to"));
  EXPECT_THAT(made({{"positions", -1}}), HasSubstr("positions: expected 1 to"));
  EXPECT_THAT(made({{"tokens", 5}, {"answers", "4 5"}}), HasSubstr("answers: 5 is out of range"));
  EXPECT_THAT(made({{"answers", "a"}}), HasSubstr("expected the number of a token"));
}

}  // namespace data_task_test
}  // namespace assay::tasks
