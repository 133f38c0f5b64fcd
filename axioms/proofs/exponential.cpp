#include "axioms/proofs/exponential.h"

#include <cmath>

namespace assay::proofs {

double exponential(double x) {
  constexpr int kDegree = 14;
  constexpr double kLn2 = 0.69314718055994530942;
  constexpr double kHigh = 0x1.62e42fefp-1;       // the first 33 bits of ln 2 …
  constexpr double kLow = 0x1.473de6af278edp-34;  // … and the rest
  const double k = std::nearbyint(x / kLn2);
  const double r = (x - k * kHigh) - k * kLow;
  double sum = 1;
  for (int i = kDegree; i >= 1; --i) sum = 1 + r * sum / i;
  return std::ldexp(sum, static_cast<int>(k));
}

}  // namespace assay::proofs
