#include "tasks/synthetic_text/language.h"

#include <gmock/gmock.h>

#include <cmath>
#include <map>
#include <set>

namespace assay::tasks::synthetic_text {
namespace language_test {

using testing::ThrowsMessage;

TEST(Language, OfBagsAddsTheWeightsOfTheirWords) {
  const Language language = bag_of_words();
  double frequencies = 0;
  for (const Word& word : language.words) frequencies += word.frequency;
  EXPECT_NEAR(frequencies, 1.20, 1e-12);  // as published, which is no distribution yet
  const Text text = {0, 4, 5, 5, 7, 9};   // the best perfect perfect worst ok
  EXPECT_NEAR(log_odds(language, text), 1 + 1.5 + 1.5 - 1.5 - 0.7, 1e-12);
}

TEST(Language, OfAveragesWeighsByImportance) {
  const Language language = slalom_words(16);
  const Word &a = language.words[3], &b = language.words[8];
  const double expected =
      (2 * std::exp(a.importance) * a.value + std::exp(b.importance) * b.value) /
      (2 * std::exp(a.importance) + std::exp(b.importance));
  EXPECT_NEAR(log_odds(language, {3, 8, 3}), expected, 1e-12);
}

TEST(Language, OfAveragesHasThePublishedDistributionButForItsLargestImportance) {
  const Language language = slalom_words(200);
  double mean = 0, largest = -100, least = 100, xy = 0, xx = 0, yy = 0, size = 0;
  for (const Word& word : language.words) {
    mean += word.importance / 200;
    size += std::abs(word.value) / 200;
    largest = std::max(largest, word.importance);
    least = std::min(least, word.importance);
  }
  for (const Word& word : language.words) {
    const double x = std::abs(word.value) - size, y = word.importance - mean;
    xy += x * y;
    xx += x * x;
    yy += y * y;
  }
  // Each importance carries normal noise of deviation 0.5: three deviations, of a mean over 100
  // pairs or of a single pair.
  EXPECT_NEAR(mean, 0, 3 * 0.5 / std::sqrt(100));
  EXPECT_NEAR(least, -2.19, 3 * 0.5);
  // The largest of the authors' list is 11.80. An exponential's 99.5% quantile gives this one less.
  EXPECT_NEAR(largest, -2.19 * (1 + std::log(0.005)), 3 * 0.5);
  const double correlation = xy / std::sqrt(xx * yy);
  EXPECT_GT(correlation, 0.93);
  EXPECT_LT(correlation, 0.98);
}

TEST(Language, OfAveragesIsSymmetric) {
  for (const int64_t n : {16, 64}) {
    const Language language = slalom_words(n);
    std::set<std::string> names;
    for (int64_t i = 0; i < n; i += 2) {
      EXPECT_EQ(language.words[i].value, -language.words[i + 1].value);
      EXPECT_EQ(language.words[i].importance, language.words[i + 1].importance);
      names.insert({language.words[i].name, language.words[i + 1].name});
    }
    EXPECT_EQ(static_cast<int64_t>(names.size()), n);
  }
}

TEST(Language, OfAveragesHasThePublishedMeansOfImportance) {
  for (const auto& [n, published] :
       std::map<int64_t, double>{{16, .7713}, {64, .0102}, {128, .1171}}) {
    const Language language = slalom_words(n);
    double mean = 0;
    for (const Word& word : language.words) mean += word.importance / static_cast<double>(n);
    EXPECT_NEAR(mean, published, 0.4);  // so few quantiles, and their noise
  }
}

TEST(Language, OfAveragesHasThePapersNumbersOfWords) {
  for (const int64_t n : {-16, 0, 17, 201}) EXPECT_THROW(slalom_words(n), std::invalid_argument);
  EXPECT_THAT([] { slalom_words(17); }, ThrowsMessage<std::invalid_argument>(
                                            "words: expected 16, 32, 64, 128 or 200, got 17"));
}

}  // namespace language_test
}  // namespace assay::tasks::synthetic_text
