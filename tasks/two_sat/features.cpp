#include "tasks/two_sat/features.h"

#include "sat2/text.h"
#include "tasks/two_sat/tokens.h"

namespace assay::tasks::two_sat {

using interp::attribution::Feature;
using interp::attribution::Sequence;

namespace {

/// The formula that the tokens spell, and the position at which its first clause begins.
struct Placed {
  sat2::Formula formula;
  int64_t begin = 0;
};

Placed placed(const Sequence& tokens, int64_t variables) {
  Placed placed{.formula = formula_of(tokens, variables)};
  const auto clauses = static_cast<int64_t>(placed.formula.clauses.size());
  placed.begin = static_cast<int64_t>(tokens.size()) - n_ctx(clauses);
  return placed;
}

}  // namespace

std::vector<Feature> literal_features(const Sequence& tokens, int64_t variables) {
  const auto [formula, begin] = placed(tokens, variables);
  std::vector<Feature> features;
  for (size_t i = 0; i < formula.clauses.size(); ++i) {
    const auto clause = static_cast<int64_t>(i);
    features.push_back({.name = sat2::to_string(formula.clauses[i].left),
                        .positions = {begin + left_literal(clause)}});
    features.push_back({.name = sat2::to_string(formula.clauses[i].right),
                        .positions = {begin + right_literal(clause)}});
  }
  return features;
}

std::vector<Feature> clause_features(const Sequence& tokens, int64_t variables) {
  const auto [formula, begin] = placed(tokens, variables);
  std::vector<Feature> features;
  for (size_t i = 0; i < formula.clauses.size(); ++i) {
    const int64_t first = begin + 4 * static_cast<int64_t>(i);
    features.push_back({.name = sat2::to_string(formula.clauses[i]),
                        .positions = {first, first + 1, first + 2, first + 3}});
  }
  return features;
}

}  // namespace assay::tasks::two_sat
