#include "axioms/determination.h"

#include <torch/types.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "circuits/interpretation/operations.h"

namespace assay::axioms {
namespace {

using at::Tensor;

constexpr int64_t kDecimals = 6;

// Numbers the groups 0, 1, … in the order in which they occur.
std::vector<int64_t> numbered(const Keys& groups) {
  std::unordered_map<size_t, int64_t> number;
  std::vector<int64_t> result;
  for (const size_t key : groups)
    result.push_back(number.emplace(key, static_cast<int64_t>(number.size())).first->second);
  return result;
}

}  // namespace

Keys keys_of(const Tensor& values) {
  const Tensor rows = (values.is_floating_point() ? circuits::rounded(values, kDecimals) : values)
                          .cpu()
                          .contiguous();
  const size_t size = rows.numel() ? rows.nbytes() / rows.size(0) : 0;
  const auto* bytes = static_cast<const char*>(rows.data_ptr());
  Keys keys;
  for (int64_t row = 0; row < rows.size(0); ++row)
    keys.push_back(std::hash<std::string_view>()({bytes + row * size, size}));
  return keys;
}

int64_t distinct(const Keys& keys) {
  return std::ssize(std::unordered_set<size_t>(keys.begin(), keys.end()));
}

bool same_partition(const Keys& left, const Keys& right) {
  std::unordered_map<size_t, size_t> to, back;
  for (size_t i = 0; i < left.size(); ++i)
    if (to.emplace(left[i], right[i]).first->second != right[i] ||
        back.emplace(right[i], left[i]).first->second != left[i])
      return false;
  return true;
}

Tensor variance_explained(const Tensor& values, const Keys& groups) {
  const Tensor x = values.to(torch::kFloat64) - values[0].to(torch::kFloat64);
  const Tensor group = torch::tensor(numbered(groups), torch::kInt64).to(x.device());
  const int64_t n_groups = distinct(groups);
  const Tensor size = at::bincount(group, {}, n_groups).to(torch::kFloat64).unsqueeze(1);
  const Tensor sums = at::zeros({n_groups, x.size(1)}, x.options()).index_add(0, group, x);
  const Tensor squares = x.square().sum(0);
  const Tensor total = squares - x.sum(0).square() / static_cast<double>(x.size(0));
  const Tensor within = squares - (sums.square() / size).sum(0);
  // What is left of rounding must not pass for variance.
  const Tensor varies = total.gt(1e-12 * squares.clamp_min(1e-30));
  return at::where(varies, 1 - within / total, at::zeros_like(total)).cpu();
}

VarianceExplained::VarianceExplained(const Keys& groups)
    : group_(numbered(groups)), size_(distinct(groups)) {
  for (const int64_t group : group_) ++size_[group];
}

void VarianceExplained::add(const Tensor& rows) {
  const Tensor x = rows.to(torch::kFloat64);
  if (!origin_.defined()) {
    origin_ = x[0].clone();
    sums_ = at::zeros({std::ssize(size_), x.size(1)}, x.options());
  }
  const Tensor from_origin = x - origin_;
  const std::vector<int64_t> group(group_.begin() + done_, group_.begin() + done_ + x.size(0));
  sums_.index_add_(0, torch::tensor(group, torch::kInt64).to(x.device()), from_origin);
  squares_ += from_origin.square().sum().item<double>();
  done_ += x.size(0);
}

double VarianceExplained::value() const {
  const Tensor size = torch::tensor(size_, torch::kFloat64).unsqueeze(1).to(sums_.device());
  const double between = (sums_.square() / size).sum().item<double>();
  const double total =
      squares_ - (sums_.sum(0).square() / static_cast<double>(done_)).sum().item<double>();
  return total > 1e-12 * squares_ ? 1 - (squares_ - between) / total : 0;
}

double error_avoided(const Keys& targets, const Keys& keys) {
  std::unordered_map<size_t, int64_t> of_target;
  std::map<std::pair<size_t, size_t>, int64_t> of_pair;
  for (size_t i = 0; i < targets.size(); ++i) {
    ++of_target[targets[i]];
    ++of_pair[{keys[i], targets[i]}];
  }
  int64_t commonest = 0, right = 0;
  for (const auto& entry : of_target) commonest = std::max(commonest, entry.second);
  std::unordered_map<size_t, int64_t> best;
  for (const auto& [pair, n] : of_pair) {
    int64_t& most = best[pair.first];
    most = std::max(most, n);
  }
  for (const auto& entry : best) right += entry.second;
  const int64_t errors = std::ssize(targets) - commonest;
  return errors ? static_cast<double>(right - commonest) / static_cast<double>(errors) : 0;
}

}  // namespace assay::axioms
