#include "tasks/sentiment/pool.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <map>

namespace assay::tasks::sentiment {
namespace pool_test {

constexpr int64_t kTexts = 200;

/// Text i of the train part holds i, has 1 to 7 tokens, and a rating that hangs on i.
double rating_of(int64_t i) {
  return static_cast<double>(i % 8) - 3.5;
}
Pool pool() {
  std::vector<RatedText> texts;
  for (int64_t i = 0; i < kTexts; ++i)
    texts.push_back({interp::attribution::Sequence(1 + i % 7, i + 10), rating_of(i), Part::Train});
  texts.push_back({{2}, -1, Part::Derive});
  texts.push_back({{3, 4}, 1, Part::Test});
  return {std::move(texts), {.length = 7, .filler = 5}};
}

// Every text is there once in a pass but for what does not fill a block; blocks are of a length.
TEST(Pool, IsTrainedOnInPassesOfTextsThatAreAlike) {
  constexpr int64_t kPass = kTexts / Pool::kAlike * Pool::kAlike;
  for (const int64_t first : {int64_t{0}, kPass}) {
    const auto batch = pool().sample(Part::Train, /*seed=*/1, first, kPass);
    EXPECT_EQ(std::get<0>(at::unique_dim(batch.tokens.select(1, 0), 0)).numel(), kPass);
    for (int64_t block = 0; block < kPass; block += Pool::kAlike) {
      const at::Tensor ends = batch.readouts.narrow(0, block, Pool::kAlike);
      EXPECT_LE((ends.max() - ends.min()).item<int64_t>(), 3);  // of 7 lengths, in three blocks
    }
  }
}

TEST(Pool, CallsATrainedTextPositiveAsOftenAsItsRatingSays) {
  constexpr int64_t kPasses = 40, kPass = kTexts / Pool::kAlike * Pool::kAlike;
  const auto batch = pool().sample(Part::Train, /*seed=*/1, 0, kPasses * kPass);
  std::map<int64_t, std::pair<double, double>> positive_of;  // by rating: so often, of so many
  for (int64_t i = 0; i < batch.labels.numel(); ++i) {
    auto& [positive, all] = positive_of[batch.tokens[i][0].item<int64_t>() % 8];
    positive += batch.labels[i].item<double>();
    all += 1;
  }
  for (const auto& [token, counts] : positive_of)
    EXPECT_NEAR(counts.first / counts.second, share_of_positive(rating_of(token - 10 + 16)), 0.02);
}

TEST(Pool, LabelsWhatIsNotTrainedOnByTheSignOfItsRating) {
  const auto derive = pool().sample(Part::Derive, 1, 0, 5);
  const auto test = pool().sample(Part::Test, 1, 0, 5);
  EXPECT_TRUE(derive.labels.eq(0).all().item<bool>());
  EXPECT_TRUE(test.labels.eq(1).all().item<bool>());
  EXPECT_TRUE(test.readouts.eq(1).all().item<bool>());
  EXPECT_TRUE(test.tokens[4].equal(torch::tensor({3, 4, 5, 5, 5, 5, 5}, torch::kInt64)));
}

TEST(Pool, ListsEveryTextOnce) {
  const Domain domain = pool().domain();
  EXPECT_EQ(domain.inputs.tokens.size(0), kTexts + 2);
  const auto test = domain.of({Part::Test});
  EXPECT_EQ(test.tokens.size(0), 1);
  EXPECT_EQ(test.labels.item<int64_t>(), 1);
  EXPECT_EQ(test.readouts.item<int64_t>(), 1);
}

TEST(Pool, GivesSlicesOfOneStream) {
  const auto all = pool().sample(Part::Train, /*seed=*/2, 100, 300);
  const auto some = pool().sample(Part::Train, /*seed=*/2, 180, 50);
  EXPECT_TRUE(some.tokens.equal(all.tokens.narrow(0, 80, 50)));
  EXPECT_TRUE(some.labels.equal(all.labels.narrow(0, 80, 50)));
}

}  // namespace pool_test
}  // namespace assay::tasks::sentiment
