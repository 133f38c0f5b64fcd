#include "axioms/proofs/exact.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

namespace assay::proofs {
namespace exact_test {

TEST(Exact, FloatsAreReadToTheLastBit) {
  std::mt19937 engine(1);
  for (int i = 0; i < 100000; ++i) {
    const auto bits = static_cast<uint32_t>(engine());
    float x;
    std::memcpy(&x, &bits, sizeof x);
    if (!std::isfinite(x)) continue;
    EXPECT_EQ(from_units(units_of(x), 1), Rational(x));  // Boost's own conversion is exact as well
  }
  EXPECT_EQ(units_of(0.0F), 0);
  EXPECT_EQ(units_of(std::numeric_limits<float>::denorm_min()), 1);
  EXPECT_EQ(from_units(units_of(1.5F) * units_of(-0.25F), 2), Rational(-3, 8));
  EXPECT_EQ(to_text(Rational(-3, 8)), "-3/8");
  EXPECT_EQ(to_text(Rational(2)), "2/1");
  EXPECT_THROW(units_of(std::numeric_limits<float>::infinity()), std::invalid_argument);
}

}  // namespace exact_test
}  // namespace assay::proofs
