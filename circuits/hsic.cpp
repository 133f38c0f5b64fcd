#include "circuits/hsic.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "circuits/statistics.h"
#include "interp/parallel.h"
#include "interp/random_draws.h"

namespace assay::circuits {
namespace {

using at::Tensor;

constexpr double kKernelRounding = 1e-12;  // of sums of kernel values, which are at most 1

Tensor centred(const Tensor& K) {
  return K - K.mean(0, true) - K.mean(1, true) + K.mean();
}

}  // namespace

Tensor gaussian_kernel(const Tensor& x, double resolution) {
  const Tensor rows = x.to(torch::kFloat64);
  // Differences, not the binomial formula: it would cancel for close rows.
  Tensor distances = at::cdist(rows, rows, 2.0, /*compute_mode=*/2);
  distances = distances.masked_fill(distances <= resolution, 0.0);
  const Tensor positive = distances.masked_select(distances > 0);
  if (positive.numel() == 0) return at::ones_like(distances);
  const double sigma = positive.median().item<double>();
  return (distances.square() / (-2 * sigma * sigma)).exp();
}

double hsic(const Tensor& K, const Tensor& L) {
  return (centred(K) * L).mean().item<double>();
}

HsicTest hsic_test(const Tensor& x, const Tensor& y, int64_t draws, uint64_t seed,
                   double resolution) {
  const int64_t n = x.size(0);
  if (y.size(0) != n || n < 2)
    throw std::invalid_argument(
        fmt::format("independence: expected two or more pairs, got {} and {} rows", n, y.size(0)));
  if (draws < 1) throw std::invalid_argument("independence: expected at least one permutation");
  const at::NoGradGuard no_grad;
  const Tensor K = centred(gaussian_kernel(x, resolution)), L = gaussian_kernel(y, resolution);
  HsicTest test{.statistic = (K * L).mean().item<double>()};
  const double largest = std::sqrt((K * K).mean().item<double>() * hsic(L, centred(L)));
  test.normalised =
      largest > 0 ? test.statistic / largest : std::numeric_limits<double>::quiet_NaN();

  interp::Engine engine(seed);
  std::vector<Tensor> orders;
  for (int64_t i = 0; i < draws; ++i)
    orders.push_back(at::tensor(interp::permutation(engine, n), torch::kInt64));
  std::vector<char> is_hit(draws);
  interp::parallel_for(draws, [&](int64_t i) {
    const at::NoGradGuard inside;
    const Tensor shuffled = L.index_select(0, orders[i]).index_select(1, orders[i]);
    is_hit[i] = (K * shuffled).mean().item<double>() >= test.statistic - kKernelRounding;
  });
  test.p_value = permutation_p_value(std::ranges::count(is_hit, char{1}), draws);
  return test;
}

}  // namespace assay::circuits
