#include "tasks/sentiment/reviews.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <set>

#include "tests/interp/scratch.h"
#include "tests/tasks/sentiment/small_reviews.h"

namespace assay::tasks::sentiment {
namespace reviews_test {

using interp::message_of;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<Review> parsed(const std::string& content) {
  return parse_reviews("r.txt", content, 10);
}

TEST(Reviews, AreWordsInLowerCase) {
  EXPECT_THAT(words_of("It's 'so-so', NOT  3D!"), ElementsAre("it's", "so", "so", "not", "3d"));
  EXPECT_THAT(words_of("na\xc3\xafve''caf\xc3\xa9'"), ElementsAre("na\xc3\xafve", "caf\xc3\xa9"));
  EXPECT_TRUE(words_of(" -- '' ").empty());
}

TEST(Reviews, KeepTheFirstOfEqualTextsAndNoneOfRatingZero) {
  const std::string others = small_reviews();
  const auto reviews = parsed("1\t0.5\tFine, fine\n2\t0\tNeither\n3\t-3\tfine fine!\n" + others);
  ASSERT_EQ(reviews.size(), 401u);
  EXPECT_EQ(reviews[0].rating, 0.5);
  EXPECT_THAT(reviews[1].words, ElementsAre("a", "good", "film", "0", "0", "0", "n0"));
}

// 8, 1 and 1 tenths: within four standard deviations of a binomial.
TEST(Reviews, ArePartedByTheirWordsAlone) {
  std::map<Part, int64_t> n;
  for (const Review& review : parsed(small_reviews())) {
    EXPECT_EQ(review.part, part_of(review.words));
    ++n[review.part];
  }
  EXPECT_NEAR(n[Part::Train], 320, 4 * 8);
  EXPECT_NEAR(n[Part::Derive], 40, 4 * 6);
  EXPECT_NEAR(n[Part::Test], 40, 4 * 6);
}

TEST(Reviews, GiveTheMostFrequentWordsOfTheTrainPart) {
  const auto reviews = parsed(small_reviews());
  int64_t good = 0, bad = 0;
  std::set<std::string> unseen;  // words of texts that are not trained on
  for (const Review& review : reviews) {
    if (review.part != Part::Train)
      unseen.insert(review.words[6]);
    else
      ++(review.is_positive() ? good : bad);
  }
  ASSERT_NE(good, bad);
  const auto all = vocabulary_of(reviews, 1000);
  const auto place = [&](const char* word) { return std::ranges::find(all, word) - all.begin(); };
  EXPECT_THAT(vocabulary_of(reviews, 2), ElementsAre("a", "film"));
  EXPECT_EQ(place("bad"), place("alas") + 1);  // as often, and behind it in the alphabet
  EXPECT_EQ(place("good") < place("bad"), good > bad);
  for (const std::string& word : all) EXPECT_FALSE(unseen.contains(word));
}

TEST(Reviews, ThatAreWrongAreRefusedByTheirLine) {
  const auto refusal = [](const std::string& content) {
    return message_of([&] { parsed(content); });
  };
  EXPECT_THAT(refusal("1\t2\tfine\n2 3 fine\n"), HasSubstr("r.txt:2: expected a number, a rating"));
  EXPECT_THAT(refusal("1\t4.5\tfine\n"), HasSubstr("a rating from -4 to 4, got '4.5'"));
  EXPECT_THAT(refusal("1\tnan\tfine\n"), HasSubstr("a rating from -4 to 4, got 'nan'"));
  EXPECT_THAT(refusal("1\t2 \tfine\n"), HasSubstr("got '2 '"));
  EXPECT_THAT(refusal("1\t2\t...\n"), HasSubstr("a text of 1 to 10 words, got 0"));
  EXPECT_THAT(refusal("1\t2\tfine\n"), HasSubstr("no text of it falls into the part"));
}

}  // namespace reviews_test
}  // namespace assay::tasks::sentiment
