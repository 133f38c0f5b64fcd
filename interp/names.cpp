#include "interp/names.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace assay::interp {
namespace {

/// Optimal string alignment: the edit distance in which a swap of neighbours is one edit.
size_t edits(const std::string& a, const std::string& b) {
  std::vector<std::vector<size_t>> least(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) {
    for (size_t j = 0; j <= b.size(); ++j) {
      size_t& here = least[i][j];
      here = std::max(i, j);
      if (i == 0 || j == 0) continue;
      here = std::min({least[i - 1][j] + 1, least[i][j - 1] + 1,
                       least[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) here = std::min(here, least[i - 2][j - 2] + 1);
    }
  }
  return least[a.size()][b.size()];
}

}  // namespace

std::string nearest(const std::string& word, const std::vector<std::string>& names) {
  std::string best;
  size_t fewest = word.size() / 3 + 1;
  for (const std::string& name : names) {
    if (std::max(name.size(), word.size()) - std::min(name.size(), word.size()) >= fewest) continue;
    const size_t distance = edits(word, name);
    if (distance < fewest) best = name, fewest = distance;
  }
  return best;
}

std::string there_are(const std::vector<std::string>& names, const std::string& unknown) {
  if (names.empty()) return "there are none";
  const std::string meant = nearest(unknown, names);
  return fmt::format("there are {}{}", fmt::join(names, ", "),
                     meant.empty() ? "" : fmt::format("; did you mean '{}'?", meant));
}

void refuse_name(const std::string& what, const std::string& name,
                 const std::vector<std::string>& names) {
  throw std::invalid_argument(
      fmt::format("unknown {} '{}'; {}", what, name, there_are(names, name)));
}

void refuse_taken(const std::string& what, const std::string& name) {
  throw std::invalid_argument(name.empty() ? fmt::format("a {} without a name", what)
                                           : fmt::format("there is a {} '{}' already", what, name));
}

}  // namespace assay::interp
