#pragma once
// e^x with a bound on its error that follows from the arithmetic of IEEE 754 alone. The C library's
// exp is as good in practice, but promises nothing.

namespace assay::proofs {

/// |exponential(x) - e^x| <= kExponentialError · e^x for |x| <= kMostExponent.
inline constexpr double kExponentialError = 1e-14;
inline constexpr double kMostExponent = 700;

/// e^x = 2^k e^r with r = x - k ln 2, |r| < 0.35.
///
/// ln 2 is cut into 33 bits and a rest. k times the first part is exact, as k has at most 11 bits,
/// and so is its difference to x (the two are within a factor of 2, or k = 0). What follows rounds
/// r by less than u = 2^-53. The Taylor polynomial of degree 14 leaves out less than 1e-18 of e^r,
/// and its 28 operations (Horner) are off by at most 28 u e^|r| <= 57 u e^r. In all below 59 u <
/// 7e-15.
double exponential(double x);

}  // namespace assay::proofs
