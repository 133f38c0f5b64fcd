#include "tools/page/margins.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "tasks/page/figure.h"
#include "tools/page/page.h"

namespace assay::tools::page {
namespace {

using tasks::page::Csv;
using tasks::page::figure;
using tasks::page::span;
using tasks::page::tag;

constexpr size_t kClosestShown = 8;
constexpr int kShades = 10;  // as many classes of page.css, `s0` to `s10`

std::optional<double> margin_of(const Json& one) {
  if (!one.at("margin").is_number()) return std::nullopt;
  return one["margin"].get<double>();
}

std::string case_text(const Json& one) {
  std::string text =
      fmt::format("position {}, {}: {}", one.at("position").dump(),
                  one.at("text").get<std::string>(), one.at("verdict").get<std::string>());
  if (const auto margin = margin_of(one)) text += fmt::format(", margin at least {:.4g}", *margin);
  return text;
}

/// Cases in the order of the domain.
struct Cases {
  std::vector<std::string> alternatives = {};
  std::map<int64_t, std::map<std::string, const Json*>> by_position = {};
  double largest = 0;
  const Json* least = nullptr;  ///< of those that are proved
};

Cases cases_of(const Json& statement) {
  Cases cases;
  for (const Json& one : statement.at("cases")) {
    const std::string text = one.at("text");
    if (std::ranges::count(cases.alternatives, text) == 0) cases.alternatives.push_back(text);
    cases.by_position[one.at("position")][text] = &one;
    const auto margin = margin_of(one);
    cases.largest = std::max(cases.largest, margin.value_or(0));
    if (margin && one.at("verdict") == "proved" &&
        (!cases.least || *margin < *margin_of(*cases.least)))
      cases.least = &one;
  }
  return cases;
}

/// The margin as a class of its own, since a page has no styles in its elements.
std::string shade_of(const Json& one, double largest) {
  const auto margin = margin_of(one);
  if (!margin || largest <= 0 || one.at("verdict") == "refuted") return "";
  const double closeness = std::clamp(1 - *margin / largest, 0.0, 1.0);
  return fmt::format(" s{}", static_cast<int>(std::lround(kShades * closeness)));
}

Html cell_of(const Json* one, const Cases& cases) {
  if (!one) return tag("td", {{"class", "none"}}, span("hidden", "no such case"));
  std::string style = one->at("verdict").get<std::string>() + shade_of(*one, cases.largest);
  if (one == cases.least) style += " least";
  return tag("td",
             {{"class", style}, {"tabindex", "-1"}, {"data-closest", one->value("closest", "")}},
             span("hidden", case_text(*one)) + (one->at("verdict") == "refuted" ? "×" : ""));
}

Html table_of(const Cases& cases) {
  Html head = tag("th", {{"scope", "col"}}, span("hidden", "position")), lines;
  for (const std::string& text : cases.alternatives)
    head += tag("th", {{"scope", "col"}}, span("hidden", text));
  for (const auto& [position, row] : cases.by_position) {
    Html line = tag("th", {{"scope", "row"}}, fmt::to_string(position));
    for (const std::string& text : cases.alternatives) {
      const auto found = row.find(text);
      line += cell_of(found == row.end() ? nullptr : found->second, cases);
    }
    lines += tag("tr", line);
  }
  return tag("table", {{"class", "margins"}}, tag("thead", tag("tr", head)) + tag("tbody", lines));
}

Csv csv_of(const Json& statement) {
  Csv csv = {{"position", "alternative", "verdict", "margin", "closest"}};
  for (const Json& one : statement.at("cases")) {
    const auto margin = margin_of(one);
    csv.push_back({one.at("position").dump(), one.at("text").get<std::string>(),
                   one.at("verdict").get<std::string>(), margin ? fmt::format("{}", *margin) : "",
                   one.value("closest", "")});
  }
  return csv;
}

}  // namespace

Html margins_figure(const Json& statement) {
  const Cases cases = cases_of(statement);
  const Html readout = tag("p", {{"class", "read"}, {"aria-live", "polite"}},
                           cases.least ? "Least: " + case_text(*cases.least) : "");
  return figure("margins", "", table_of(cases) + readout,
                "A row for each position that is read, a column for each alternative that may "
                "stand there. The fuller the colour, the closer some input comes to being read "
                "wrongly; a cross is a case that an input refutes, and the least margin is framed. "
                "Point at a case, or walk with the arrow keys.",
                csv_of(statement));
}

Html closest_inputs(const Json& statement) {
  std::vector<const Json*> cases;
  for (const Json& one : statement.at("cases"))
    if (one.contains("closest")) cases.push_back(&one);
  std::ranges::stable_sort(cases, {}, [](const Json* one) { return margin_of(*one).value_or(0); });
  cases.resize(std::min(cases.size(), kClosestShown));
  Html lines;
  for (const Json* one : cases)
    lines +=
        tag("li", tag("p", case_text(*one)) + tag("code", one->at("closest").get<std::string>()));
  return cases.empty() ? Html() : tag("ol", {{"class", "closest"}}, lines);
}

}  // namespace assay::tools::page
