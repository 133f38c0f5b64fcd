#include "interp/attribution/slalom/bags.h"

#include <torch/types.h>

#include <algorithm>
#include <utility>

namespace assay::interp::attribution::slalom {

using at::Tensor;

Bag bag_of(std::vector<int64_t> features) {
  std::ranges::sort(features);
  Bag bag;
  for (const int64_t feature : features) {
    if (bag.empty() || bag.back().feature != feature) bag.push_back({feature, 0});
    bag.back().times += 1;
  }
  return bag;
}

Tensor dense(const Bags& bags) {
  Tensor counts = at::zeros({bags.size(), bags.n_features}, torch::kFloat64);
  auto* row = counts.data_ptr<double>();
  for (const Bag& bag : bags.rows) {
    for (const auto& [feature, times] : bag) row[feature] = times;
    row += bags.n_features;
  }
  return counts;
}

Bags with_sink(Bags bags) {
  for (Bag& bag : bags.rows) bag.push_back({bags.n_features, 1});
  ++bags.n_features;
  return bags;
}

Observations with_sink(Observations data) {
  return {with_sink(std::move(data.bags)), data.scores};
}

Observations joined(const Observations& left, const Observations& right) {
  Observations both{left.bags, at::cat({left.scores, right.scores})};
  const std::vector<Bag>& more = right.bags.rows;
  both.bags.rows.insert(both.bags.rows.end(), more.begin(), more.end());
  return both;
}

double variance(const Observations& data) {
  return at::var(data.scores, /*unbiased=*/false).item<double>();
}

}  // namespace assay::interp::attribution::slalom
