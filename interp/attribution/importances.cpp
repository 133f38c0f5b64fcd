#include "interp/attribution/importances.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <stdexcept>

#include "interp/doubles.h"
#include "interp/statistics/ranks.h"

namespace assay::interp::attribution {
namespace {

using at::Tensor;

// min(1, c · shares) with the sum asked for, which is less than the number of positive shares: the
// largest are at 1, and the others share what is left in proportion.
Tensor scaled(const Tensor& shares, double mass) {
  const Tensor ascending = std::get<0>(shares.sort());
  const Tensor sums = ascending.cumsum(0);
  const double *share = ascending.data_ptr<double>(), *sum = sums.data_ptr<double>();
  int64_t last = ascending.numel() - 1;  // the largest that is not at 1
  while (share[last] * mass > sum[last]) --last, --mass;
  return (shares * (mass / sum[last])).clamp_max(1);
}

}  // namespace

Tensor importances(const Tensor& scores) {
  if (!at::isfinite(scores).all().item<bool>())
    throw std::invalid_argument("importances: scores that are not finite");
  const Tensor positive = scores.to(torch::kFloat64).clamp_min(0);
  const double sum = positive.sum().item<double>();
  return sum > 0 ? positive / sum : positive;
}

Tensor with_mass(const Tensor& importances, double mass) {
  require_importances(importances);
  const auto n = static_cast<double>(importances.numel());
  if (!(mass >= 0 && mass <= n))
    throw std::invalid_argument(
        fmt::format("importances: expected a mass from 0 to {} features, got {}", n, mass));
  const Tensor positive = importances.gt(0).to(torch::kFloat64);
  const double count = positive.sum().item<double>();
  if (mass < count) return scaled(importances, mass);
  return count == n ? positive : positive + (1 - positive) * ((mass - count) / (n - count));
}

Tensor top_share(const Tensor& scores, double ratio) {
  if (!(ratio >= 0 && ratio <= 1))
    throw std::invalid_argument(fmt::format("expected a ratio from 0 to 1, got {}", ratio));
  const int64_t k = statistics::share_of(scores.numel(), ratio);
  const std::vector<int64_t> order = statistics::descending(doubles_of(scores));
  Tensor mask = at::zeros({scores.numel()}, torch::kFloat64);
  for (int64_t i = 0; i < k; ++i) mask.data_ptr<double>()[order[i]] = 1;
  return mask;
}

void require_importances(const Tensor& importances) {
  const Tensor bad = importances.ge(0).logical_and(importances.le(1)).logical_not();  // NaN too
  const Tensor which = bad.nonzero();
  if (which.numel() == 0) return;
  const auto first = which[0].item<int64_t>();
  throw std::invalid_argument(
      fmt::format("importances: expected numbers from 0 to 1, got {} for feature {}",
                  importances[first].item<double>(), first));
}

}  // namespace assay::interp::attribution
