#include "interp/attribution/scorer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <limits>
#include <mutex>

#include "interp/network/network.h"
#include "tests/interp/networks.h"
#include "tests/interp/with_threads.h"

namespace assay::interp::attribution {
namespace scorer_test {

using at::Tensor;
using testing::HasSubstr;
using testing::ThrowsMessage;

/// A score that tells sequences apart: Σ token · 10^position.
Scorer decimal_scorer() {
  return Scorer([](const Tensor& tokens) {
    const Tensor powers = at::pow(10.0, at::arange(tokens.size(1), torch::kFloat64));
    return (tokens * powers).sum(1);
  });
}

TEST(Scorer, AnswersInTheOrderOfTheSequencesWhateverTheirLengths) {
  const Tensor scores = decimal_scorer()({{1, 2, 3}, {4}, {5, 6}, {7}});
  EXPECT_TRUE(scores.equal(torch::tensor({321.0, 4.0, 65.0, 7.0}, torch::kFloat64)));
}

TEST(Scorer, ScoresEqualSequencesOnce) {
  const Scorer scorer = decimal_scorer();
  const Tensor scores = scorer({{1, 2}, {3}, {1, 2}, {1, 2}});
  EXPECT_EQ(scorer.rows(), 2);
  EXPECT_EQ(scores[0].item<double>(), scores[3].item<double>());
}

TEST(Scorer, CopiesCountRowsTogether) {
  const Scorer scorer = decimal_scorer();
  const Scorer copy = scorer;
  copy.score({1, 2});
  scorer.score({3});
  EXPECT_EQ(scorer.rows(), 2);
}

TEST(Scorer, RunsRowsOfOneLengthTogetherInChunksOf128) {
  std::mutex mutex;
  std::multiset<std::pair<int64_t, int64_t>> shapes;
  const Scorer scorer([&](const Tensor& tokens) {
    const std::lock_guard lock(mutex);
    shapes.emplace(tokens.size(0), tokens.size(1));
    return at::zeros({tokens.size(0)});
  });
  std::vector<Sequence> sequences;
  for (int64_t i = 0; i < 130; ++i) sequences.push_back({i, i});
  for (int64_t i = 0; i < 3; ++i) sequences.push_back({i});
  scorer(sequences);
  EXPECT_EQ(shapes, (std::multiset<std::pair<int64_t, int64_t>>{{128, 2}, {2, 2}, {3, 1}}));
}

TEST(Scorer, RefusesScoresThatAreNotFiniteNamingTheSequence) {
  const Scorer scorer([](const Tensor& tokens) {
    return at::where(tokens.select(1, 0).eq(7), std::numeric_limits<double>::quiet_NaN(), 1.0);
  });
  EXPECT_THAT(
      [&] {
        scorer(std::vector<Sequence>{{1, 2}, {7, 3}});
      },
      ThrowsMessage<std::runtime_error>(HasSubstr("[7 3]")));
}

TEST(Scorer, RefusesNoSequenceAndAnEmptyOne) {
  EXPECT_THROW(decimal_scorer()(std::vector<Sequence>{}), std::invalid_argument);
  EXPECT_THROW(decimal_scorer()(std::vector<Sequence>{{1}, {}}), std::invalid_argument);
}

TEST(ScorerOfANetwork, ReadsTheLastPositionWhateverTheThreads) {
  const TransformerConfig config = assorted_configs()[1];
  const auto model = random_model(config);
  const Target target{.kind = TargetKind::LogitDifference, .token = 2, .foil = 0};
  std::vector<Sequence> sequences;
  for (int64_t i = 0; i < 300; ++i) sequences.push_back({i % 4, i / 4 % 4, i / 16 % 4, i / 64 % 4});
  const auto scores = [&](int threads) {
    const WithThreads guard(threads);
    return scorer_of(*model, target)(sequences);
  };
  const Tensor alone = scores(1);
  EXPECT_TRUE(alone.equal(scores(2)));
  const Tensor logits =
      logits_at(*model, torch::tensor(sequences[37], torch::kInt64).unsqueeze(0), 3)[0];
  EXPECT_NEAR(alone[37].item<double>(), (logits[2] - logits[0]).item<double>(), 1e-12);
}

TEST(ScorerOfANetwork, PadsShorterSequencesOnTheLeft) {
  const TransformerConfig config = assorted_configs()[0];
  const auto model = random_model(config);
  const Framing framing{.length = 6, .padding = 4};
  const Scorer framed_scorer = logits_scorer_of(*model, framing);
  const Scorer plain = logits_scorer_of(*model);
  EXPECT_TRUE(framed_scorer(std::vector<Sequence>{{1, 2}})
                  .equal(plain(std::vector<Sequence>{{4, 4, 4, 4, 1, 2}})));
  EXPECT_THROW(framed_scorer(std::vector<Sequence>{{1, 2, 3, 1, 2, 3, 1}}), std::invalid_argument);
}

}  // namespace scorer_test
}  // namespace assay::interp::attribution
