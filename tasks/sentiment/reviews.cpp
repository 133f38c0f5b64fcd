#include "tasks/sentiment/reviews.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <sstream>
#include <string_view>

#include "interp/files/fail.h"
#include "interp/files/files.h"

namespace assay::tasks::sentiment {
namespace {

constexpr double kLargestRating = 4;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
}

/// `number TAB rating TAB text`. @param where  file and line, for messages.
Review parse_review(const std::string& line, const std::string& where, int64_t longest) {
  const size_t first = line.find('\t'), second = line.find('\t', first + 1);
  if (first == line.npos || second == line.npos)
    interp::fail("{}: expected a number, a rating and a text with tabs between them", where);
  Review review{.words = words_of(line.substr(second + 1))};
  const char* const end = line.data() + second;
  const auto read = std::from_chars(line.data() + first + 1, end, review.rating);
  if (read.ec != std::errc() || read.ptr != end || !(std::abs(review.rating) <= kLargestRating))
    interp::fail("{}: expected a rating from -4 to 4, got '{}'", where,
                 line.substr(first + 1, second - first - 1));
  const auto n = static_cast<int64_t>(review.words.size());
  if (n < 1 || n > longest)
    interp::fail("{}: expected a text of 1 to {} words, got {}", where, longest, n);
  review.part = part_of(review.words);
  return review;
}

}  // namespace

std::vector<std::string> words_of(const std::string& text) {
  std::string letters;
  std::ranges::transform(text, std::back_inserter(letters), lower);
  std::vector<std::string> words;
  for (size_t i = 0; i < letters.size();) {
    if (!is_letter(letters[i])) {
      ++i;
      continue;
    }
    const size_t begin = i;
    const auto goes_on = [&] {
      return is_letter(letters[i]) ||
             (letters[i] == '\'' && i + 1 < letters.size() && is_letter(letters[i + 1]));
    };
    while (i < letters.size() && goes_on()) ++i;
    words.push_back(letters.substr(begin, i - begin));
  }
  return words;
}

Part part_of(const std::vector<std::string>& words) {
  const std::string hash = interp::sha256(fmt::format("{}", fmt::join(words, " ")));
  const unsigned long tenth = std::stoul(hash.substr(0, 8), nullptr, 16) % 10;
  return tenth < 8 ? Part::Train : tenth == 8 ? Part::Derive : Part::Test;
}

std::vector<Review> parse_reviews(const std::string& file, const std::string& content,
                                  int64_t longest) {
  std::vector<Review> reviews;
  std::set<std::vector<std::string>> seen;
  std::set<Part> parts;
  std::istringstream lines(content);
  int64_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.ends_with('\r')) line.pop_back();
    Review review = parse_review(line, fmt::format("{}:{}", file, ++number), longest);
    if (review.rating == 0 || !seen.insert(review.words).second) continue;
    parts.insert(review.part);
    reviews.push_back(std::move(review));
  }
  for (const Part part : {Part::Train, Part::Derive, Part::Test})
    if (!parts.contains(part))
      interp::fail("{}: no text of it falls into the part {}", file, to_string(part));
  return reviews;
}

std::vector<std::string> vocabulary_of(const std::vector<Review>& reviews, int64_t n_words) {
  std::map<std::string, int64_t> counts;
  for (const Review& review : reviews)
    if (review.part == Part::Train)
      for (const std::string& word : review.words) ++counts[word];
  std::vector<std::string> words;
  for (const auto& [word, count] : counts) words.push_back(word);
  std::ranges::stable_sort(words, std::greater(),
                           [&](const std::string& word) { return counts.at(word); });
  if (std::ssize(words) > n_words) words.resize(n_words);
  return words;
}

}  // namespace assay::tasks::sentiment
