#pragma once
// Games made of numbers alone.

#include <torch/types.h>

#include <cstdint>
#include <random>
#include <vector>

#include "interp/attribution/game.h"

namespace assay::interp::attribution {

/// What is kept, as the bits of a number.
inline at::Tensor bits_of(const at::Tensor& kept) {
  const at::Tensor powers = at::pow(2, at::arange(kept.size(1), torch::kFloat64));
  return at::mv(kept.to(torch::kFloat64), powers).to(torch::kInt64);
}

/// One value per set of features, float64 [2^n].
inline Game table_game(const at::Tensor& values) {
  return [values](const at::Tensor& kept) { return values.index_select(0, bits_of(kept)); };
}

inline at::Tensor random_values(int64_t n_features, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<double> values;
  for (int64_t i = 0; i < int64_t{1} << n_features; ++i)
    values.push_back(static_cast<double>(random() % 10007) / 1000 - 5);
  return torch::tensor(values, torch::kFloat64);
}

/// 0.5 plus the weights of what is kept.
inline Game additive_game(const at::Tensor& weights) {
  return
      [weights](const at::Tensor& kept) { return 0.5 + at::mv(kept.to(torch::kFloat64), weights); };
}

inline at::Tensor numbers(const std::vector<double>& values) {
  return torch::tensor(values, torch::kFloat64);
}

inline double largest_difference(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

}  // namespace assay::interp::attribution
