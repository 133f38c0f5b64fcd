#include "interp/attribution/slalom/model.h"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace assay::interp::attribution::slalom {

using at::Tensor;

std::vector<double> shares(const Slalom& model, const Bag& bag) {
  const auto* s = model.importance.data_ptr<double>();
  double largest = -std::numeric_limits<double>::infinity();
  for (const auto& [feature, times] : bag) largest = std::max(largest, s[feature]);
  std::vector<double> weight;
  weight.reserve(bag.size());
  double sum = 0;
  for (const auto& [feature, times] : bag) {
    weight.push_back(times * std::exp(s[feature] - largest));
    sum += weight.back();
  }
  for (double& part : weight) part /= sum;
  return weight;
}

double predict(const Slalom& model, const Bag& bag) {
  const auto* v = model.value.data_ptr<double>();
  const std::vector<double> share = shares(model, bag);
  double sum = 0;
  for (size_t i = 0; i < bag.size(); ++i) sum += share[i] * v[bag[i].feature];
  return sum;
}

Tensor predict(const Slalom& model, const Bags& bags) {
  Tensor predictions = at::empty({bags.size()}, torch::kFloat64);
  std::ranges::transform(bags.rows, predictions.data_ptr<double>(),
                         [&](const Bag& bag) { return predict(model, bag); });
  return predictions;
}

Slalom centred(const Slalom& model, int64_t n) {
  return {model.value, model.importance - model.importance.narrow(0, 0, n).mean()};
}

Slalom bounded(const Slalom& model) {
  return {model.value, model.importance.clamp(-kMostImportance, kMostImportance)};
}

int64_t n_at_bound(const Slalom& model) {
  return (model.importance.abs() >= kMostImportance).sum().item<int64_t>();
}

double mean_squared_error(const Slalom& model, const Observations& data) {
  return (predict(model, data.bags) - data.scores).square().mean().item<double>();
}

Slalom fit_values(const Observations& data, const Tensor& importance) {
  Slalom model{at::zeros_like(importance), importance};
  Tensor design = at::zeros({data.bags.size(), data.bags.n_features}, torch::kFloat64);
  auto* row = design.data_ptr<double>();
  for (const Bag& bag : data.bags.rows) {
    const std::vector<double> share = shares(model, bag);
    for (size_t i = 0; i < bag.size(); ++i) row[bag[i].feature] = share[i];
    row += data.bags.n_features;
  }
  model.value = std::get<0>(at::linalg_lstsq(design, data.scores.unsqueeze(1), {}, "gelsd"))
                    .squeeze(1)
                    .contiguous();
  return model;
}

Slalom mean_of_values(const Observations& data) {
  return fit_values(data, at::zeros({data.bags.n_features}, torch::kFloat64));
}

}  // namespace assay::interp::attribution::slalom
