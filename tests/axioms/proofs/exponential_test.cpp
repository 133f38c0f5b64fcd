#include "axioms/proofs/exponential.h"

#include <gtest/gtest.h>

#include <boost/multiprecision/cpp_bin_float.hpp>
#include <cmath>
#include <random>

namespace assay::proofs {
namespace exponential_test {

using Precise = boost::multiprecision::cpp_bin_float_50;

void expect_enclosed(double x) {
  const Precise exact = exp(Precise(x));
  const Precise off = abs(Precise(exponential(x)) - exact) / exact;
  EXPECT_LE(off, Precise(kExponentialError)) << x;
}

void expect_enclosed_on(int points) {
  std::mt19937_64 engine(1);
  std::uniform_real_distribution<double> wide(-kMostExponent, kMostExponent), narrow(-3, 3);
  for (int i = 0; i < points / 2; ++i)
    expect_enclosed(wide(engine)), expect_enclosed(narrow(engine));
}

TEST(Exponential, IsWithinItsBoundAtTheEdgesAndBetween) {
  for (const double x : {0.0, 1e-300, -1e-17, 0.34657359, 0.34657360, -0.34657359, 0.5, 1.0, -1.0,
                         kMostExponent, -kMostExponent})
    expect_enclosed(x);
  for (int k = -1009; k <= 1009; ++k)  // between two multiples of ln 2, and next to each
    for (const double part : {0.0, 0.4999999999, 0.5, 0.5000000001})
      if (const double x = (k + part) * 0.693147180559945309; std::abs(x) <= kMostExponent)
        expect_enclosed(x);
  expect_enclosed_on(20'000);
}

TEST(ExponentialSlow, IsWithinItsBoundOnAMillionPoints) {
  expect_enclosed_on(1'000'000);
}

}  // namespace exponential_test
}  // namespace assay::proofs
