#pragma once
// What an explanation speaks of: tokens, or groups of tokens such as the clauses of a formula.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "interp/attribution/scorer.h"

namespace assay::interp::attribution {

struct Feature {
  std::string name;                ///< as shown to people: `x0`, `( x0 Not(x1) )`
  std::vector<int64_t> positions;  ///< ascending
  bool operator==(const Feature&) const = default;
};

/// A sequence and the features of it. Tokens of no feature are its context and always stay.
struct Input {
  Sequence tokens;
  std::vector<Feature> features;

  int64_t size() const { return static_cast<int64_t>(features.size()); }
};
/// @throws std::invalid_argument for no feature, one without positions, positions out of range, not
///   ascending, or in two features.
void validate(const Input& input);

/// Every token a feature of its own; @param names  one per token.
std::vector<Feature> token_features(const std::vector<std::string>& names);

/// The sequence without the features that are not kept. @param kept  one per feature.
Sequence keep(const Input& input, const std::vector<bool>& kept);
/// keep() of every row. @param kept  bool [rows, features].
std::vector<Sequence> keep(const Input& input, const at::Tensor& kept);

/// A sequence made of these features in this order, repetitions allowed, between the context before
/// the first feature and the context after the last.
/// @throws std::invalid_argument if context stands between features: `( x0` … has no meaning alone.
Sequence compose(const Input& input, const std::vector<int64_t>& features);

/// Positions of the features chosen: bool [rows, pos]. @param chosen  bool [rows, features].
at::Tensor positions_of(const Input& input, const at::Tensor& chosen);

}  // namespace assay::interp::attribution
