#include "interp/attribution/slalom/joint_fit.h"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

namespace assay::interp::attribution::slalom {
namespace {

using at::Tensor;

constexpr double kSquaredRounding = 0x1p-48;  // of float32, squared
constexpr double kLeastDamping = 1e-12, kMostDamping = 1e12;

/// (MSE + noise) · exp(prior · Σ s²) + ridge · Σ s².
class Loss {
 public:
  Loss(const Observations& data, const JointConfig& config)
      : data_(data),
        ridge_(config.ridge * variance(data) / static_cast<double>(data.bags.n_features)),
        prior_(1 / (config.spread * config.spread * static_cast<double>(data.bags.size()))),
        noise_(kSquaredRounding * data.scores.square().mean().item<double>()) {}

  double operator()(const Slalom& model) const {
    const double squares = model.importance.square().sum().item<double>();
    return unexplained(model) * std::exp(prior_ * squares) + ridge_ * squares;
  }
  /// Of one unit of Σ s² at this model, beside the mean squared error.
  double price(const Slalom& model) const { return ridge_ + prior_ * unexplained(model); }

 private:
  double unexplained(const Slalom& model) const {
    return mean_squared_error(model, data_) + noise_;
  }

  const Observations& data_;
  double ridge_, prior_, noise_;
};

/// Half of the loss's gradient and the Gauss-Newton half of its curvature in (values, importances).
struct NormalEquations {
  Tensor matrix;    ///< [2 features, 2 features]
  Tensor gradient;  ///< [2 features]
};

// Derivatives of F̂ by the values (share) and importances (share · (v - F̂)) of a bag's features.
struct Slopes {
  std::vector<int64_t> parameter;
  std::vector<double> slope;
  double residual = 0;
};

Slopes slopes_of(const Slalom& model, const Bag& bag, double score) {
  const auto* v = model.value.data_ptr<double>();
  const std::vector<double> share = shares(model, bag);
  double prediction = 0;
  for (size_t i = 0; i < bag.size(); ++i) prediction += share[i] * v[bag[i].feature];
  Slopes slopes{.parameter = {}, .slope = {}, .residual = prediction - score};
  for (size_t i = 0; i < bag.size(); ++i) {
    slopes.parameter.push_back(bag[i].feature);
    slopes.slope.push_back(share[i]);
    slopes.parameter.push_back(bag[i].feature + model.size());
    slopes.slope.push_back(share[i] * (v[bag[i].feature] - prediction));
  }
  return slopes;
}

// A short bag adds its few products one by one; rows of long ones go through one matrix product,
// which is about ten times faster per number.
NormalEquations normal_equations(const Slalom& model, const Observations& data, double price) {
  const int64_t n = 2 * model.size();
  NormalEquations equations{at::zeros({n, n}, torch::kFloat64), at::zeros({n}, torch::kFloat64)};
  auto* matrix = equations.matrix.data_ptr<double>();
  auto* gradient = equations.gradient.data_ptr<double>();
  const auto* scores = data.scores.data_ptr<double>();
  std::vector<double> long_rows;
  for (size_t row = 0; row < data.bags.rows.size(); ++row) {
    const Slopes at = slopes_of(model, data.bags.rows[row], scores[row]);
    const size_t k = at.slope.size();
    for (size_t i = 0; i < k; ++i) gradient[at.parameter[i]] += at.slope[i] * at.residual;
    if (10 * k * k > static_cast<size_t>(n * n)) {
      long_rows.resize(long_rows.size() + n);
      double* dense = long_rows.data() + long_rows.size() - n;
      for (size_t i = 0; i < k; ++i) dense[at.parameter[i]] = at.slope[i];
    } else {
      for (size_t i = 0; i < k; ++i)
        for (size_t j = 0; j < k; ++j)
          matrix[at.parameter[i] * n + at.parameter[j]] += at.slope[i] * at.slope[j];
    }
  }
  const Tensor block = torch::from_blob(
      long_rows.data(), {static_cast<int64_t>(long_rows.size()) / n, n}, torch::kFloat64);
  equations.matrix.addmm_(block.t(), block);
  const auto rows = static_cast<double>(data.bags.size());
  equations.matrix.div_(rows);
  equations.gradient.div_(rows);
  equations.matrix.diagonal().narrow(0, n / 2, n / 2).add_(price);
  equations.gradient.narrow(0, n / 2, n / 2).add_(model.importance, price);
  return equations;
}

/// Unknowns are scaled so that the diagonal is 1, which damping is added to: steps do not depend on
/// the unit of the scores. @return none where the damping is too weak for the equations to be
/// definite.
std::optional<Slalom> stepped(const Slalom& model, const NormalEquations& equations, double damping,
                              double max_change) {
  const Tensor diagonal = equations.matrix.diagonal();
  const Tensor scale = at::where(diagonal > 0, diagonal.rsqrt(), 0.0);  // 0: in no bag, stays
  Tensor matrix = equations.matrix * scale.unsqueeze(0) * scale.unsqueeze(1);
  matrix.diagonal().fill_(1 + damping);
  const auto [factor, info] = at::linalg_cholesky_ex(matrix);
  if (info.item<int>() != 0) return std::nullopt;
  const Tensor step =
      at::cholesky_solve((equations.gradient * scale).unsqueeze(1), factor).squeeze(1) * scale;
  const int64_t n = model.size();
  const Tensor change = step.narrow(0, n, n).clamp(-max_change, max_change);
  return bounded(centred({model.value - step.narrow(0, 0, n), model.importance - change}, n));
}

}  // namespace

double joint_loss(const Slalom& model, const Observations& data, const JointConfig& config) {
  return Loss(data, config)(model);
}

JointFit fit_jointly(const Observations& data, const Slalom& start, const JointConfig& config) {
  const Loss loss_of(data, config);
  JointFit fit{.model = bounded(start)};
  double loss = loss_of(fit.model), damping = 1e-3;
  while (!fit.converged && fit.iterations < config.max_iterations) {
    const NormalEquations equations = normal_equations(fit.model, data, loss_of.price(fit.model));
    ++fit.iterations;
    double lowered = loss;
    while (!(lowered < loss) && damping < kMostDamping) {
      const auto candidate = stepped(fit.model, equations, damping, config.max_change);
      lowered = candidate ? loss_of(*candidate) : loss;
      if (lowered < loss) {
        fit.model = *candidate;
      } else {
        damping *= 10;
      }
    }
    fit.converged = !(loss - lowered > config.tolerance * loss);
    loss = std::min(loss, lowered);
    damping = std::clamp(damping / 10, kLeastDamping, 1.0);
  }
  fit.at_bound = n_at_bound(fit.model);
  fit.model = centred(fit.model, fit.model.size());
  return fit;
}

}  // namespace assay::interp::attribution::slalom
