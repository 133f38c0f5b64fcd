// Explanations as coloured tokens side by side: of the one input of `assay explain`, or of the
// inputs of a comparison, to step through.

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "tasks/page/figure.h"
#include "tools/explained_fields.h"
#include "tools/heat.h"
#include "tools/page/compared_inputs.h"
#include "tools/page/explanation_headline.h"
#include "tools/page/head_maps.h"
#include "tools/page/scores.h"
#include "tools/page/sections.h"
#include "tools/page/surrogate_fit.h"
#include "tools/plural.h"
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

Json scores_table(const std::vector<Feature>& features, const std::vector<ScoreColumn>& columns) {
  std::vector<Column> headings = {{features.size() == 1 ? "part" : "parts", false}};
  for (const ScoreColumn& column : columns) headings.push_back({column.name});
  Json lines = Json::array();
  for (size_t f = 0; f < features.size(); ++f) {
    Json line = {features[f].name};
    for (const ScoreColumn& column : columns) line.push_back(text_of(column, f));
    lines.push_back(line);
  }
  return table("", headings, lines);
}

Json costs(const std::vector<ExplanationRecord>& explanations) {
  int64_t most = 1;
  for (const ExplanationRecord& explanation : explanations) most = std::max(most, explanation.rows);
  std::vector<tasks::page::Bar> bars;
  tasks::page::Csv csv = {{"method", "forward_rows", "seconds"}};
  for (const ExplanationRecord& explanation : explanations) {
    bars.push_back({.label = explanation.method,
                    .value = fmt::format("{}, {:.1f} ms", counted(explanation.rows, "run"),
                                         1000 * explanation.seconds),
                    .length = static_cast<double>(explanation.rows) / static_cast<double>(most),
                    .tone = "int"});
    csv.push_back(
        {explanation.method, fmt::to_string(explanation.rows), Json(explanation.seconds).dump()});
  }
  return tasks::page::block(tasks::page::figure(
      "cost", "", tasks::page::bars(bars),
      "How often the network was run for each explanation, and the time by the clock.", csv));
}

/// Patterns between the parts as the scores name them: tokens of one part look together, so their
/// row is the mean of theirs and their column the sum.
std::vector<HeadMap> maps_between(const std::vector<Span>& spans,
                                  const std::vector<HeadPattern>& attention) {
  std::vector<std::pair<size_t, size_t>> ranges;  // tokens of each span: first, and how many
  size_t next = 0;
  for (const Span& span : spans) {
    ranges.emplace_back(next, span.tokens);
    next += span.tokens;
  }
  std::vector<HeadMap> maps;
  for (const HeadPattern& pattern : attention) {
    HeadMap map{.name = pattern.head, .shares = {}};
    for (const auto& [from, rows] : ranges) {
      std::vector<double> line;
      for (const auto& [to, columns] : ranges) {
        double sum = 0;
        for (size_t i = from; i < from + rows; ++i)
          for (size_t j = to; j < to + columns; ++j) sum += pattern.shares[i][j];
        line.push_back(sum / static_cast<double>(rows));
      }
      map.shares.push_back(std::move(line));
    }
    maps.push_back(std::move(map));
  }
  return maps;
}

/// What the heads do with this input, where the record has it, or why it has not.
void add_attention(Section& section, const ExplainedRecord& record,
                   const std::vector<Span>& spans) {
  if (!record.attention && record.attention_left_out.empty()) return;
  section.blocks.push_back(heading("Where the heads look"));
  if (!record.attention) {
    section.blocks.push_back(absent("Attention", record.attention_left_out));
    return;
  }
  std::vector<std::string> pieces;
  for (const Span& span : spans) pieces.push_back(span.text);
  section.blocks.push_back(
      paragraph("Each row looks at the columns: the fuller the colour, the larger the share of its "
                "attention. Attention says where a head reads, and not what matters: scores above "
                "come from what the answer does.",
                Tone::Faint));
  section.blocks.push_back(
      tasks::page::block(head_maps("heads", pieces, maps_between(spans, *record.attention))));
}

Section explained_input(const Run& run) {
  const auto record = interp::read_record<ExplainedRecord>(run.report, "the explanation");
  const Json& explanations = run.report.at("explanations");
  Section section{.title = "Explanation", .run = {}};
  const std::vector<ScoreColumn> columns = columns_of(explanations);
  section.blocks.push_back(explanation_headline(run, record, columns));
  ScoredText input = scored_text("", record.tokens, record.features);
  for (const ScoreColumn& column : columns) {
    ScoreRow row = page::row_of(column);
    // Other readings of one run share its caveat: said once.
    if (!input.rows.empty() && explanations.size() == 1) row.caveat.clear();
    input.rows.push_back(std::move(row));
  }
  section.blocks.push_back(tasks::page::block(scores_figure({input})));
  section.blocks.push_back(
      fold("All scores", Json::array({scores_table(record.features, columns)})));
  add_attention(section, record, input.spans);
  for (const Json& explanation : explanations)
    if (const auto fit = surrogate_fit(explanation, input.features))
      section.blocks.insert(section.blocks.end(), fit->begin(), fit->end());
  section.blocks.push_back(heading("What it costs"));
  section.blocks.push_back(costs(record.explanations));
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
    section.blocks.push_back(absent(counted(std::ssize(inputs) - std::ssize(shown), "more input"),
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
