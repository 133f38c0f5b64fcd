#include "tools/page/axiom_rows.h"

#include <fmt/format.h>

#include <algorithm>

namespace assay::tools::page {

std::vector<AxiomRow> axiom_rows(const Json& report) {
  std::vector<AxiomRow> rows;
  for (const Json& json : report.at("rows")) {
    AxiomRow row{.node = json.at("node"),
                 .axiom = json.at("axiom"),
                 .n = json.at("n"),
                 .failures = json.at("failures"),
                 .rate = json.at("rate"),
                 .proved = json.value("proved", ""),
                 .anytime = {},
                 .worst = {},
                 .claim = {},
                 .verdict = json.value("verdict", ""),
                 .decided_after = {},
                 .more_inputs = {},
                 .because = json.value("because", ""),
                 .plain = {}};
    row.lower = json.value("lower", row.rate);
    row.upper = json.value("upper", row.rate);
    row.simultaneous_upper = json.value("simultaneous_upper", row.rate);
    if (json.contains("anytime_upper"))
      row.anytime = {{.lower = json.at("anytime_lower"), .upper = json.at("anytime_upper")}};
    row.answer = json.value("answer_name", "");
    row.chance_only = json.value("by_chance", false);
    row.withheld = !row.because.empty() && !row.chance_only;
    if (json.contains("unrelated")) {
      row.by_chance = json["unrelated"].at("rate");
      row.pairs = json["unrelated"].at("n");
      row.better_than_chance = json.at("better_than_chance");
    }
    if (json.contains("worst"))
      row.worst = {{.answer = json["worst"].at("answer"),
                    .rate = json["worst"].at("rate"),
                    .upper = json["worst"].at("upper")}};
    if (json.contains("decided_at")) row.decided_after = json["decided_at"].at("n").get<int64_t>();
    if (json.contains("more_inputs")) row.more_inputs = json["more_inputs"].get<int64_t>();
    if (json.contains("claim")) row.claim = json["claim"].get<double>();
    if (json.contains("plain_equality")) {
      const Json& plain = json["plain_equality"];
      row.plain = {.failures = plain.at("failures"), .rate = plain.at("rate")};
    }
    rows.push_back(row);
  }
  // A row that was not run, as it is equal to another one, has that row's counts.
  for (AxiomRow& row : rows) {
    if (row.n > 0 || !row.proved.starts_with("= ")) continue;
    const auto same = std::ranges::find_if(rows, [&](const AxiomRow& other) {
      return row.proved == fmt::format("= {}.{}", other.node, other.axiom) && other.answer.empty();
    });
    if (same == rows.end()) continue;
    row.n = same->n;
    row.failures = same->failures;
    row.rate = same->rate;
    row.by_chance = same->by_chance;
    row.pairs = same->pairs;
  }
  return rows;
}

int decimals_of(const std::vector<AxiomRow>& rows) {
  std::vector<double> shares;
  for (const AxiomRow& row : rows) shares.insert(shares.end(), {row.rate, row.upper});
  return percent_decimals(shares);
}

double worst_rate(const std::vector<AxiomRow>& rows, const std::string& node) {
  double worst = 0;
  for (const AxiomRow& row : rows)
    if (row.node == node) worst = std::max(worst, row.rate);
  return worst;
}

}  // namespace assay::tools::page
