#pragma once
// A few hundred made-up reviews in the form of the real ones, which are not part of Assay.

#include <fmt/format.h>

#include <string>

namespace assay::tasks::sentiment {

/// "A good film 0 1 8 n18." is rated 2, "A BAD film 0 1 7 n17, alas." -1. Every text is another
/// one, with a word of its own, and remains so where that is unknown.
inline std::string small_reviews() {
  std::string lines;
  for (int i = 0; i < 400; ++i) {
    const std::string digits = fmt::format("{} {} {}", i / 100, i / 10 % 10, i % 10);
    lines += i % 2 == 0 ? fmt::format("{}\t2\tA good film {} n{}.\r\n", i, digits, i)
                        : fmt::format("{}\t-1\tA BAD film {} n{}, alas.\r\n", i, digits, i);
  }
  return lines;
}

}  // namespace assay::tasks::sentiment
