#pragma once
// Whether two things are independent, asked with the Hilbert-Schmidt independence criterion
// (Gretton et al. 2005, 2007) and a permutation test.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>

namespace assay::circuits {

/// Gaussian kernel exp(-d²/2σ²) of the rows of x [n, k]: float64 [n, n]. The bandwidth σ is the
/// median of the distances between rows that are not zero. Distances of at most `resolution` count
/// as zero, so that rounding noise is no signal; if all are, the kernel is 1 everywhere.
at::Tensor gaussian_kernel(const at::Tensor& x, double resolution = 0);

/// Biased estimate Σ_ij (HKH)_ij L_ij / n² for kernels K, L [n, n]; H subtracts the mean.
double hsic(const at::Tensor& K, const at::Tensor& L);

struct HsicTest {
  double statistic = 0;   ///< HSIC
  double normalised = 0;  ///< over √(HSIC(x,x)·HSIC(y,y)): 0 to 1; NaN where x or y is constant
  double p_value = 1;     ///< of the null: the rows of x and of y are independent
};

/// Permutation test: the pairing of x [n, k] and y [n, l] against `draws` random ones. Where x or y
/// is constant nothing can depend on it and the p-value is 1.
/// @throws std::invalid_argument for unequal or fewer than 2 rows, or draws < 1.
HsicTest hsic_test(const at::Tensor& x, const at::Tensor& y, int64_t draws, uint64_t seed,
                   double resolution = 0);

/// What hsic_test() could have found: the smallest share of rows, in steps of 1/32, such that it
/// rejects at level alpha in 80% of simulations in which x repeats y in that share of the rows and
/// is unrelated to it in the others. Simulated 60 times per share, so the 80% are ± 5%.
/// @param x, y  of one width: rows of x could be rows of y.
/// @return nothing if not even a copy of y would be found.
std::optional<double> detectable_share(const at::Tensor& x, const at::Tensor& y, int64_t draws,
                                       double alpha, uint64_t seed, double resolution = 0);

}  // namespace assay::circuits
