#pragma once
// Float32 numbers as what they are: integers times a power of two.

#include <boost/multiprecision/cpp_int.hpp>
#include <cstdint>
#include <string>

namespace assay::proofs {

using Integer = boost::multiprecision::cpp_int;
using Rational = boost::multiprecision::cpp_rational;

/// Every finite float32 is an integer times 2^-kUnit.
inline constexpr int kUnit = 149;

/// x · 2^kUnit. @throws std::invalid_argument for NaN and infinity.
Integer units_of(float x);

/// A sum of products of `factors` float32 numbers, in units: units · 2^(-kUnit · factors).
Rational from_units(const Integer& units, int factors);

std::string to_text(const Rational& x);  ///< `-3/8`, `2/1`

}  // namespace assay::proofs
