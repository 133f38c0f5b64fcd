#pragma once
// One input, explained by several methods: what the terminal, the page and the report show.

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "interp/attribution/explanation.h"
#include "interp/attribution/features.h"

namespace assay::tools {

struct ExplainedInput {
  std::vector<std::pair<std::string, std::string>> facts;  ///< name and value, in words
  std::vector<std::string> tokens;                         ///< by name
  std::vector<interp::attribution::Feature> features;
  std::vector<interp::attribution::Explanation> explanations;
};

/// Neighbouring tokens of one feature, or of none.
struct Span {
  std::string text;
  int64_t feature = -1;  ///< -1: context
};
std::vector<Span> spans_of(const ExplainedInput& input);

/// A column of scores: a method, or another reading of the same run.
struct ScoreColumn {
  std::string name;
  std::vector<double> scores;  ///< of the features
  double largest = 0;          ///< by size
};
/// One per method. Where there is one method alone, its other readings stand beside it.
std::vector<ScoreColumn> columns_of(const ExplainedInput& input);

nlohmann::ordered_json to_json(const ExplainedInput& input);

}  // namespace assay::tools
