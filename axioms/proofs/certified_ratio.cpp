#include "axioms/proofs/certified_ratio.h"

#include <algorithm>
#include <cmath>

#include "axioms/proofs/statement.h"

namespace assay::proofs {
namespace {

constexpr double kStep = 1e-6, kMostStep = 1e-2;  // relative distance to the extreme ratio
constexpr double kSumming = 1e-12;                // rounding of the sum of all terms, relative

}  // namespace

// Each of the terms e (g - λ) is off by at most e times
//   weight · (|g| + |λ|) for e itself, value for g, and kSumming · (|g| + |λ|) for all operations,
// and the e of any choice add up to at most most_weight().
std::vector<double> certified_ratios(const Attended& attended, const Directions& directions,
                                     Side side, const ProgramErrors& errors,
                                     std::vector<double>& guesses) {
  guesses = extreme_ratios(attended, directions, side, guesses);
  const double most_weight = attended.most_weight() * (1 + errors.weight + kSumming);
  const double outward = side == Side::Least ? -1 : 1;
  std::vector<double> bounds = guesses;
  for (double step = kStep; step <= kMostStep; step *= 10) {
    for (size_t d = 0; d < bounds.size(); ++d)
      bounds[d] = guesses[d] + outward * step * (1 + std::abs(guesses[d]));
    const std::vector<double> slack = slack_at(attended, directions, side, bounds);
    const auto holds = [&](size_t d) {
      const double error =
          most_weight * ((errors.weight + kSumming) * (errors.magnitude[d] + std::abs(bounds[d])) +
                         errors.value[d]);
      return slack[d] > error;
    };
    size_t d = 0;
    while (d < bounds.size() && holds(d)) ++d;
    if (d == bounds.size()) return bounds;
  }
  throw Untreated("rounding errors in float64 are too large for a bound");
}

}  // namespace assay::proofs
