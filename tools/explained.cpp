#include "tools/explained.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "interp/doubles.h"
#include "tools/explained_fields.h"
#include "tools/heat.h"

namespace assay::tools {
namespace {

using interp::doubles_of;
using interp::attribution::Explanation;

/// JSON has no NaN: it is null there.
std::vector<double> read(const nlohmann::ordered_json& numbers) {
  std::vector<double> values;
  for (const auto& number : numbers)
    values.push_back(number.is_null() ? std::numeric_limits<double>::quiet_NaN()
                                      : number.get<double>());
  return values;
}

ExplanationRecord record_of(const Explanation& explanation) {
  ExplanationRecord record{.method = explanation.method,
                           .scores = doubles_of(explanation.scores),
                           .standard_errors = {},
                           .readings = {},
                           .rows = explanation.rows,
                           .seconds = explanation.seconds,
                           .diagnostics = {},
                           .caveat = explanation.caveat};
  if (explanation.standard_errors.defined())
    record.standard_errors = doubles_of(explanation.standard_errors);
  for (const auto& [name, scores] : explanation.readings) {
    if (!record.readings) record.readings.emplace();
    (*record.readings)[name] = doubles_of(scores);
  }
  if (!explanation.diagnostics.is_null()) record.diagnostics = explanation.diagnostics;
  return record;
}

}  // namespace

std::vector<Span> spans_of(const std::vector<std::string>& tokens,
                           const std::vector<interp::attribution::Feature>& features) {
  std::vector<int64_t> owner(tokens.size(), -1);
  for (size_t f = 0; f < features.size(); ++f)
    for (const int64_t position : features[f].positions)
      owner.at(position) = static_cast<int64_t>(f);
  std::vector<Span> spans;
  for (size_t i = 0; i < owner.size(); ++i) {
    if (!spans.empty() && spans.back().feature == owner[i]) {
      spans.back().text += ' ' + tokens[i];
      ++spans.back().tokens;
    } else {
      spans.push_back({.text = tokens[i], .feature = owner[i]});
    }
  }
  return spans;
}

ScoreColumn column_of(const std::string& name, const nlohmann::ordered_json& scores) {
  ScoreColumn column{.name = name, .scores = read(scores), .standard_errors = {}, .caveat = {}};
  for (const double score : column.scores)  // a NaN is no maximum
    column.largest = std::max(column.largest, std::abs(score));
  return column;
}

std::vector<ScoreColumn> columns_of(const nlohmann::ordered_json& explanations) {
  std::vector<ScoreColumn> columns;
  for (const auto& explanation : explanations) {
    columns.push_back(column_of(explanation.at("method"), explanation.at("scores")));
    if (explanation.contains("standard_errors"))
      columns.back().standard_errors = read(explanation["standard_errors"]);
    columns.back().caveat = explanation.value("caveat", "");
  }
  if (explanations.size() == 1 && explanations[0].contains("readings"))
    for (const auto& [name, scores] : explanations[0]["readings"].items()) {
      columns.push_back(column_of(name, scores));
      columns.back().caveat = columns.front().caveat;
    }
  return columns;
}

int heat_at(const ScoreColumn& column, size_t feature) {
  return column.caveat.empty() ? heat_of(column.scores.at(feature), column.largest) : 0;
}

std::string score_text(double score) {
  if (std::isnan(score)) return "–";
  const double size = std::abs(score);
  const bool plain = score == 0 || (size >= 1e-3 && size < 1e5);
  return plain ? fmt::format("{:+.3f}", score) : fmt::format("{:+.1e}", score);
}

nlohmann::ordered_json to_json(const ExplainedInput& input) {
  ExplainedRecord record{.task = input.task,
                         .facts = input.facts,
                         .model_sha256 = input.model_sha256,
                         .tokens = input.tokens,
                         .features = input.features,
                         .explanations = {}};
  if (!input.attention.heads.empty()) record.attention = input.attention.heads;
  record.attention_left_out = input.attention.left_out;
  for (const Explanation& explanation : input.explanations)
    record.explanations.push_back(record_of(explanation));
  return interp::write_record(record);
}

}  // namespace assay::tools
