#pragma once
// Values and importances of SLALOM fitted together, to the end: damped Gauss-Newton steps
// (Levenberg-Marquardt) in double precision. The authors' two estimators (adam_fit.h,
// alternating_fit.h) stop far from the optimum of the same loss.

#include <cstdint>

#include "interp/attribution/slalom/bags.h"
#include "interp/attribution/slalom/model.h"

namespace assay::interp::attribution::slalom {

struct JointConfig {
  /// Times the variance of the scores and the mean square of the importances: their price, so that
  /// they stay where data leave them open. Bags with few features missing tell values and
  /// importances apart by second-order effects only, and need 1e-5 to 1e-3; short bags need none.
  double ridge = 0;
  int max_iterations = 200;
  double tolerance = 1e-12;  ///< ends where a step lowers the loss by a smaller part of it
  double max_change = 4;     ///< of an importance in one step
};

struct JointFit {
  Slalom model;  ///< mean importance 0
  int iterations = 0;
  bool converged = false;
};

/// Descends from `start`; the loss never rises, so the fit is at least as good as `start` is
/// (as good as its values alone, if `start` is a mean_of_values(), which pays no ridge).
JointFit fit_jointly(const Observations& data, const Slalom& start, const JointConfig& config = {});

}  // namespace assay::interp::attribution::slalom
