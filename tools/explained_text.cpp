#include "tools/explained_text.h"

#include <algorithm>

#include "tools/explained_sentence.h"
#include "tools/heat.h"
#include "tools/table.h"

namespace assay::tools {
namespace {

/// The input's tokens, each on the ground of its feature's score, broken into lines.
std::string coloured(const std::vector<Span>& spans, const ScoreColumn& column, size_t width,
                     bool colour) {
  std::string text;
  size_t used = 0;
  for (const Span& span : spans) {
    const size_t needed = columns(span.text);
    if (used > 0 && used + 1 + needed > width) {
      text += '\n';
      used = 0;
    } else if (used > 0) {
      text += ' ';
      ++used;
    }
    const int heat = span.feature < 0 ? 0 : heat_at(column, span.feature);
    text += heated(span.text, heat, colour);
    used += needed;
  }
  return text;
}

/// What the explanations took. Other readings of the same run cost nothing.
void add_costs(Table& table, const ExplainedInput& input, size_t columns) {
  std::vector<Cell> rows = {{""}, {"forward rows", Tone::Faint}},
                    seconds = {{""}, {"seconds", Tone::Faint}};
  for (const auto& explanation : input.explanations) {
    rows.push_back({grouped(explanation.rows), Tone::Faint});
    seconds.push_back({fmt::format("{:.3f}", explanation.seconds), Tone::Faint});
  }
  rows.resize(columns + 2);
  seconds.resize(columns + 2);
  table.add_gap();
  table.add_row(rows);
  table.add_row(seconds);
}

Table features_by_methods(const ExplainedInput& input, const std::vector<ScoreColumn>& columns) {
  std::vector<Heading> headings = {{"", Align::Right}, {"feature", Align::Left}};
  for (const ScoreColumn& column : columns) headings.push_back({column.name});
  Table table(headings);
  for (size_t f = 0; f < input.features.size(); ++f) {
    std::vector<Cell> row = {{std::to_string(f + 1), Tone::Faint}, {input.features[f].name}};
    for (const ScoreColumn& column : columns)
      row.push_back({.text = score_text(column.scores[f]), .heat = heat_at(column, f)});
    table.add_row(row);
  }
  add_costs(table, input, columns.size());
  return table;
}

}  // namespace

void print_explained(const ExplainedInput& input, const tasks::Task* task, const Console& console) {
  const std::vector<Span> spans = spans_of(input.tokens, input.features);
  const std::vector<ScoreColumn> columns = columns_of(to_json(input).at("explanations"));
  std::vector<std::string> features;
  for (const auto& feature : input.features) features.push_back(feature.name);
  const auto answer =
      std::ranges::find(input.facts, "answer", &std::pair<std::string, std::string>::first);
  console.line(
      wrapped(plain_text(explained_sentence(task, answer == input.facts.end() ? "" : answer->second,
                                            features, columns)),
              width_of(stdout), 0));
  if (console.colour())
    for (const ScoreColumn& column : columns) {
      console.line();
      console.line(console.paint(column.name, Tone::Faint));
      console.line(coloured(spans, column, std::min<size_t>(width_of(stdout), 100), true));
    }
  console.line();
  console.line(features_by_methods(input, columns).to_string(console.colour()));
  for (const auto& explanation : input.explanations)
    if (!explanation.caveat.empty())
      console.line(console.paint(fmt::format("{} {}", explanation.method, explanation.caveat),
                                 Tone::Caution));
  console.line();
  for (const auto& [name, value] : input.facts) console.fact(name, value);
}

}  // namespace assay::tools
