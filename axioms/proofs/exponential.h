#pragma once
// e^x with a bound on its error that follows from the arithmetic of IEEE 754 alone. The C library's
// exp is as good in practice, but promises nothing.

namespace assay::proofs {

/// |exponential(x) - e^x| <= kExponentialError · e^x for |x| <= kMostExponent.
inline constexpr double kExponentialError = 2e-11;
inline constexpr double kMostExponent = 700;

/// With r = x / 2^10, |r| < 0.69: the Taylor polynomial of degree 18, whose remainder is below 3e-20
/// of e^r and whose 36 operations (Horner) are off by at most 36 u e^|r| <= 150 u e^r; then ten
/// squarings, which multiply the relative error by 2^10 and add 1,023 u of their own: in all less
/// than 1,024 · 152 u < 2e-11, u being 2^-53.
double exponential(double x);

}  // namespace assay::proofs
