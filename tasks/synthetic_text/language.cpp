#include "tasks/synthetic_text/language.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/random/mersenne_twister.hpp>
#include <boost/random/normal_distribution.hpp>
#include <cmath>
#include <stdexcept>

namespace assay::tasks::synthetic_text {
namespace {

// |value| is exponential with this mean: then the largest of 200 stands as far above the mean as
// the authors' largest importance above their mean, in units of the distance to their smallest.
constexpr double kMeanValue = 0.3;
constexpr double kImportanceRange = 2.19;  // their smallest importance is -2.19
constexpr double kImportanceNoise = 0.5;

}  // namespace

double log_odds(const Language& language, const Text& text) {
  double sum = 0, weight = 0;
  for (const int64_t word : text) {
    const auto& [name, frequency, value, importance] = language.words[word];
    const double w = language.meaning == Meaning::Slalom ? std::exp(importance) : 1;
    sum += w * value;
    weight += w;
  }
  return language.meaning == Meaning::Slalom ? sum / weight : sum;
}

Language bag_of_words() {
  return {.name = "bag-of-words",
          .settings = {},
          .words = {{"the", .2, 0},
                    {"we", .2, 0},
                    {"movie", .2, 0},
                    {"watch", .2, 0},
                    {"best", .06, 1},
                    {"perfect", .06, 1.5},
                    {"good", .08, .7},
                    {"worst", .06, -1.5},
                    {"poor", .06, -1},
                    {"ok", .08, -.7}},
          .lengths = Lengths::Binomial,
          .meaning = Meaning::Sum};
}

Language slalom_words(int64_t n_words) {
  if (n_words < 4 || n_words > 200 || n_words % 2 != 0)
    throw std::invalid_argument(
        fmt::format("words: expected an even number from 4 to 200, got {}", n_words));
  Language language{.name = "slalom-words",
                    .settings = {{"words", n_words}},
                    .words = {},
                    .lengths = Lengths::Uniform,
                    .meaning = Meaning::Slalom};
  const int64_t pairs = n_words / 2;
  boost::random::mt19937_64 engine(0);  // the words are the task's, not a run's
  boost::random::normal_distribution<double> noise(0, kImportanceNoise);
  double mean = 0;
  for (int64_t i = 0; i < pairs; ++i) {
    const double quantile = (static_cast<double>(i) + 0.5) / static_cast<double>(pairs);
    const double value = -kMeanValue * std::log(1 - quantile);
    const double importance = kImportanceRange * value / kMeanValue + noise(engine);
    mean += importance / static_cast<double>(pairs);
    language.words.push_back({fmt::format("plus{}", i), 1, value, importance});
    language.words.push_back({fmt::format("minus{}", i), 1, -value, importance});
  }
  for (Word& word : language.words) word.importance -= mean;
  return language;
}

}  // namespace assay::tasks::synthetic_text
