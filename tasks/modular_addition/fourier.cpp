#include "tasks/modular_addition/fourier.h"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "interp/doubles.h"

namespace assay::tasks::modular_addition {

using at::Tensor;

Tensor waves(int64_t p, const std::vector<int64_t>& frequencies) {
  // k·n mod p in whole numbers first: the angle of a large product would lose digits.
  const Tensor k = torch::tensor(frequencies, torch::kInt64);
  const Tensor turns = at::arange(p, torch::kInt64).unsqueeze(1).mul(k).remainder(p);
  const Tensor angle = turns.to(torch::kFloat64) * (2 * std::numbers::pi / static_cast<double>(p));
  return at::cat({angle.cos(), angle.sin()}, 1);
}

Tensor spectrum(const Tensor& rows) {
  const int64_t p = rows.size(0), half = (p - 1) / 2;
  const Tensor unit = waves(p, all_frequencies(p)) * std::sqrt(2.0 / static_cast<double>(p));
  const Tensor power = at::matmul(unit.t(), rows.cpu().to(torch::kFloat64)).square().sum(1);
  return power.narrow(0, 0, half) + power.narrow(0, half, half);
}

KeyFrequencies key_frequencies(const Tensor& power) {
  const std::vector<double> powers = interp::doubles_of(power);
  const double total = std::accumulate(powers.begin(), powers.end(), 0.0);
  const double floor = 0.01 * total / static_cast<double>(powers.size());
  std::vector<int64_t> order = all_frequencies(2 * power.numel() + 1);
  std::ranges::stable_sort(order, std::greater{}, [&](int64_t k) { return powers[k - 1]; });

  size_t cut = order.size();  // a single frequency has no neighbour
  double largest = 0;
  for (size_t i = 1; i < order.size(); ++i) {
    const double ratio = (powers[order[i - 1] - 1] + floor) / (powers[order[i] - 1] + floor);
    if (ratio > largest) {
      largest = ratio;
      cut = i;
    }
  }
  KeyFrequencies key{.frequencies = {order.begin(), order.begin() + static_cast<int64_t>(cut)}};
  const double weakest = powers[key.frequencies.back() - 1];
  key.gap = cut < order.size() ? weakest / powers[order[cut] - 1]
                               : std::numeric_limits<double>::infinity();
  for (const int64_t k : key.frequencies) key.share += powers[k - 1] / total;
  std::ranges::sort(key.frequencies);
  return key;
}

std::vector<int64_t> all_frequencies(int64_t p) {
  std::vector<int64_t> frequencies((p - 1) / 2);
  std::iota(frequencies.begin(), frequencies.end(), 1);
  return frequencies;
}

}  // namespace assay::tasks::modular_addition
