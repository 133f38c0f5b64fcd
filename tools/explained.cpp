#include "tools/explained.h"

#include <torch/types.h>

#include <algorithm>
#include <cmath>

namespace assay::tools {
namespace {

using interp::attribution::Explanation;

std::vector<double> numbers(const at::Tensor& scores) {
  const at::Tensor row = scores.to(torch::kFloat64).contiguous();
  return {row.data_ptr<double>(), row.data_ptr<double>() + row.numel()};
}

ScoreColumn column(const std::string& name, const at::Tensor& scores) {
  ScoreColumn column{.name = name, .scores = numbers(scores)};
  for (const double score : column.scores)
    column.largest = std::max(column.largest, std::abs(score));
  return column;
}

nlohmann::ordered_json to_json(const Explanation& explanation) {
  nlohmann::ordered_json json = {{"method", explanation.method},
                                 {"scores", numbers(explanation.scores)}};
  if (explanation.standard_errors.defined())
    json["standard_errors"] = numbers(explanation.standard_errors);
  for (const auto& [name, scores] : explanation.readings) json["readings"][name] = numbers(scores);
  json["rows"] = explanation.rows;
  json["seconds"] = explanation.seconds;
  if (!explanation.diagnostics.is_null()) json["diagnostics"] = explanation.diagnostics;
  if (!explanation.caveat.empty()) json["caveat"] = explanation.caveat;
  return json;
}

}  // namespace

std::vector<Span> spans_of(const ExplainedInput& input) {
  std::vector<int64_t> owner(input.tokens.size(), -1);
  for (size_t f = 0; f < input.features.size(); ++f)
    for (const int64_t position : input.features[f].positions)
      owner[position] = static_cast<int64_t>(f);
  std::vector<Span> spans;
  for (size_t i = 0; i < owner.size(); ++i) {
    if (!spans.empty() && spans.back().feature == owner[i])
      spans.back().text += ' ' + input.tokens[i];
    else
      spans.push_back({.text = input.tokens[i], .feature = owner[i]});
  }
  return spans;
}

std::vector<ScoreColumn> columns_of(const ExplainedInput& input) {
  std::vector<ScoreColumn> columns;
  for (const Explanation& explanation : input.explanations)
    columns.push_back(column(explanation.method, explanation.scores));
  if (input.explanations.size() == 1)
    for (const auto& [name, scores] : input.explanations.front().readings)
      columns.push_back(column(name, scores));
  return columns;
}

nlohmann::ordered_json to_json(const ExplainedInput& input) {
  nlohmann::ordered_json features = nlohmann::ordered_json::array(),
                         explanations = nlohmann::ordered_json::array();
  for (const auto& feature : input.features)
    features.push_back({{"name", feature.name}, {"positions", feature.positions}});
  for (const Explanation& explanation : input.explanations)
    explanations.push_back(to_json(explanation));
  return {{"tokens", input.tokens}, {"features", features}, {"explanations", explanations}};
}

}  // namespace assay::tools
