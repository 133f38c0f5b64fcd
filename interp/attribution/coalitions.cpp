#include "interp/attribution/coalitions.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <numeric>
#include <stdexcept>

namespace assay::interp::attribution {

using at::Tensor;

Tensor all_coalitions(int64_t n) {
  if (n < 1 || n > 20)
    throw std::invalid_argument(
        fmt::format("all sets of features: expected 1 to 20 features, got {}", n));
  const Tensor rows = at::arange(int64_t{1} << n, torch::kInt64).unsqueeze(1);
  const Tensor bits = at::bitwise_left_shift(at::ones({n}, torch::kInt64), at::arange(n));
  return rows.bitwise_and(bits).ne(0);
}

Tensor random_coalitions(statistics::Engine& engine, const std::vector<int64_t>& sizes, int64_t n) {
  std::vector<int64_t> features(n);
  std::iota(features.begin(), features.end(), 0);
  Tensor kept = at::zeros({static_cast<int64_t>(sizes.size()), n}, torch::kBool);
  bool* row = kept.data_ptr<bool>();
  for (const int64_t size : sizes) {
    for (const int64_t f : statistics::draw_from(engine, features, size)) row[f] = true;
    row += n;
  }
  return kept;
}

}  // namespace assay::interp::attribution
