#pragma once
// Snippets of film reviews that people have rated (Hutto & Gilbert 2014), as lists of words.

#include <cstdint>
#include <string>
#include <vector>

#include "tasks/capabilities.h"

namespace assay::tasks::sentiment {

struct Review {
  std::vector<std::string> words;
  double rating = 0;  ///< mean over its raters, from -4 to 4, never 0
  Part part = Part::Train;

  bool is_positive() const { return rating > 0; }
};

/// The words of a text: runs of letters and digits in lower case, with apostrophes between them.
/// Every byte that is not ASCII counts as a letter.
std::vector<std::string> words_of(const std::string& text);

/// By a hash of the words: eight tenths train, a tenth derive and a tenth test.
Part part_of(const std::vector<std::string>& words);

/// Reads lines of `number TAB rating TAB text`, in the order of the file. Left out are texts of
/// rating 0, which are neither positive nor negative, and those whose words stood there before.
/// @param longest  words of a text. @throws std::runtime_error naming the first line that is wrong,
///   and for a part without texts.
std::vector<Review> parse_reviews(const std::string& file, const std::string& content,
                                  int64_t longest);

/// The most frequent words of the train part, most frequent first, then in alphabetical order.
std::vector<std::string> vocabulary_of(const std::vector<Review>& reviews, int64_t n_words);

}  // namespace assay::tasks::sentiment
