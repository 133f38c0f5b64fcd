#pragma once
// One input, explained by several methods: what the terminal, the page and the report show.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "interp/attribution/explanation.h"
#include "interp/attribution/features.h"
#include "tools/attention_patterns.h"

namespace assay::tools {

struct ExplainedInput {
  /// Of the record alone; none of these where a module of one's own is explained.
  std::optional<nlohmann::ordered_json> task = {};
  std::optional<std::string> model_sha256 = {};
  std::vector<std::pair<std::string, std::string>> facts;  ///< name and value, in words
  std::vector<std::string> tokens;                         ///< by name
  std::vector<interp::attribution::Feature> features;
  std::vector<interp::attribution::Explanation> explanations;
  AttentionPatterns attention = {};
};

/// Neighbouring tokens of one feature, or of none.
struct Span {
  std::string text;
  int64_t feature = -1;  ///< -1: context
  size_t tokens = 1;
};
std::vector<Span> spans_of(const std::vector<std::string>& tokens,
                           const std::vector<interp::attribution::Feature>& features);

/// A column of scores: a method, or another reading of the same run.
struct ScoreColumn {
  std::string name;
  std::vector<double> scores;           ///< of the features; NaN where there is none
  std::vector<double> standard_errors;  ///< of the scores; empty where the method has none
  double largest = 0;                   ///< of the scores, by size
  std::string caveat;                   ///< of the explanation; empty: none
};
/// How strongly the score of a feature is coloured: not at all under a caveat, for such scores are
/// no result to be looked at.
int heat_at(const ScoreColumn& column, size_t feature);
/// One per method. Where there is one method alone, its other readings stand beside it.
/// @param explanations  as to_json() writes them.
std::vector<ScoreColumn> columns_of(const nlohmann::ordered_json& explanations);
/// @param scores  numbers, or null.
ScoreColumn column_of(const std::string& name, const nlohmann::ordered_json& scores);

/// `+0.282`, `+2.1e+07`, `–` for NaN.
std::string score_text(double score);

nlohmann::ordered_json to_json(const ExplainedInput& input);

}  // namespace assay::tools
