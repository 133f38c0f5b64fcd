#include "circuits/measures/hsic.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "interp/execution/parallel.h"
#include "interp/statistics/p_values.h"
#include "interp/statistics/random.h"

namespace assay::circuits {
namespace {

using at::Tensor;

constexpr double kKernelRounding = 1e-12;  // of sums of kernel values, which are at most 1

constexpr int64_t kGrid = 32, kSimulations = 60;
constexpr double kPower = 0.8;

Tensor centred(const Tensor& K) {
  return K - K.mean(0, true) - K.mean(1, true) + K.mean();
}

// Differences, not the binomial formula: it would cancel for close rows.
Tensor distances_between(const Tensor& x, double resolution) {
  const Tensor rows = x.to(torch::kFloat64);
  const Tensor distances = at::cdist(rows, rows, 2.0, /*compute_mode=*/2);
  return distances.masked_fill(distances <= resolution, 0.0);
}

Tensor kernel_of(const Tensor& distances) {
  const Tensor positive = distances.masked_select(distances > 0);
  if (positive.numel() == 0) return at::ones_like(distances);
  const double sigma = positive.median().item<double>();
  return (distances.square() / (-2 * sigma * sigma)).exp();
}

Tensor order_of(statistics::Engine& engine, int64_t n) {
  return at::tensor(statistics::permutation(engine, n), torch::kInt64);
}

// HSIC of the kernels with the rows of L in random orders; K is centred.
std::vector<double> permuted(const Tensor& K, const Tensor& L, int64_t draws,
                             statistics::Engine& engine) {
  std::vector<Tensor> orders;
  for (int64_t i = 0; i < draws; ++i) orders.push_back(order_of(engine, L.size(0)));
  std::vector<double> values(draws);
  interp::parallel_for(draws, [&](int64_t i) {
    const at::NoGradGuard inside;
    const Tensor shuffled = L.index_select(0, orders[i]).index_select(1, orders[i]);
    values[i] = (K * shuffled).mean().item<double>();
  });
  return values;
}

/// Data in which x repeats y in some rows.
class Planted {
 public:
  Planted(const Tensor& x, const Tensor& y, double resolution)
      : n_(x.size(0)),
        distances_(distances_between(at::cat({x, y}), resolution)),
        L_(kernel_of(distances_.slice(0, n_).slice(1, n_))) {}

  bool is_found(int64_t copies, int64_t draws, int64_t hits, uint64_t seed) const {
    statistics::Engine engine(seed);
    std::vector<double> values = permuted(planted(copies, engine), L_, draws, engine);
    std::ranges::sort(values, std::greater());
    const double needed = values[hits] + kKernelRounding;  // more than this, and it is rejected
    std::vector<Tensor> kernels;
    std::vector<statistics::Engine> engines;
    for (int64_t i = 0; i < kSimulations; ++i) engines.emplace_back(engine());
    std::vector<char> found(kSimulations);
    interp::parallel_for(kSimulations, [&](int64_t i) {
      const at::NoGradGuard inside;
      found[i] = (planted(copies, engines[i]) * L_).mean().item<double>() > needed;
    });
    return static_cast<double>(std::ranges::count(found, char{1})) >= kPower * kSimulations;
  }

 private:
  // Kernel, centred, of x with its rows in random order and `copies` of them replaced.
  Tensor planted(int64_t copies, statistics::Engine& engine) const {
    std::vector<int64_t> rows = statistics::permutation(engine, n_);
    const std::vector<int64_t> places = statistics::permutation(engine, n_);
    for (int64_t i = 0; i < copies; ++i) rows[places[i]] = n_ + places[i];
    const Tensor chosen = at::tensor(rows, torch::kInt64);
    return centred(kernel_of(distances_.index_select(0, chosen).index_select(1, chosen)));
  }

  int64_t n_;
  Tensor distances_;  // [2n, 2n]: x above y
  Tensor L_;
};

}  // namespace

Tensor gaussian_kernel(const Tensor& x, double resolution) {
  return kernel_of(distances_between(x, resolution));
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

  statistics::Engine engine(seed);
  const std::vector<double> random = permuted(K, L, draws, engine);
  test.p_value = statistics::permutation_p_value(
      std::ranges::count_if(
          random, [&](double value) { return value >= test.statistic - kKernelRounding; }),
      draws);
  return test;
}

std::optional<double> detectable_share(const Tensor& x, const Tensor& y, int64_t draws,
                                       double alpha, uint64_t seed, double resolution) {
  const at::NoGradGuard no_grad;
  const int64_t n = x.size(0), hits = statistics::rejecting_hits(draws, alpha);
  if (hits < 0) return {};
  const Planted data(x, y, resolution);
  const auto copies = [&](int64_t share) { return (share * n + kGrid - 1) / kGrid; };
  const auto is_found = [&](int64_t share) {
    return data.is_found(copies(share), draws, hits, seed);
  };
  if (!is_found(kGrid)) return {};
  int64_t missed = 0, found = kGrid;
  while (found - missed > 1) {
    const int64_t share = (missed + found) / 2;
    (is_found(share) ? found : missed) = share;
  }
  return static_cast<double>(copies(found)) / static_cast<double>(n);
}

}  // namespace assay::circuits
