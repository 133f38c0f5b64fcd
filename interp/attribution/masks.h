#pragma once
// Which features are replaced at each step of a sampled explanation.

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace assay::interp::attribution {

enum class MaskKind {
  Bernoulli,  ///< each feature independently with probability `ratio` (ReAGent as published)
  Balanced,  ///< a random partition into blocks of about ratio · features, block after block: each
             ///< feature is replaced once per cycle
};

struct MaskDesign {
  MaskKind kind = MaskKind::Bernoulli;
  double ratio = 0.3;  ///< of the features, in [0, 1]
  bool operator==(const MaskDesign&) const = default;
};
/// @throws std::invalid_argument naming what is out of range.
void validate(const MaskDesign& design);

/// Steps after which every feature has been replaced as often as any other: the blocks of a
/// partition (at least 2 where there are 2 features); 1 with Bernoulli masks.
int64_t steps_per_cycle(const MaskDesign& design, int64_t n_features);

/// Masks of steps first_step … first_step + steps - 1, each a function of (design, seed, its step).
/// @return bool [steps, features].
at::Tensor draw_masks(const MaskDesign& design, int64_t n_features, uint64_t seed,
                      int64_t first_step, int64_t steps);

}  // namespace assay::interp::attribution
