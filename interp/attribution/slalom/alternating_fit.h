#pragma once
// The estimator of SLALOM-fidel as the authors' code has it: values, importances, values, once.
// Kept for comparison with published figures; joint_fit.h goes on to the optimum.

#include "interp/attribution/slalom/bags.h"
#include "interp/attribution/slalom/model.h"

namespace assay::interp::attribution::slalom {

/// 1. Values by least squares with all importances 0. 2. Weights w = e^s >= 0 that minimise
/// Σ_rows (Σ n w (v - F))²: the residuals times the denominator, which is not the squared error.
/// Only their direction matters, so the authors' bound on Σ w needs no heavy penalty. 3. Values
/// again. If the error did not fall, the result of 1 is returned.
Slalom fit_by_alternation(const Observations& data);

}  // namespace assay::interp::attribution::slalom
