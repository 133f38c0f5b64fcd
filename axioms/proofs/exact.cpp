#include "axioms/proofs/exact.h"

#include <bit>
#include <stdexcept>

namespace assay::proofs {

// Read off the bits: arithmetic may take denormal numbers for zero (interp/execution/parallel.h).
Integer units_of(float x) {
  const auto bits = std::bit_cast<uint32_t>(x);
  const auto exponent = static_cast<int>(bits >> 23 & 0xff);
  const int64_t fraction = bits & 0x7fffff;
  if (exponent == 0xff) throw std::invalid_argument("expected a finite number");
  Integer units = exponent == 0 ? fraction : fraction | 0x800000;
  if (exponent > 1) units <<= exponent - 1;
  return bits >> 31 ? Integer(-units) : units;
}

Rational from_units(const Integer& units, int factors) {
  return Rational(units, Integer(1) << (kUnit * factors));
}

std::string to_text(const Rational& x) {
  return numerator(x).str() + "/" + denominator(x).str();
}

}  // namespace assay::proofs
