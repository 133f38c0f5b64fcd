#include "tasks/synthetic_text/sampler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

namespace assay::tasks::synthetic_text {
namespace sampler_test {

constexpr int kTexts = 6000;

void expect_mean(double sum, double mean, double deviation) {
  EXPECT_NEAR(sum / kTexts, mean, 5 * deviation / std::sqrt(kTexts));
}

TEST(TextSampler, DrawsBinomialLengthsAndWordsByTheirFrequency) {
  const Sampler sampler(bag_of_words(), Part::Train, 1);
  double length = 0, squares = 0;
  std::map<int64_t, double> counts;
  for (int i = 0; i < kTexts; ++i) {
    const Text text = sampler.draw(static_cast<uint64_t>(i)).text;
    const auto n = static_cast<double>(text.size());
    length += n;
    squares += (n - 15) * (n - 15);
    for (const int64_t word : text) ++counts[word];
  }
  expect_mean(length, 15, std::sqrt(7.5));
  expect_mean(squares, 7.5, std::sqrt(2.0) * 7.5);
  for (const auto& [word, frequency] : std::map<int64_t, double>{{0, .2}, {5, .06}, {9, .08}}) {
    const double share = frequency / 1.2;
    EXPECT_NEAR(counts[word] / length, share, 5 * std::sqrt(share * (1 - share) / length));
  }
}

TEST(TextSampler, DrawsUniformLengths) {
  const Sampler sampler(slalom_words(64), Part::Test, 1);
  std::map<size_t, int> lengths;
  for (int i = 0; i < kTexts; ++i) ++lengths[sampler.draw(static_cast<uint64_t>(i)).text.size()];
  EXPECT_EQ(lengths.size(), 30);
  for (const auto& [length, count] : lengths)
    EXPECT_NEAR(count, kTexts / 30.0, 5 * std::sqrt(kTexts / 30.0)) << length;
}

TEST(TextSampler, DrawsAnswersWithTheTextsOdds) {
  const Language language = bag_of_words();
  const Sampler sampler(language, Part::Derive, 2);
  double surplus = 0, variance = 0, product = 0;
  for (int i = 0; i < kTexts; ++i) {
    const auto [text, positive] = sampler.draw(static_cast<uint64_t>(i));
    const double p = 1 / (1 + std::exp(-log_odds(language, text)));
    surplus += positive - p;
    product += (positive - p) * (p - 0.5);
    variance += p * (1 - p);
  }
  EXPECT_NEAR(surplus, 0, 5 * std::sqrt(variance));
  EXPECT_NEAR(product, 0, 5 * std::sqrt(variance));
}

TEST(TextSampler, FillsRowsUpBehindTheirReadout) {
  const Language language = slalom_words(16);
  const interp::LabelledBatch batch = Sampler(language, Part::Train, 3).batch(5, 40);
  for (int64_t i = 0; i < 40; ++i) {
    const auto end = batch.readouts[i].item<int64_t>();
    const at::Tensor row = batch.tokens[i];
    EXPECT_LT(row.narrow(0, 0, end + 1).max().item<int64_t>(), 16);
    EXPECT_TRUE(row.slice(0, end + 1).eq(language.filler()).all().item<bool>());
  }
}

}  // namespace sampler_test
}  // namespace assay::tasks::synthetic_text
