#pragma once
// Random texts of a language with random answers. Text i of a dataset is a function of (language,
// part, seed, i) alone.

#include <cstdint>

#include "interp/statistics/random.h"
#include "tasks/synthetic_text/language.h"

namespace assay::tasks::synthetic_text {

/// The part that a text belongs to, by a hash of its words: half train, a quarter derive and test
/// each, so that parts never share one.
Part part_of(const Text& text);

struct Labelled {
  Text text;
  bool positive = false;  ///< drawn with the text's log odds
};

class Sampler {
 public:
  Sampler(const Language& language, Part part, uint64_t seed);

  /// Length and words are redrawn until the text belongs to the part, so draws are independent.
  Labelled draw(uint64_t index) const;
  /// Texts first … first + count - 1, filled up to the language's longest.
  interp::LabelledBatch batch(int64_t first, int64_t count) const;

 private:
  int64_t draw_length(statistics::Engine& engine) const;

  Language language_;
  Part part_;
  uint64_t seed_;
  statistics::Categorical words_;
};

}  // namespace assay::tasks::synthetic_text
