#include "tools/page/scores.h"

#include <fmt/format.h>

#include <cmath>

#include "tools/heat.h"

namespace assay::tools::page {
namespace {

using tasks::page::Csv;
using tasks::page::Html;
using tasks::page::span;
using tasks::page::tag;

constexpr size_t kNumbersShown = 24;  // features under which each number stands

/// A class of records.css.
std::string heat_class(int heat) {
  return heat == 0 ? "" : fmt::format("{}{}", heat > 0 ? "for" : "against", std::abs(heat));
}

Html row_html(const ScoreRow& row, const ScoredText& input) {
  Html tokens;
  for (const Span& part : input.spans) {
    if (part.feature < 0) {
      tokens += span("ctx", part.text) + " ";
      continue;
    }
    const auto feature = static_cast<size_t>(part.feature);
    const std::string heat = heat_class(row.heats.at(feature));
    tokens += tag("span",
                  {{"class", heat.empty() ? "tk" : "tk " + heat},
                   {"data-feature", fmt::to_string(feature)}},
                  tag("code", part.text) + tag("small", row.scores.at(feature))) +
              " ";
  }
  return tag(
      "div", {{"class", row.known ? "xr known" : "xr"}, {"data-method", row.name}},
      tag("div", {{"class", "xm"}},
          Html(row.name) +
              (row.caveat.empty() ? Html() : tag("small", {{"class", "caution"}}, row.caveat))) +
          tag("p", {{"class", "xt"}}, tokens));
}

Html case_html(const ScoredText& input, size_t index, size_t of) {
  Html rows;
  for (const ScoreRow& row : input.rows) rows += row_html(row, input);
  const bool bare = input.features.size() > kNumbersShown;
  const std::string title = of == 1 ? input.note
                                    : fmt::format("Input {} of {}{}{}", index + 1, of,
                                                  input.note.empty() ? "" : ": ", input.note);
  return tag("div", {{"class", bare ? "case bare" : "case"}},
             (title.empty() ? Html() : tag("p", {{"class", "where"}}, title)) + rows);
}

Html swatches() {
  Html all;
  for (int heat = -kMostHeat; heat <= kMostHeat; ++heat)
    all += tag("i", {{"class", heat_class(heat)}}, "");
  return tag("div", {{"class", "scale"}, {"aria-hidden", "true"}},
             Html("speaks against ") + span("swatches", all) + " speaks for");
}

Csv csv_of(const std::vector<ScoredText>& inputs) {
  Csv csv = {{"input", "method", "feature", "score"}};
  for (size_t i = 0; i < inputs.size(); ++i)
    for (const ScoreRow& row : inputs[i].rows)
      for (size_t f = 0; f < row.unrounded.size(); ++f)
        csv.push_back(
            {fmt::to_string(i + 1), row.name, inputs[i].features.at(f), row.unrounded[f]});
  return csv;
}

}  // namespace

std::string text_of(const ScoreColumn& column, size_t feature) {
  const std::string score = score_text(column.scores.at(feature));
  if (column.standard_errors.empty() || std::isnan(column.standard_errors.at(feature)))
    return score;
  return fmt::format("{} ± {:.2g}", score, column.standard_errors.at(feature));
}

// The scale is the row's own: methods have no unit in common.
ScoreRow row_of(const ScoreColumn& column) {
  ScoreRow row{.name = column.name, .caveat = column.caveat};
  for (size_t f = 0; f < column.scores.size(); ++f) {
    row.heats.push_back(heat_at(column, f));
    row.scores.push_back(text_of(column, f));
    row.unrounded.push_back(std::isnan(column.scores[f]) ? ""
                                                         : fmt::format("{}", column.scores[f]));
  }
  return row;
}

Html scores_figure(const std::vector<ScoredText>& inputs) {
  bool known = false;
  Html cases;
  for (size_t i = 0; i < inputs.size(); ++i) {
    cases += case_html(inputs[i], i, inputs.size());
    for (const ScoreRow& row : inputs[i].rows) known = known || row.known;
  }
  std::string caption =
      "Every line has a scale of its own, up to its largest score by size: methods have no unit in "
      "common. Under a caveat nothing is coloured, for such scores are no result.";
  if (known) caption += " Lines in italics are no methods: they say what must matter.";
  if (inputs.size() > 3) caption += " On paper the first three inputs stand.";
  return tasks::page::figure(
      "scores", "",
      swatches() + tag("div", {{"class", "cases"}, {"data-label", "Explained inputs"}}, cases) +
          tag("p", {{"class", "read"}, {"aria-live", "polite"}}, ""),
      caption, csv_of(inputs));
}

}  // namespace assay::tools::page
