#include "interp/attribution/counter_random.h"

#include <ATen/core/PhiloxRNGEngine.h>

namespace assay::interp::attribution {
namespace {

uint64_t bits_at(uint64_t seed, uint64_t row, uint64_t column) {
  at::Philox4_32 philox(seed, /*subsequence=*/row, /*offset=*/column);
  const uint64_t high = philox();
  return high << 32 | philox();
}

}  // namespace

double uniform_at(uint64_t seed, uint64_t row, uint64_t column) {
  return static_cast<double>(bits_at(seed, row, column) >> 11) * 0x1p-53;
}

// Under a key of their own: a seed never shares its bits with a number drawn beside it.
uint64_t seed_at(uint64_t seed, uint64_t row, uint64_t column) {
  return bits_at(~seed, row, column);
}

}  // namespace assay::interp::attribution
