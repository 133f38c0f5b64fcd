#include "axioms/proofs/exponential.h"

#include <cmath>

namespace assay::proofs {

double exponential(double x) {
  constexpr int kDegree = 18, kSquarings = 10;
  const double r = std::ldexp(x, -kSquarings);  // exact
  double sum = 1;
  for (int k = kDegree; k >= 1; --k) sum = 1 + r * sum / k;
  for (int i = 0; i < kSquarings; ++i) sum *= sum;
  return sum;
}

}  // namespace assay::proofs
