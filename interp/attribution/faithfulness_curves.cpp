#include "interp/attribution/faithfulness_curves.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "interp/doubles.h"
#include "interp/statistics/ranks.h"

namespace assay::interp::attribution {
namespace {

using at::Tensor;

double mean_height(const std::vector<double>& curve) {
  double sum = 0;
  for (size_t k = 1; k < curve.size(); ++k) sum += (curve[k - 1] + curve[k]) / 2;
  return sum / static_cast<double>(curve.size() - 1);
}

}  // namespace

FaithfulnessCurves faithfulness_curves(const Game& game, const Tensor& scores) {
  const int64_t n = scores.numel();
  const std::vector<int64_t> order = statistics::descending(doubles_of(scores));
  Tensor place = at::empty({n}, torch::kInt64);  // 0 for the largest score
  for (int64_t i = 0; i < n; ++i) place.data_ptr<int64_t>()[order[i]] = i;
  const Tensor inserted = place < at::arange(n + 1, torch::kInt64).unsqueeze(1);
  const Tensor values = game(at::cat({inserted, inserted.logical_not()})).view({2, n + 1});
  FaithfulnessCurves curves{.insertion = doubles_of(values[0]), .deletion = doubles_of(values[1])};
  curves.insertion_area = mean_height(curves.insertion);
  curves.deletion_area = mean_height(curves.deletion);
  return curves;
}

Faithfulness hard_faithfulness(const FaithfulnessCurves& curves, double ratio) {
  if (!(ratio >= 0 && ratio <= 1))
    throw std::invalid_argument(fmt::format("expected a ratio from 0 to 1, got {}", ratio));
  const auto n = static_cast<int64_t>(curves.insertion.size()) - 1;
  const int64_t k = statistics::share_of(n, ratio);
  const double all = curves.insertion.back();
  const double scale = std::abs(all - curves.insertion.front());
  return {.scale = scale,
          .sufficiency = std::max(0.0, scale - std::abs(all - curves.insertion[k])),
          .comprehensiveness = std::abs(all - curves.deletion[k])};
}

}  // namespace assay::interp::attribution
