#include "tasks/synthetic_text/language.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <stdexcept>

#include "interp/statistics/random.h"

namespace assay::tasks::synthetic_text {
namespace {

// What is known of the authors' list: importances from -2.19 to 11.80 that follow |value|, and
// their means over the first words of it. If |value| is exponential and importance linear in it,
// the least importance belongs to value 0, the largest of 200 is about where it should be, and a
// mean tells how much larger than the whole list's the first values are. The unit of values is not
// known; with this one, values and importances spread as in the reference measurements.
constexpr double kMeanValue = 0.3;
constexpr double kLeastImportance = -2.19;
constexpr double kImportanceNoise = 0.5;
const std::map<int64_t, double> kMeanImportance = {
    {16, 0.7713}, {32, 0.2297}, {64, 0.0102}, {128, 0.1171}, {200, 0}};

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
  const auto published = kMeanImportance.find(n_words);
  if (published == kMeanImportance.end())
    throw std::invalid_argument(
        fmt::format("words: expected 16, 32, 64, 128 or 200, got {}", n_words));
  Language language{.name = "slalom-words",
                    .settings = {{"words", n_words}},
                    .words = {},
                    .lengths = Lengths::Uniform,
                    .meaning = Meaning::Slalom};
  const int64_t pairs = n_words / 2;
  statistics::Engine engine(0);  // the words are the task's, not a run's
  const double mean_value = kMeanValue * (1 - published->second / kLeastImportance);
  for (int64_t i = 0; i < pairs; ++i) {
    const double quantile = (static_cast<double>(i) + 0.5) / static_cast<double>(pairs);
    const double value = -mean_value * std::log(1 - quantile);
    const double importance = kLeastImportance * (1 - value / kMeanValue) +
                              statistics::draw_normal(engine, 0, kImportanceNoise);
    language.words.push_back({fmt::format("plus{}", i), 1, value, importance});
    language.words.push_back({fmt::format("minus{}", i), 1, -value, importance});
  }
  return language;
}

}  // namespace assay::tasks::synthetic_text
