#include "tools/page/margins.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <set>

#include "tasks/page/figure.h"
#include "tools/page/node_words.h"
#include "tools/page/page.h"

namespace assay::tools::page {
namespace {

using tasks::page::Csv;
using tasks::page::figure;
using tasks::page::span;
using tasks::page::tag;

constexpr size_t kClosestShown = 8;
constexpr int kShades = 10;  // as many classes of page.css, `s0` to `s10`

std::string case_text(const CaseRecord& one) {
  std::string text = fmt::format("position {}, {}: {}", one.position, one.text, one.verdict);
  if (one.margin) text += fmt::format(", margin at least {:.4g}", *one.margin);
  return text;
}

/// The names with a number in them, such as x3 in Not(x3), each once and in order: what texts of
/// alternatives have in common that are about the same variables. A text without any is a group of
/// its own.
std::string group_of(const std::string& text) {
  std::set<std::string> names;
  std::string word;
  for (const char c : text + ' ') {
    if (std::isalnum(static_cast<unsigned char>(c)) || c == '_') {
      word += c;
      continue;
    }
    const bool is_name = !word.empty() && std::isalpha(static_cast<unsigned char>(word[0])) &&
                         word.find_first_of("0123456789") != word.npos;
    if (is_name) names.insert(word);
    word.clear();
  }
  return names.empty() ? text : fmt::format("{}", fmt::join(names, " "));
}

/// Alternatives of a group stand side by side; otherwise cases are in the order of the domain.
struct Cases {
  std::vector<std::string> alternatives = {};
  std::vector<std::pair<std::string, int>> groups = {};  ///< name, and how many alternatives
  std::map<int64_t, std::map<std::string, const CaseRecord*>> by_position = {};
  double largest = 0;
  const CaseRecord* least = nullptr;  ///< of those that are proved
};

Cases sorted(const std::vector<CaseRecord>& all) {
  Cases cases;
  for (const CaseRecord& one : all) {
    if (std::ranges::count(cases.alternatives, one.text) == 0)
      cases.alternatives.push_back(one.text);
    cases.by_position[one.position][one.text] = &one;
    cases.largest = std::max(cases.largest, one.margin.value_or(0));
    if (one.margin && one.verdict == "proved" &&
        (!cases.least || *one.margin < *cases.least->margin))
      cases.least = &one;
  }
  std::map<std::string, size_t> place;
  for (const std::string& text : cases.alternatives) {
    const std::string group = group_of(text);
    if (place.emplace(group, cases.groups.size()).second) cases.groups.push_back({group, 0});
    ++cases.groups[place[group]].second;
  }
  std::ranges::stable_sort(cases.alternatives, {},
                           [&](const std::string& text) { return place[group_of(text)]; });
  return cases;
}

/// Where all groups are of one alternative, they say nothing that the columns do not.
Html groups_row(const Cases& cases) {
  if (cases.groups.size() == cases.alternatives.size()) return {};
  Html line = tag("td", span("hidden", "variables"));
  for (const auto& [name, count] : cases.groups)
    line +=
        tag("th", {{"scope", "colgroup"}, {"colspan", fmt::to_string(count)}, {"class", "first"}},
            name);
  return tag("tr", {{"class", "groups"}}, line);
}

/// The columns with which a group begins.
std::set<std::string> first_of_groups(const Cases& cases) {
  std::set<std::string> first;
  size_t at = 0;
  for (const auto& [name, count] : cases.groups) {
    if (cases.groups.size() < cases.alternatives.size()) first.insert(cases.alternatives[at]);
    at += static_cast<size_t>(count);
  }
  return first;
}

/// The margin as a class of its own, since a page has no styles in its elements.
std::string shade_of(const CaseRecord& one, double largest) {
  if (!one.margin || largest <= 0 || one.verdict == "refuted") return "";
  const double closeness = std::clamp(1 - *one.margin / largest, 0.0, 1.0);
  return fmt::format(" s{}", static_cast<int>(std::lround(kShades * closeness)));
}

Html cell_of(const CaseRecord* one, const Cases& cases, bool first) {
  const std::string begins = first ? " first" : "";
  if (!one) return tag("td", {{"class", "none" + begins}}, span("hidden", "no such case"));
  std::string style = one->verdict + shade_of(*one, cases.largest) + begins;
  if (one == cases.least) style += " least";
  return tag("td",
             {{"class", style}, {"tabindex", "-1"}, {"data-closest", one->closest.value_or("")}},
             span("hidden", case_text(*one)) + (one->verdict == "refuted" ? "×" : ""));
}

Html table_of(const Cases& cases) {
  const std::set<std::string> first = first_of_groups(cases);
  Html head = tag("th", {{"scope", "col"}}, span("hidden", "position")), lines;
  for (const std::string& text : cases.alternatives)
    head += tag("th", {{"scope", "col"}}, span("hidden", text));
  for (const auto& [position, row] : cases.by_position) {
    Html line = tag("th", {{"scope", "row"}}, fmt::to_string(position));
    for (const std::string& text : cases.alternatives) {
      const auto found = row.find(text);
      line += cell_of(found == row.end() ? nullptr : found->second, cases, first.contains(text));
    }
    lines += tag("tr", line);
  }
  return tag("table", {{"class", "margins"}},
             tag("thead", groups_row(cases) + tag("tr", head)) + tag("tbody", lines));
}

Csv csv_of(const std::vector<CaseRecord>& cases) {
  Csv csv = {{"position", "alternative", "verdict", "margin", "closest"}};
  for (const CaseRecord& one : cases)
    csv.push_back({fmt::to_string(one.position), one.text, one.verdict,
                   one.margin ? fmt::format("{}", *one.margin) : "", one.closest.value_or("")});
  return csv;
}

}  // namespace

Html margins_figure(const std::vector<CaseRecord>& all) {
  const Cases cases = sorted(all);
  const Html readout = tag("p", {{"class", "read"}, {"aria-live", "polite"}},
                           cases.least ? "Least: " + case_text(*cases.least) : "");
  return figure("margins", "", table_of(cases) + readout,
                fmt::format("A row for each position that is read, a column for each alternative "
                            "that may stand there, those of the same variables side by side. The "
                            "fuller the colour, the closer some input comes to being read wrongly: "
                            "palest at a margin of {:.3g}, darkest at 0. A cross is a case that an "
                            "input refutes, and the least margin is framed. Point at a case, or "
                            "walk with the arrow keys.",
                            cases.largest),
                csv_of(all));
}

Html closest_inputs(const Run& run, const std::vector<CaseRecord>& all) {
  std::vector<const CaseRecord*> cases;
  for (const CaseRecord& one : all)
    if (one.closest) cases.push_back(&one);
  std::ranges::stable_sort(cases, {},
                           [](const CaseRecord* one) { return one->margin.value_or(0); });
  cases.resize(std::min(cases.size(), kClosestShown));
  Html lines;
  for (const CaseRecord* one : cases)
    lines += tag("li", tag("p", case_text(*one)) + text_input_html(run, *one->closest));
  return cases.empty() ? Html() : tag("ol", {{"class", "closest"}}, lines);
}

}  // namespace assay::tools::page
