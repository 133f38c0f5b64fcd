#pragma once
// What stands in for tokens that an explainer takes away without making the sequence shorter.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "interp/attribution/scorer.h"

namespace assay::interp::attribution {

/// The tokens that may stand at a position, and how likely each is drawn.
struct Support {
  std::vector<int64_t> tokens;
  std::vector<double> probabilities;  ///< sum 1
};

class Replacer {
 public:
  virtual ~Replacer() = default;
  virtual std::string name() const = 0;

  /// Draws what stands at the masked positions of `sequence`; the others are returned unchanged.
  /// Row i is a function of (sequence, its mask, seed, first_row + i) alone.
  /// @param mask  bool [rows, pos]. @return int64 [rows, pos].
  virtual at::Tensor draw(const Sequence& sequence, const at::Tensor& mask, uint64_t seed,
                          int64_t first_row) const = 0;

  /// What is drawn at a position when it alone is masked, where that can be listed; then effects of
  /// single features are computed exactly. A position without any other token than its own is not
  /// eligible for replacement: an empty support.
  virtual std::optional<Support> support(const Sequence& sequence, int64_t position) const = 0;
};

}  // namespace assay::interp::attribution
