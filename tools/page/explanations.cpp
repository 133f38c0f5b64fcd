// Explanations as coloured tokens side by side: of the one input of `assay explain`, or of the
// inputs of a comparison, to step through.

#include <fmt/format.h>
#include <torch/types.h>

#include <limits>
#include <stdexcept>

#include "tools/explained.h"
#include "tools/heat.h"
#include "tools/page/compared_inputs.h"
#include "tools/page/sections.h"
#include "tools/terminal.h"

namespace assay::tools::page {
namespace {

using interp::attribution::Feature;

constexpr size_t kScoreLetters = 500000;  // of all scores of a comparison on the page

std::string text_of(const ScoreColumn& column, size_t feature) {
  const std::string score = score_text(column.scores.at(feature));
  if (column.standard_errors.empty()) return score;
  return fmt::format("{} ± {:.2g}", score, column.standard_errors.at(feature));
}

/// A row of the picture. The scale is the row's own: methods have no unit in common.
Json row_of(const ScoreColumn& column) {
  Json heats = Json::array(), scores = Json::array();
  for (size_t f = 0; f < column.scores.size(); ++f) {
    heats.push_back(heat_at(column, f));
    scores.push_back(text_of(column, f));
  }
  return {{"name", column.name},
          {"known", false},
          {"caveat", column.caveat},
          {"heats", heats},
          {"scores", scores}};
}

/// What must matter, as a row of the picture.
Json row_of(const tasks::Relevance& relevance) {
  Json heats = Json::array(), scores = Json::array();
  for (int64_t f = 0; f < relevance.relevant.numel(); ++f) {
    const bool relevant = relevance.relevant[f].item<bool>();
    heats.push_back(relevant ? kMostHeat : 0);
    scores.push_back(relevant ? "must matter" : "need not matter");
  }
  return {{"name", relevance.name},
          {"known", true},
          {"caveat", ""},
          {"heats", heats},
          {"scores", scores}};
}

Json input_of(const std::string& name, const std::vector<std::string>& tokens,
              const std::vector<Feature>& features, const Json& rows) {
  Json spans = Json::array(), names = Json::array();
  for (const Span& span : spans_of(tokens, features))
    spans.push_back({{"text", span.text}, {"feature", span.feature}});
  for (const Feature& feature : features) names.push_back(feature.name);
  return {{"name", name}, {"spans", spans}, {"features", names}, {"rows", rows}};
}

Json picture_of(const Json& inputs, const std::string& more) {
  return {{"type", "explanations"},
          {"legend",
           "Every row has a scale of its own, up to its largest score by size. Point at a part, or "
           "reach it with Tab and the arrow keys, to read its scores. Under a caveat nothing is "
           "coloured: such scores are no result." +
               more},
          {"inputs", inputs}};
}

std::vector<Feature> features_of(const Json& report) {
  std::vector<Feature> features;
  for (const Json& feature : report.at("features"))
    features.push_back({.name = feature.at("name"),
                        .positions = feature.at("positions").get<std::vector<int64_t>>()});
  return features;
}

Json scores_table(const Json& report, const std::vector<ScoreColumn>& columns) {
  std::vector<Column> headings = {{report.at("features").size() == 1 ? "part" : "parts", false}};
  for (const ScoreColumn& column : columns) headings.push_back({column.name});
  Json lines = Json::array();
  for (size_t f = 0; f < report.at("features").size(); ++f) {
    Json line = {report["features"][f].at("name")};
    for (const ScoreColumn& column : columns) line.push_back(text_of(column, f));
    lines.push_back(line);
  }
  return table("", headings, lines);
}

Json costs(const Json& explanations) {
  Json lines = Json::array();
  for (const Json& explanation : explanations)
    lines.push_back({explanation.at("method"), grouped(explanation.at("rows")),
                     fmt::format("{:.1f}", 1000 * explanation.at("seconds").get<double>())});
  return table("What the explanations cost: inputs that the network was run on, and time.",
               {{"method", false}, {"forward rows"}, {"milliseconds"}}, lines);
}

Section explained_input(const Json& report) {
  Section section{.title = "Explanation", .run = {}};
  std::vector<Fact> rows;
  for (const auto& [name, value] : report.at("facts").items()) rows.push_back({name, value});
  section.blocks.push_back(facts(rows));
  const std::vector<ScoreColumn> columns = columns_of(report.at("explanations"));
  Json picture = Json::array();
  for (const ScoreColumn& column : columns) picture.push_back(row_of(column));
  section.blocks.push_back(picture_of(
      Json::array({input_of("", report.at("tokens"), features_of(report), picture)}), ""));
  section.blocks.push_back(fold("All scores", Json::array({scores_table(report, columns)})));
  section.blocks.push_back(fold("Cost", Json::array({costs(report.at("explanations"))})));
  return section;
}

/// A method that failed on this input has no scores.
ScoreColumn column_of(const Json& method, size_t features) {
  ScoreColumn column = tools::column_of(method.at("method"), method.at("scores"));
  column.caveat = method.value("caveat", "");
  if (column.scores.size() == features) return column;
  if (!column.scores.empty())
    throw std::invalid_argument(fmt::format("scores of {}: {} of {} features", column.name,
                                            column.scores.size(), features));
  column.name += " (failed here)";
  column.scores.assign(features, std::numeric_limits<double>::quiet_NaN());
  return column;
}

Json compared_input(const Run& run, const Json& input) {
  const KnownInput known = known_input(run, input);
  std::vector<std::string> tokens;
  for (const int64_t token : known.tokens) tokens.push_back(run.task->token_name(token));
  Json rows = Json::array();
  for (const tasks::Relevance& relevance : known.relevances) rows.push_back(row_of(relevance));
  for (const Json& method : input.at("methods"))
    rows.push_back(row_of(column_of(method, known.features.size())));
  return input_of(input.at("right").get<bool>() ? "" : "answered wrongly", tokens, known.features,
                  rows);
}

/// As many inputs as there is room for.
std::optional<Section> compared_inputs(const Run& run) {
  Section section{.title = "Explanations side by side", .run = {}};
  const Json& inputs = run.report.at("inputs");
  Json shown = Json::array();
  for (size_t letters = 0; shown.size() < inputs.size() && letters < kScoreLetters;) {
    shown.push_back(compared_input(run, inputs[shown.size()]));
    letters += shown.back().dump().size();
  }
  if (shown.empty()) return std::nullopt;
  section.blocks.push_back(
      picture_of(shown, " Rows in italics are no methods: they say what must matter."));
  if (shown.size() < inputs.size())
    section.blocks.push_back(absent(fmt::format("{} more inputs", inputs.size() - shown.size()),
                                    "the page would become too large"));
  return section;
}

}  // namespace

std::optional<Section> explanations_section(const Run& run) {
  if (run.kind == RunKind::Explanation) return explained_input(run.report);
  if (run.kind == RunKind::Comparison) return compared_inputs(run);
  return std::nullopt;
}

}  // namespace assay::tools::page
