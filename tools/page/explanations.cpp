// Explanations as coloured tokens side by side: of the one input of `assay explain`, or of the
// inputs of a comparison, to step through.

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "tasks/page/figure.h"
#include "tools/heat.h"
#include "tools/page/compared_inputs.h"
#include "tools/page/scores.h"
#include "tools/page/sections.h"
#include "tools/page/surrogate_fit.h"
#include "tools/terminal.h"

namespace assay::tools::page {
namespace {

using interp::attribution::Feature;

constexpr size_t kScoresShown = 4000;  // of a comparison: about 600 kB of the page

/// What must matter, as a row of the picture.
ScoreRow row_of(const tasks::Relevance& relevance) {
  ScoreRow row{.name = relevance.name, .known = true};
  for (int64_t f = 0; f < relevance.relevant.numel(); ++f) {
    const bool relevant = relevance.relevant[f].item<bool>();
    row.heats.push_back(relevant ? kMostHeat : 0);
    row.scores.push_back(relevant ? "must" : "need not");
    row.unrounded.push_back(relevant ? "1" : "0");
  }
  return row;
}

ScoredText scored_text(const std::string& note, const std::vector<std::string>& tokens,
                       const std::vector<Feature>& features) {
  ScoredText input{.note = note, .spans = spans_of(tokens, features), .features = {}, .rows = {}};
  for (const Feature& feature : features) input.features.push_back(feature.name);
  return input;
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
  double most = 1;
  for (const Json& explanation : explanations)
    most = std::max(most, explanation.at("rows").get<double>());
  std::vector<tasks::page::Bar> bars;
  tasks::page::Csv csv = {{"method", "forward_rows", "seconds"}};
  for (const Json& explanation : explanations) {
    bars.push_back({.label = explanation.at("method"),
                    .value = fmt::format("{} rows, {:.1f} ms", grouped(explanation.at("rows")),
                                         1000 * explanation.at("seconds").get<double>()),
                    .length = explanation["rows"].get<double>() / most,
                    .tone = "int"});
    csv.push_back({explanation.at("method").get<std::string>(), explanation["rows"].dump(),
                   explanation["seconds"].dump()});
  }
  return tasks::page::block(tasks::page::figure(
      "cost", "", tasks::page::bars(bars),
      "Inputs that the network was run on for each explanation, and the time by the clock.", csv));
}

Section explained_input(const Run& run) {
  const Json& report = run.report;
  Section section{.title = "Explanation", .run = {}};
  std::vector<Fact> rows;
  for (const auto& [name, value] : report.at("facts").items()) rows.push_back({name, value});
  section.blocks.push_back(facts(rows));
  const std::vector<ScoreColumn> columns = columns_of(report.at("explanations"));
  ScoredText input = scored_text("", report.at("tokens"), features_of(report));
  for (const ScoreColumn& column : columns) {
    ScoreRow row = page::row_of(column);
    // Other readings of one run share its caveat: said once.
    if (!input.rows.empty() && report["explanations"].size() == 1) row.caveat.clear();
    input.rows.push_back(std::move(row));
  }
  section.blocks.push_back(tasks::page::block(scores_figure({input})));
  section.blocks.push_back(fold("All scores", Json::array({scores_table(report, columns)})));
  for (const Json& explanation : report.at("explanations"))
    if (const auto fit = surrogate_fit(explanation, input.features))
      section.blocks.insert(section.blocks.end(), fit->begin(), fit->end());
  section.blocks.push_back(heading("What it costs"));
  section.blocks.push_back(costs(report.at("explanations")));
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

ScoredText compared_input(const Run& run, const Json& input) {
  const KnownInput known = known_input(run, input);
  std::vector<std::string> tokens;
  for (const int64_t token : known.tokens) tokens.push_back(run.task->token_name(token));
  ScoredText text =
      scored_text(input.at("right").get<bool>() ? "" : "answered wrongly", tokens, known.features);
  for (const tasks::Relevance& relevance : known.relevances) text.rows.push_back(row_of(relevance));
  for (const Json& method : input.at("methods"))
    text.rows.push_back(page::row_of(column_of(method, known.features.size())));
  return text;
}

/// As many inputs as there is room for.
std::optional<Section> compared_inputs(const Run& run) {
  Section section{.title = "Explanations side by side", .run = {}};
  const Json& inputs = run.report.at("inputs");
  std::vector<ScoredText> shown;
  for (size_t scores = 0; shown.size() < inputs.size() && scores < kScoresShown;) {
    shown.push_back(compared_input(run, inputs[shown.size()]));
    scores += shown.back().rows.size() * shown.back().features.size();
  }
  if (shown.empty()) return std::nullopt;
  section.blocks.push_back(tasks::page::block(scores_figure(shown)));
  if (shown.size() < inputs.size())
    section.blocks.push_back(absent(fmt::format("{} more inputs", inputs.size() - shown.size()),
                                    "the page would become too large"));
  return section;
}

}  // namespace

std::optional<Section> explanations_section(const Run& run) {
  if (run.kind == RunKind::Explanation) return explained_input(run);
  if (run.kind == RunKind::Comparison) return compared_inputs(run);
  return std::nullopt;
}

}  // namespace assay::tools::page
