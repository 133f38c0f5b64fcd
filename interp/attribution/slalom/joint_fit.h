#pragma once
// Values and importances of SLALOM fitted together, to the end: damped Gauss-Newton steps
// (Levenberg-Marquardt) in double precision. The authors' two estimators (adam_fit.h,
// alternating_fit.h) stop far from the optimum of the same loss.

#include <cstdint>
#include <limits>

#include "interp/attribution/slalom/bags.h"
#include "interp/attribution/slalom/model.h"

namespace assay::interp::attribution::slalom {

struct JointConfig {
  /// Times the variance of the scores and the mean square of the importances: their price, so that
  /// they stay where data leave them open. Bags with few features missing tell values and
  /// importances apart by second-order effects only, and need 1e-5 to 1e-3; short bags need none.
  double ridge = 0;
  /// Standard deviation that importances are expected to have; infinity: any. The fit is then the
  /// most probable one under s ~ N(0, spread²) and normal errors of unknown size: the price falls
  /// with the error, so answers of a SLALOM are still fitted exactly, while importances of other
  /// networks stay of a size that the data tell.
  double spread = std::numeric_limits<double>::infinity();
  int max_iterations = 200;
  double tolerance = 1e-12;  ///< ends where a step lowers the loss by a smaller part of it
  double max_change = 4;     ///< of an importance in one step
};

struct JointFit {
  Slalom model;  ///< mean importance 0
  int iterations = 0;
  bool converged = false;
  int64_t at_bound = 0;  ///< importances that n_at_bound() counts
};

/// (MSE + rounding of the scores) · exp(Σ s² / (rows · spread²)) + ridge · variance · mean s².
double joint_loss(const Slalom& model, const Observations& data, const JointConfig& config);

/// Descends from `start` among bounded() models. The joint_loss() never rises, so the
/// fit is at least as good as the start is (as its values alone, if `start` is a mean_of_values(),
/// whose importances cost nothing).
JointFit fit_jointly(const Observations& data, const Slalom& start, const JointConfig& config = {});

}  // namespace assay::interp::attribution::slalom
