#include "tools/heat_map.h"

#include <fmt/format.h>

#include <cmath>

namespace assay::tools {
namespace {

// Grounds are see-through, so that text keeps the colour that the screen's mode gives it.
constexpr const char* kHead = R"(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Explanation</title>
<style>
:root { color-scheme: light dark; --for: 37 99 235; --against: 217 95 2; }
@media (prefers-color-scheme: dark) { :root { --for: 96 150 255; --against: 255 140 60; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1rem; margin: 1.5rem 0 .3rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1.5rem; }
dt { opacity: .65; } dd { margin: 0; overflow-wrap: anywhere; }
.input { font: 15px/2 ui-monospace, monospace; }
.input span { padding: .15rem .2rem; border-radius: .2rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th { font-weight: 600; text-align: right; } th.name { text-align: left; }
th, td { padding: .2rem .7rem; } td { text-align: right; }
td.name { text-align: left; font-family: ui-monospace, monospace; white-space: nowrap; }
.for { background: rgb(var(--for) / var(--heat)); }
.against { background: rgb(var(--against) / var(--heat)); }
</style>
<h1>Explanation</h1>
)";

std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

/// Attributes of an element with a score. Never opaque: text stays readable on it.
std::string ground(double score, const ScoreColumn& column) {
  if (column.largest == 0) return "";
  return fmt::format(R"( class="{}" style="--heat: {:.2f}")", score < 0 ? "against" : "for",
                     0.6 * std::abs(score) / column.largest);
}

std::string coloured_input(const std::vector<Span>& spans, const ScoreColumn& column) {
  std::string html = fmt::format("<h2>{}</h2>\n<p class=\"input\">", escaped(column.name));
  for (const Span& span : spans) {
    const std::string text = escaped(span.text);
    if (span.feature < 0) {
      html += text + '\n';
      continue;
    }
    const double score = column.scores[span.feature];
    html +=
        fmt::format("<span{} title=\"{:+.4g}\">{}</span>\n", ground(score, column), score, text);
  }
  return html + "</p>\n";
}

std::string score_table(const ExplainedInput& input, const std::vector<ScoreColumn>& columns) {
  std::string html =
      "<h2>Scores</h2>\n<div class=\"scroll\"><table>\n<tr><th class=\"name\">feature</th>";
  for (const ScoreColumn& column : columns)
    html += fmt::format("<th scope=\"col\">{}</th>", escaped(column.name));
  for (size_t f = 0; f < input.features.size(); ++f) {
    html += fmt::format("</tr>\n<tr><td class=\"name\">{}</td>", escaped(input.features[f].name));
    for (const ScoreColumn& column : columns)
      html += fmt::format("<td{}>{:+.4g}</td>", ground(column.scores[f], column), column.scores[f]);
  }
  return html + "</tr>\n</table></div>\n";
}

}  // namespace

std::string heat_map_html(const ExplainedInput& input) {
  std::string html = kHead;
  html += "<dl>\n";
  for (const auto& [name, value] : input.facts)
    html += fmt::format("<dt>{}</dt><dd>{}</dd>\n", escaped(name), escaped(value));
  html +=
      "</dl>\n<p>Blue speaks for what is explained, orange against it; each method has a scale "
      "of its own.</p>\n";
  const std::vector<Span> spans = spans_of(input);
  const std::vector<ScoreColumn> columns = columns_of(input);
  for (const ScoreColumn& column : columns) html += coloured_input(spans, column);
  return html + score_table(input, columns) + "</html>\n";
}

}  // namespace assay::tools
