#include "interp/attribution/slalom/closed_form.h"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace assay::interp::attribution::slalom {
namespace {

using at::Tensor;

constexpr double kLeastShare = 1e-6;
constexpr double kScoreRounding = 1e-6;  // of float32 scores, relative to them

Observations observed(const SampleScorer& score, const std::vector<Sample>& samples,
                      int64_t n_features) {
  Observations data{{.n_features = n_features, .rows = {}}, score(samples)};
  for (const Sample& sample : samples) data.bags.rows.push_back(bag_of(sample));
  return data;
}

/// s_b - s_a from F̂ of a, of b, and of the pair: log odds of b's share.
double log_odds_of_attention(double a, double b, double pair) {
  const double share = std::clamp((pair - a) / (b - a), kLeastShare, 1 - kLeastShare);
  return std::log(share / (1 - share));
}

}  // namespace

ClosedForm closed_form(const SampleScorer& score, int64_t n_features) {
  std::vector<Sample> alone;
  for (int64_t i = 0; i < n_features; ++i) alone.push_back({i});
  ClosedForm solved{.model = {}, .asked = observed(score, alone, n_features)};
  const Tensor value = solved.asked.scores.clone();
  const Tensor importance = at::zeros_like(value);
  solved.model = {value, importance};

  const auto* v = value.data_ptr<double>();
  const auto [low, high] = std::minmax_element(v, v + n_features);
  if (*low == *high) return solved;
  const int64_t lowest = low - v, highest = high - v;
  std::vector<Sample> pairs = {{lowest, highest}};
  for (int64_t i = 0; i < n_features; ++i) {
    if (i == lowest || i == highest) continue;
    pairs.push_back({v[i] - *low > *high - v[i] ? lowest : highest, i});
  }
  const Observations together = observed(score, pairs, n_features);
  const auto* f = together.scores.data_ptr<double>();
  auto* s = importance.data_ptr<double>();
  for (size_t i = 0; i < pairs.size(); ++i) {
    const int64_t reference = pairs[i][0], other = pairs[i][1];
    s[other] = s[reference] + log_odds_of_attention(v[reference], v[other], f[i]);
  }
  solved.model = bounded(centred(solved.model, n_features));
  solved.asked = joined(solved.asked, together);
  return solved;
}

Betweenness betweenness(const Observations& data) {
  const auto* scores = data.scores.data_ptr<double>();
  std::map<int64_t, double> alone;
  for (size_t row = 0; row < data.bags.rows.size(); ++row) {
    const Bag& bag = data.bags.rows[row];
    if (bag.size() == 1 && bag[0].times == 1) alone[bag[0].feature] = scores[row];
  }
  Betweenness found;
  for (size_t row = 0; row < data.bags.rows.size(); ++row) {
    const Bag& bag = data.bags.rows[row];
    if (bag.size() != 2 || bag[0].times != 1 || bag[1].times != 1) continue;
    const auto a = alone.find(bag[0].feature), b = alone.find(bag[1].feature);
    if (a == alone.end() || b == alone.end()) continue;
    const auto [low, high] = std::minmax(a->second, b->second);
    const double slack = kScoreRounding * std::max({1.0, std::abs(low), std::abs(high)});
    ++found.pairs;
    found.violated += scores[row] < low - slack || scores[row] > high + slack;
  }
  return found;
}

}  // namespace assay::interp::attribution::slalom
