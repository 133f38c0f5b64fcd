#include "axioms/proofs/exact.h"

#include <cmath>
#include <stdexcept>

namespace assay::proofs {

Integer units_of(float x) {
  if (!std::isfinite(x)) throw std::invalid_argument("expected a finite number");
  int exponent = 0;
  const float fraction = std::frexp(x, &exponent);  // x = fraction · 2^exponent, |fraction| < 1
  const auto mantissa = static_cast<int64_t>(std::ldexp(fraction, 24));
  const int shift = exponent - 24 + kUnit;
  // Subnormal numbers have fewer bits: those shifted out are zero.
  return shift >= 0 ? Integer(mantissa) << shift : Integer(mantissa / (int64_t{1} << -shift));
}

Rational from_units(const Integer& units, int factors) {
  return Rational(units, Integer(1) << (kUnit * factors));
}

std::string to_text(const Rational& x) {
  return numerator(x).str() + "/" + denominator(x).str();
}

}  // namespace assay::proofs
