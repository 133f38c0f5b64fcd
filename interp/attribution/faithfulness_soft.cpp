#include "interp/attribution/faithfulness_soft.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <cmath>
#include <stdexcept>

#include "interp/attribution/importances.h"
#include "interp/statistics/random.h"

namespace assay::interp::attribution {
namespace {

using at::Tensor;

Tensor uniform_numbers(at::IntArrayRef sizes, uint64_t seed) {
  statistics::Engine engine(seed);
  Tensor numbers = at::empty(sizes, torch::kFloat64);
  double* next = numbers.data_ptr<double>();
  for (int64_t i = 0; i < numbers.numel(); ++i) next[i] = statistics::draw_uniform(engine);
  return numbers;
}

double error_of_mean(const Tensor& values) {
  return values.std().item<double>() / std::sqrt(static_cast<double>(values.numel()));
}

bool all_certain(const Tensor& importances) {
  return importances.eq(0).logical_or(importances.eq(1)).all().item<bool>();
}

}  // namespace

Tensor distances(Distance distance, const Tensor& p, const Tensor& q) {
  const Tensor squared = (p.sqrt() - q.sqrt()).square().sum(1) / 2;
  return distance == Distance::Hellinger ? squared.sqrt() : squared;
}

Faithfulness soft_faithfulness(const EmbeddedInput& input, const Tensor& importances,
                               const SoftConfig& config) {
  require_importances(importances);
  if (config.draws < 1)
    throw std::invalid_argument(
        fmt::format("soft faithfulness: expected at least 1 draw, got {}", config.draws));
  const int64_t draws = config.draws;
  const Tensor& all = input.embeddings();
  const Tensor none = input.with_features_at(at::zeros({all.size(1)}, all.options()));
  const Tensor probability = input.spread(importances.to(torch::kFloat64), 1).view({1, -1, 1});
  const Tensor is_kept =
      uniform_numbers({draws, all.size(0), all.size(1)}, config.seed) < probability;
  const Tensor rows = at::cat(
      {at::stack({all, none}), at::where(is_kept, all, none), at::where(is_kept, none, all)});
  const Tensor answers = at::softmax(input.logits(rows), 1);
  const Tensor d = distances(config.distance, answers[0], answers.narrow(0, 1, 1 + 2 * draws));
  const Tensor sufficiency = (d[0] - d.narrow(0, 1, draws)).clamp_min(0);
  const Tensor comprehensiveness = d.narrow(0, 1 + draws, draws);
  Faithfulness result{.scale = d[0].item<double>(),
                      .sufficiency = sufficiency.mean().item<double>(),
                      .comprehensiveness = comprehensiveness.mean().item<double>()};
  if (all_certain(importances)) return result;
  result.sufficiency_error = error_of_mean(sufficiency);
  result.comprehensiveness_error = error_of_mean(comprehensiveness);
  return result;
}

}  // namespace assay::interp::attribution
