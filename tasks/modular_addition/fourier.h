#pragma once
// Functions on Z_p as sums of waves: w_k = 2πk/p for the frequencies k = 1 … (p-1)/2.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace assay::tasks::modular_addition {

/// cos w_k n for every frequency, then sin w_k n, of n = 0 … p-1: float64 [p, 2 · frequencies].
at::Tensor waves(int64_t p, const std::vector<int64_t>& frequencies);

/// How much of a function on Z_p with vector values lies along each frequency: the sum of squares
/// of its components along the unit vectors of cos w_k and sin w_k. Parseval: together with p times
/// the squared mean this is the sum of all squares.
/// @param rows  [p, any]; @return float64 [(p-1)/2], that of frequency k at k-1.
at::Tensor spectrum(const at::Tensor& rows);

/// The frequencies that a network uses.
struct KeyFrequencies {
  std::vector<int64_t> frequencies;  ///< ascending
  double share = 0;                  ///< of the power of all frequencies
  double gap = 0;                    ///< power of the weakest key one / of the strongest other
};

/// Cuts the frequencies, sorted by power, where the ratio of neighbours is largest. Both get a
/// hundredth of the mean power added first, so that a ratio of two negligible ones does not count.
KeyFrequencies key_frequencies(const at::Tensor& power);

/// 1 … (p-1)/2.
std::vector<int64_t> all_frequencies(int64_t p);

}  // namespace assay::tasks::modular_addition
