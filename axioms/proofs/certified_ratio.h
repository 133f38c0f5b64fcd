#pragma once
// Fractional programs whose result holds for the exact numbers, not for their roundings.

#include <vector>

#include "axioms/proofs/ratio.h"

namespace assay::proofs {

/// How far the numbers of a program may be off.
struct ProgramErrors {
  double weight = 0;              ///< of any weight, relative
  std::vector<double> magnitude;  ///< of each direction: no |v · d| is larger
  std::vector<double> value;      ///< of each direction: no v · d is off by more
};

/// A number below (Side::Least) or above every ratio, per direction; about 1e-6 (1 + |ratio|) away
/// from the extreme one. That it is one is not left to the optimisation: F there must exceed all
/// that rounding can have added to it.
/// @param guesses  first guesses, which are replaced by the extreme ratios; may be empty.
/// @throws Untreated if rounding is too large to say.
std::vector<double> certified_ratios(const Attended& attended, const Directions& directions,
                                     Side side, const ProgramErrors& errors,
                                     std::vector<double>& guesses);

}  // namespace assay::proofs
