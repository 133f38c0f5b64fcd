#include "interp/attribution/counter_random.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace assay::interp::attribution {
namespace {

// Philox4x32-10 of key and counter 0, from the known answers of Random123.
TEST(CounterRandom, IsPhilox) {
  EXPECT_EQ(uniform_at(0, 0, 0), static_cast<double>(0x6627e8d5e169c58dULL >> 11) * 0x1p-53);
}

TEST(CounterRandom, IsUniformAlongRowsAndColumns) {
  constexpr int kNumbers = 20000;
  double along_rows = 0, along_columns = 0;
  for (int i = 0; i < kNumbers; ++i) {
    along_rows += uniform_at(1, i, 0) / kNumbers;
    along_columns += uniform_at(1, 0, i) / kNumbers;
  }
  EXPECT_NEAR(along_rows, 0.5, 4 * std::sqrt(1.0 / 12 / kNumbers));
  EXPECT_NEAR(along_columns, 0.5, 4 * std::sqrt(1.0 / 12 / kNumbers));
}

TEST(CounterRandom, NeverRepeatsANumberOrASeed) {
  std::set<double> numbers;
  std::set<uint64_t> seeds;
  for (uint64_t seed = 0; seed < 5; ++seed)
    for (uint64_t row = 0; row < 50; ++row)
      for (uint64_t column = 0; column < 50; ++column) {
        numbers.insert(uniform_at(seed, row, column));
        seeds.insert(seed_at(seed, row, column));
      }
  EXPECT_EQ(numbers.size(), 12500U);
  EXPECT_EQ(seeds.size(), 12500U);
}

}  // namespace
}  // namespace assay::interp::attribution
