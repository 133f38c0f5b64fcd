#pragma once
// Random numbers as a function of where they are used, not of how many were drawn before: what a
// row draws cannot depend on which other rows stand in its batch, nor on threads. LibTorch's Philox
// (Salmon et al. 2011) is the function.

#include <cstdint>

namespace assay::interp::attribution {

/// Uniform in [0, 1), with 53 random bits.
double uniform_at(uint64_t seed, uint64_t row, uint64_t column);

/// A seed for part (row, column) of what `seed` decides.
uint64_t seed_at(uint64_t seed, uint64_t row, uint64_t column);

}  // namespace assay::interp::attribution
