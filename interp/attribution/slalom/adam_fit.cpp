#include "interp/attribution/slalom/adam_fit.h"

#include <fmt/format.h>
#include <torch/optim/adam.h>
#include <torch/types.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

namespace assay::interp::attribution::slalom {

using at::Tensor;

Slalom fit_by_adam(const Observations& data, const AdamConfig& config) {
  if (config.epochs < 3 || config.batch < 1)
    throw std::invalid_argument(
        fmt::format("slalom: expected 3 or more epochs of batches of 1 or "
                    "more, got {} epochs of batches of {}",
                    config.epochs, config.batch));
  const Tensor log_counts = dense(data.bags).log();  // -inf where a feature is not
  const at::AutoGradMode gradients(true);
  const Tensor value = at::zeros({data.bags.n_features}, torch::kFloat64).requires_grad_();
  const Tensor importance = at::zeros_like(value).requires_grad_();
  torch::optim::Adam optimizer(std::vector<Tensor>{value, importance},
                               torch::optim::AdamOptions(config.learning_rate));
  const int64_t rows = data.bags.size();
  for (int64_t epoch = 0; epoch < config.epochs / 3 * 3; ++epoch) {
    for (int64_t first = 0; first < rows; first += config.batch) {
      const int64_t count = std::min(config.batch, rows - first);
      const Tensor share = at::softmax(log_counts.narrow(0, first, count) + importance, 1);
      const Tensor loss =
          (at::matmul(share, value) - data.scores.narrow(0, first, count)).square().sum();
      optimizer.zero_grad();
      loss.backward();
      optimizer.step();
    }
  }
  return {value.detach(), importance.detach()};
}

}  // namespace assay::interp::attribution::slalom
