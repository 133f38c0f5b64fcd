#pragma once
// A few hundred made-up reviews in the form of the real ones, which are not part of Assay.

#include <fmt/format.h>

#include <string>

namespace assay::tasks::sentiment {

/// "A good film 17." is rated 2, "A bad film 18, alas." -1; every text is another one.
inline std::string small_reviews() {
  std::string lines;
  for (int i = 0; i < 400; ++i)
    lines += i % 2 == 0 ? fmt::format("{}\t2\tA good film {}.\r\n", i, i)
                        : fmt::format("{}\t-1\tA BAD film {}, alas.\r\n", i, i);
  return lines;
}

}  // namespace assay::tasks::sentiment
