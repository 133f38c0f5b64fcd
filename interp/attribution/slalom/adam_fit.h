#pragma once
// The estimator of SLALOM-eff as the authors' code has it (v0.1.2): a fixed number of Adam steps
// from zero, stopped where they happen to be. Kept for comparison with published figures;
// joint_fit.h minimises the same loss.

#include <cstdint>

#include "interp/attribution/slalom/bags.h"
#include "interp/attribution/slalom/model.h"

namespace assay::interp::attribution::slalom {

/// Defaults are those of the authors' class.
struct AdamConfig {
  double learning_rate = 5e-3;
  int64_t epochs = 60;
  int64_t batch = 128;
};

/// Minibatches come in the order of the rows, the loss is the sum of squared errors over one, and
/// parameters are kept after every third epoch: 20 epochs give those after 18. Fewer than three are
/// refused. @throws std::invalid_argument unless epochs >= 3 and batch >= 1.
Slalom fit_by_adam(const Observations& data, const AdamConfig& config = {});

}  // namespace assay::interp::attribution::slalom
