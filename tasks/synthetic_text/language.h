#pragma once
// Synthetic texts of known meaning: words drawn independently, and the exact log odds that a text
// is positive. A network that has learnt them can be compared with what it should have learnt.

#include <cstdint>
#include <string>
#include <vector>

#include "tasks/task.h"

namespace assay::tasks::synthetic_text {

struct Word {
  std::string name;
  double frequency = 1;   ///< relative to the other words
  double value = 0;       ///< its weight, where words add up
  double importance = 0;  ///< log weight of its value, where they are averaged
};

enum class Lengths { Binomial, Uniform };  ///< Binomial(max_length, ½) without 0; 1 … max_length
enum class Meaning { Sum, Slalom };        ///< Σ value; Σ e^s v / Σ e^s over the words of a text

struct Language {
  std::string name;   ///< of the task
  Settings settings;  ///< of the task
  std::vector<Word> words;
  Lengths lengths = Lengths::Uniform;
  Meaning meaning = Meaning::Sum;
  int64_t max_length = 30;

  int64_t n_words() const { return static_cast<int64_t>(words.size()); }
  // Tokens behind those of the words:
  int64_t filler() const { return n_words(); }  ///< behind a text's end, never read
  int64_t negative() const { return n_words() + 1; }
  int64_t positive() const { return n_words() + 2; }
};

using Text = std::vector<int64_t>;  ///< words, by number

/// log p(positive) / p(negative) of a text.
double log_odds(const Language& language, const Text& text);

/// Ten words, six of which carry weight and add up ("sparsebow", arXiv 2405.13536).
Language bag_of_words();

/// Words whose values are averaged as a SLALOM averages them (arXiv 2405.13536). The authors' list
/// of 200 words, of which they take the first 16 to all, is not at hand; this one has its
/// distribution as far as that is known: importances from about -2 to 10, of the published means,
/// that follow |value| with a correlation of about 0.97. Words come in pairs of opposite value, so
/// that both answers are as frequent as each other.
/// @throws std::invalid_argument unless n_words is 16, 32, 64, 128 or 200.
Language slalom_words(int64_t n_words);

}  // namespace assay::tasks::synthetic_text
