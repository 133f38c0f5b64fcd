#include "interp/attribution/rank_statistics.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/types.h>

#include <cmath>
#include <limits>
#include <stdexcept>

namespace assay::interp::attribution {
namespace {

using at::Tensor;

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

Tensor checked(const Tensor& values) {
  if (values.dim() != 1)
    throw std::invalid_argument(
        fmt::format("ranks: expected one axis, got [{}]", fmt::join(values.sizes(), ", ")));
  if (at::isnan(values).any().item<bool>())
    throw std::invalid_argument("ranks: NaN has no place in an order");
  return values.to(torch::kCPU, torch::kFloat64);
}

void require_as_many(const Tensor& a, const Tensor& b) {
  if (a.sizes() != b.sizes())
    throw std::invalid_argument(fmt::format("ranks: {} values beside {}", a.numel(), b.numel()));
}

}  // namespace

Tensor average_ranks(const Tensor& values) {
  const Tensor x = checked(values);
  const auto [unique, group, count] = at::_unique2(x, true, true, true);
  const Tensor last = count.cumsum(0).to(torch::kFloat64);  // rank of each group's last member
  return (last - (count - 1) / 2.0).index_select(0, group);
}

Tensor descending(const Tensor& scores) {
  return std::get<1>(checked(scores).sort(/*stable=*/true, 0, /*descending=*/true));
}

int64_t share_of(int64_t n, double ratio) {
  return static_cast<int64_t>(std::floor(ratio * static_cast<double>(n) + 1e-9));
}

double spearman(const Tensor& a, const Tensor& b) {
  require_as_many(a, b);
  const Tensor x = average_ranks(a), y = average_ranks(b);
  const Tensor dx = x - x.mean(), dy = y - y.mean();
  const double scale = (dx.norm() * dy.norm()).item<double>();
  return scale > 0 ? at::dot(dx, dy).item<double>() / scale : kUndefined;
}

double auroc(const Tensor& scores, const Tensor& relevant) {
  require_as_many(scores, relevant);
  const Tensor ranks = average_ranks(scores);
  const Tensor chosen = relevant.to(torch::kFloat64);
  const double positive = chosen.sum().item<double>();
  const double negative = static_cast<double>(chosen.numel()) - positive;
  if (positive == 0 || negative == 0) return kUndefined;
  const double above = at::dot(ranks, chosen).item<double>() - positive * (positive + 1) / 2;
  return above / (positive * negative);
}

double precision_at(int64_t k, const Tensor& scores, const Tensor& relevant) {
  require_as_many(scores, relevant);
  const Tensor x = checked(scores);
  if (k < 1 || k > x.numel())
    throw std::invalid_argument(
        fmt::format("precision at k: expected k from 1 to {}, got {}", x.numel(), k));
  const Tensor threshold = std::get<0>(x.sort(0, true))[k - 1];
  const Tensor above = x > threshold, tied = x == threshold;
  const double free = static_cast<double>(k) - above.sum().item<double>();
  const double share = free / tied.sum().item<double>();  // of the ties, that find a place
  const Tensor weight = above.to(torch::kFloat64) + share * tied.to(torch::kFloat64);
  return at::dot(weight, relevant.to(torch::kFloat64)).item<double>() / static_cast<double>(k);
}

}  // namespace assay::interp::attribution
