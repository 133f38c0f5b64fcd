#pragma once
// What stands in for tokens that an explainer takes away without making the sequence shorter.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "interp/attribution/features.h"

namespace assay::interp::attribution {

/// What may stand at some positions, and how likely each filling is drawn.
struct Support {
  std::vector<Sequence> fillings;     ///< one token per position
  std::vector<double> probabilities;  ///< sum 1
};

class Replacer {
 public:
  virtual ~Replacer() = default;
  virtual std::string name() const = 0;

  /// Draws what stands at the masked positions of `sequence`; the others are returned unchanged,
  /// and so are masked ones that are not eligible (see support()). Row i is a function of
  /// (sequence, its mask, seed, first_row + i) alone.
  /// @param mask  bool [rows, pos]. @return int64 [rows, pos].
  virtual at::Tensor draw(const Sequence& sequence, const at::Tensor& mask, uint64_t seed,
                          int64_t first_row) const = 0;

  /// What is drawn at these positions (ascending) when they alone are masked, where that can be
  /// listed; then effects are computed exactly. Empty if no position has a token other than its
  /// own: such positions are not eligible for replacement.
  virtual std::optional<Support> support(const Sequence& sequence,
                                         const std::vector<int64_t>& positions) const = 0;

 protected:
  /// @throws std::invalid_argument unless the mask has one column per token.
  void require_mask(const Sequence& sequence, const at::Tensor& mask) const;
};

/// The features, ascending, of which something can be replaced.
/// @throws std::invalid_argument if there is none.
std::vector<int64_t> eligible_features(const Input& input, const Replacer& replacer);

/// What replacing did to the tokens it was asked to replace.
struct ReplacementCounts {
  int64_t rows = 0;
  int64_t masked = 0;   ///< positions to be replaced, over all rows
  int64_t changed = 0;  ///< of these, how many hold another token now

  double self_replacement_rate() const;  ///< 0 where nothing was masked
  double mean_changed() const;           ///< positions per row
};
/// Adds the rows of one draw().
void count(ReplacementCounts& counts, const Sequence& sequence, const at::Tensor& mask,
           const at::Tensor& drawn);

}  // namespace assay::interp::attribution
