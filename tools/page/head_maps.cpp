#include "tools/page/head_maps.h"

#include <fmt/format.h>

#include <algorithm>

#include "tasks/page/figure.h"

namespace assay::tools::page {
namespace {

using tasks::page::Csv;
using tasks::page::tag;

constexpr size_t kSideBySide = 16;  // pieces of which two maps have room beside each other

/// What a map shows where it cannot be seen: of the last piece, which most answers are read at.
std::string map_in_words(const HeadMap& head, const std::vector<std::string>& pieces) {
  std::string text = fmt::format("Attention of {}, from each row to the columns.", head.name);
  if (head.shares.empty() || head.shares.back().empty()) return text;
  const auto& last = head.shares.back();
  const auto most = std::ranges::max_element(last);
  return text + fmt::format(" From the last one most goes to {}: {:.0f}%.",
                            pieces.at(static_cast<size_t>(most - last.begin())), 100 * *most);
}

Csv csv_of(const HeadMap& head, const std::vector<std::string>& pieces) {
  Csv csv = {{"from", "to", "share"}};
  for (size_t from = 0; from < head.shares.size(); ++from)
    for (size_t to = 0; to < head.shares[from].size(); ++to)
      if (head.shares[from][to] > 0)
        csv.push_back(
            {pieces.at(from), pieces.at(to), fmt::format("{:.4f}", head.shares[from][to])});
  return csv;
}

}  // namespace

Html head_maps(const std::string& figures, const std::vector<std::string>& pieces,
               const std::vector<HeadMap>& heads) {
  Html maps;
  for (const HeadMap& head : heads)
    maps += tasks::page::figure(
        fmt::format("{}-{}", figures, head.name), map_in_words(head, pieces),
        tasks::page::heat({.rows = pieces, .columns = pieces, .shares = head.shares}), head.name,
        csv_of(head, pieces));
  return tag("div", {{"class", pieces.size() > kSideBySide ? "maps" : "maps panels"}}, maps);
}

}  // namespace assay::tools::page
