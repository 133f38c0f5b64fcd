#include "axioms/proofs/ratio.h"

#include <torch/types.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace assay::proofs {
namespace {

constexpr int64_t kLanes = Directions::kLanes;
constexpr int kMostSteps = 60;      // Dinkelbach's iteration takes about five
constexpr double kSettled = 1e-13;  // relative change at which it ends

using Lanes = std::array<double, kLanes>;

struct Sums {
  Lanes n, w, slack;
};

// One step for a block of directions: the terms of each slot's best alternative at `value`. The
// inner loops run over directions, without branches, so that the compiler makes vectors of them.
__attribute__((target_clones("avx2", "default"))) void pass(const Attended& attended,
                                                            const Directions& directions,
                                                            int64_t block, double sign,
                                                            const Lanes& value, Sums& sums) {
  sums.n.fill(0);
  sums.w.fill(0);
  sums.slack.fill(0);
  for (const auto& alternatives : attended.slots) {
    Lanes best, best_n, best_w;
    best.fill(std::numeric_limits<double>::infinity());
    best_n.fill(0);
    best_w.fill(0);
    for (const auto& keys : alternatives) {
      double w = 0;
      Lanes n;
      n.fill(0);
      for (const int key : keys) {
        const double e = attended.weights[key], signed_e = sign * e;
        const double* g = directions.at(block, key);
        w += e;
        for (int64_t l = 0; l < kLanes; ++l) n[l] += signed_e * g[l];
      }
      for (int64_t l = 0; l < kLanes; ++l) {
        const double term = n[l] - value[l] * w;
        const bool better = term < best[l];
        best[l] = better ? term : best[l];
        best_n[l] = better ? n[l] : best_n[l];
        best_w[l] = better ? w : best_w[l];
      }
    }
    for (int64_t l = 0; l < kLanes; ++l) {
      sums.n[l] += best_n[l];
      sums.w[l] += best_w[l];
      sums.slack[l] += best[l];
    }
  }
}

double sign_of(Side side) {
  return side == Side::Least ? 1 : -1;
}

template <typename PickWeight>
double total(const Attended& attended, const PickWeight& pick) {
  double sum = 0;
  for (const auto& alternatives : attended.slots) {
    std::vector<double> weights;
    for (const auto& keys : alternatives) {
      double w = 0;
      for (const int key : keys) w += attended.weights[key];
      weights.push_back(w);
    }
    sum += pick(weights);
  }
  return sum;
}

}  // namespace

Directions::Directions(const at::Tensor& values)
    : count_(values.size(1)), keys_(values.size(0)), numbers_(blocks() * keys_ * kLanes) {
  const at::Tensor rows = values.contiguous();
  const double* from = rows.data_ptr<double>();
  for (int64_t key = 0; key < keys_; ++key)
    for (int64_t d = 0; d < count_; ++d)
      numbers_[(d / kLanes * keys_ + key) * kLanes + d % kLanes] = from[key * count_ + d];
}

double Attended::least_weight() const {
  return total(*this, [](const std::vector<double>& w) { return *std::ranges::min_element(w); });
}

double Attended::most_weight() const {
  return total(*this, [](const std::vector<double>& w) { return *std::ranges::max_element(w); });
}

std::vector<double> extreme_ratios(const Attended& attended, const Directions& directions,
                                   Side side, const std::vector<double>& start) {
  const double sign = sign_of(side);
  std::vector<double> ratios(directions.count());
  Sums sums;
  for (int64_t block = 0; block < directions.blocks(); ++block) {
    const int64_t first = block * kLanes;
    const int64_t lanes = std::min(kLanes, directions.count() - first);
    Lanes value{};
    if (!start.empty())
      for (int64_t l = 0; l < lanes; ++l) value[l] = sign * start[first + l];
    bool settled = false;
    for (int step = 0; step < kMostSteps && !settled; ++step) {
      pass(attended, directions, block, sign, value, sums);
      settled = step > 0;
      for (int64_t l = 0; l < lanes; ++l) {
        const double next = sums.n[l] / sums.w[l];
        settled = settled && std::abs(next - value[l]) <= kSettled * (1 + std::abs(next));
        value[l] = next;
      }
    }
    for (int64_t l = 0; l < lanes; ++l) ratios[first + l] = sign * value[l];
  }
  return ratios;
}

std::vector<double> slack_at(const Attended& attended, const Directions& directions, Side side,
                             const std::vector<double>& values) {
  const double sign = sign_of(side);
  std::vector<double> slack(directions.count());
  Sums sums;
  for (int64_t block = 0; block < directions.blocks(); ++block) {
    const int64_t first = block * kLanes;
    const int64_t lanes = std::min(kLanes, directions.count() - first);
    Lanes value{};
    for (int64_t l = 0; l < lanes; ++l) value[l] = sign * values[first + l];
    pass(attended, directions, block, sign, value, sums);
    std::copy_n(sums.slack.begin(), lanes, slack.begin() + first);
  }
  return slack;
}

std::vector<int64_t> attaining(const Attended& attended, const Directions& directions,
                               int64_t direction, Side side, double value) {
  const double sign = sign_of(side);
  const int64_t block = direction / kLanes, lane = direction % kLanes;
  std::vector<int64_t> chosen;
  for (const auto& alternatives : attended.slots) {
    int64_t best = 0;
    double least = std::numeric_limits<double>::infinity();
    for (size_t i = 0; i < alternatives.size(); ++i) {
      double term = 0;
      for (const int key : alternatives[i])
        term += attended.weights[key] * (sign * directions.at(block, key)[lane] - sign * value);
      if (term < least) least = term, best = static_cast<int64_t>(i);
    }
    chosen.push_back(best);
  }
  return chosen;
}

}  // namespace assay::proofs
