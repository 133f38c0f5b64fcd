#pragma once
// Integrated gradients: the gradient averaged on the way from a baseline to the input.

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "interp/attribution/embedded_input.h"
#include "interp/attribution/method.h"

namespace assay::interp::attribution {

struct IntegratedGradients {
  at::Tensor of_positions;  ///< float64 [pos]; 0 at the context
  double score = 0;         ///< F(input)
  double baseline_score = 0;
  int64_t rows = 0;            ///< forward, of which most backward as well
  double estimated_error = 0;  ///< of the sum, from those of its pieces
  bool converged = false;      ///< false: the budget of rows came first

  /// |Σ - (F(input) - F(baseline))|, which is 0 for the integral itself.
  double completeness_error() const;
  /// The same as a share of |F(input) - F(baseline)|.
  double relative_completeness_error() const;
};

/// (x - x') · ∫₀¹ ∇F(x' + α (x - x')) dα, summed over dimensions (Sundararajan et al. 2017, eq. 1),
/// x the embeddings of the features' positions and x' the baseline there.
///
/// The gradient of a network of ReLUs jumps on the way, so no fixed rule is good enough: the way is
/// cut in panels, each integrated by Gauss and Legendre's rule and compared with the target's
/// change over it, and those that are off most are halved, until their errors together (summed,
/// and as the root of the sum of their squares) are at most `tolerance` times |F(x) - F(x')|, or
/// more rows would be needed than the budget has. Completeness is what is checked: positions whose
/// errors cancel each other within a panel go unnoticed.
IntegratedGradients integrated_gradients(const EmbeddedInput& input, const Target& target,
                                         const at::Tensor& baseline, double tolerance,
                                         int64_t rows);

/// `integrated-gradients`, baselines `zero` and `mean-embedding` (of the vocabulary). Tolerance
/// 0.001 with at most 10,000 rows, whatever the problem's budget: most inputs take some hundreds.
/// The completeness error reached is in the diagnostics; an integral that did not get there says so
/// in its caveat.
Method integrated_gradients_method();

}  // namespace assay::interp::attribution
