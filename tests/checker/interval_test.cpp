// The checker's arithmetic against MPFR and exact rationals: what it says holds the exact value
// does.

#include "tools/checker/interval.h"

#include <gmpxx.h>
#include <gtest/gtest.h>
#include <mpfr.h>

#include <random>

namespace checker {
namespace interval_test {

/// How `work` fails. 0: it does not.
template <typename Work>
int problem_of(const Work& work) {
  try {
    work();
  } catch (const Failure& failure) {
    return failure.problem;
  }
  return 0;
}

class IntervalTest : public testing::Test {
 protected:
  void SetUp() override {
    std::feclearexcept(FE_ALL_EXCEPT);
    round_up();
  }
  void TearDown() override { std::fesetround(FE_TONEAREST); }

  // A double of any sign, over many orders of magnitude, without rounding of its own.
  double number() {
    const auto digits = static_cast<double>(static_cast<int64_t>(engine_()) >> 11);
    return std::ldexp(digits, static_cast<int>(engine_() % 60) - 80);
  }
  Interval interval() {
    const double x = number(), y = number();
    return {std::min(x, y), std::max(x, y)};
  }
  // A point of the interval: one of its ends, or between them.
  mpq_class point(const Interval& x) {
    const mpq_class share(static_cast<int64_t>(engine_() % 5), 4);
    return mpq_class(x.low()) + (mpq_class(x.high) - mpq_class(x.low())) * share;
  }

  std::mt19937_64 engine_{1};
};

void expect_holds(const Interval& x, const mpq_class& exact) {
  EXPECT_LE(mpq_class(x.low()), exact);
  EXPECT_GE(mpq_class(x.high), exact);
}

TEST_F(IntervalTest, HoldsSumsDifferencesProductsAndQuotients) {
  for (int i = 0; i < 100'000; ++i) {
    const Interval x = interval(), y = interval();
    const mpq_class a = point(x), b = point(y);
    expect_holds(x + y, a + b);
    expect_holds(x - y, a - b);
    expect_holds(x * y, a * b);
    expect_holds(-x, -a);
    const Interval positive(std::fabs(y.low()) + 1, std::fabs(y.low()) + 1 + std::fabs(y.high));
    expect_holds(x / positive, a / point(positive));
  }
}

TEST_F(IntervalTest, HoldsSumsOfProducts) {
  for (int i = 0; i < 1000; ++i) {
    constexpr size_t kRows = 20, kColumns = 5;
    std::vector<double> matrix(kRows * kColumns);
    for (double& entry : matrix) entry = number();
    Vector x(kRows), sums(kColumns);
    std::vector<mpq_class> points;
    for (Interval& entry : x) points.push_back(point(entry = interval()));
    const Vector product = times(x, matrix.data(), kColumns);
    const double weight = number();
    for (size_t i = 0; i < sums.size(); ++i) add_product(sums[i], weight, product[i]);
    for (size_t k = 0; k < kColumns; ++k) {
      mpq_class exact;
      for (size_t j = 0; j < kRows; ++j) exact += points[j] * mpq_class(matrix[j * kColumns + k]);
      expect_holds(product[k], exact);
      expect_holds(sums[k], exact * mpq_class(weight));
    }
  }
}

// Sums of eight products over 120 orders of two, half of which nearly cancel the others; MPFR adds
// them up exactly.
TEST_F(IntervalTest, HoldsAMillionSums) {
  constexpr size_t kRows = 8, kColumns = 16;
  mpfr_t sum, part;
  mpfr_inits2(400, sum, part, nullptr);
  int outside = 0, inexact = 0, wide = 0;
  for (int i = 0; i < 1'000'000; i += kColumns) {
    std::vector<double> matrix(kRows * kColumns);
    for (double& entry : matrix) entry = number();
    Vector x(kRows);
    for (size_t j = 0; j < kRows; j += 2) {
      const double value = number(), almost = value * (1 + 1e-13);
      x[j] = value, x[j + 1] = -almost;
      for (size_t k = 0; k < kColumns; ++k)
        matrix[(j + 1) * kColumns + k] = matrix[j * kColumns + k];
    }
    const Vector sums = times(x, matrix.data(), kColumns);
    std::fesetround(FE_TONEAREST);
    for (size_t k = 0; k < kColumns; ++k) {
      double size = 0;
      mpfr_set_zero(sum, 1);
      for (size_t j = 0; j < kRows; ++j) {
        mpfr_set_d(part, x[j].high, MPFR_RNDN);
        inexact += mpfr_mul_d(part, part, matrix[j * kColumns + k], MPFR_RNDN) != 0;
        inexact += mpfr_add(sum, sum, part, MPFR_RNDN) != 0;
        size += std::fabs(x[j].high * matrix[j * kColumns + k]);
      }
      outside += mpfr_cmp_d(sum, sums[k].low()) < 0 || mpfr_cmp_d(sum, sums[k].high) > 0;
      wide += !(sums[k].high - sums[k].low() <= 16 * 2.3e-16 * size);
    }
    round_up();
  }
  mpfr_clears(sum, part, nullptr);
  EXPECT_EQ(inexact, 0);
  EXPECT_EQ(outside, 0);
  EXPECT_EQ(wide, 0);
}

TEST_F(IntervalTest, HoldsRoots) {
  for (int i = 0; i < 100'000; ++i) {
    const double x = std::fabs(number()) + 1e-30;
    const Interval root = square_root(x);
    EXPECT_LE(mpq_class(root.low()) * mpq_class(root.low()), mpq_class(x));
    EXPECT_GE(mpq_class(root.high) * mpq_class(root.high), mpq_class(x));
    EXPECT_LE(root.high - root.low(), 1e-15 * root.high);
  }
}

TEST_F(IntervalTest, HoldsExponentialsOfAMillionPoints) {
  mpfr_t exact;
  mpfr_init2(exact, 120);
  for (int i = 0; i < 1'000'000; ++i) {
    const auto digits = static_cast<double>(static_cast<int64_t>(engine_()) >> 11);
    const double x = i % 2 ? std::ldexp(digits, -43) * 0.48 : std::ldexp(digits, -50);
    const Interval got = exponential(x);
    std::fesetround(FE_TONEAREST);
    mpfr_set_d(exact, x, MPFR_RNDN);
    mpfr_exp(exact, exact, MPFR_RNDN);
    const bool holds = mpfr_cmp_d(exact, got.low()) >= 0 && mpfr_cmp_d(exact, got.high) <= 0;
    round_up();
    ASSERT_TRUE(holds) << x;
    ASSERT_LE(got.high - got.low(), 3e-16 * got.high) << x;
  }
  mpfr_clear(exact);
  EXPECT_EQ(exponential(0).low(), 1);
  EXPECT_EQ(problem_of([] { exponential(501); }), CannotCheck);
  EXPECT_EQ(problem_of([] { exponential(NAN); }), CannotCheck);
}

TEST_F(IntervalTest, HoldsWaves) {
  mpfr_t exact, pi;
  mpfr_inits2(160, exact, pi, nullptr);
  for (const int64_t whole : {2, 5, 113, 4096}) {
    for (int64_t part = 0; part < whole; ++part) {
      for (const bool sine : {false, true}) {
        const Interval got = wave(sine, part, whole);
        std::fesetround(FE_TONEAREST);
        mpfr_const_pi(pi, MPFR_RNDN);
        mpfr_mul_si(exact, pi, 2 * part, MPFR_RNDN);
        mpfr_div_si(exact, exact, whole, MPFR_RNDN);
        (sine ? mpfr_sin : mpfr_cos)(exact, exact, MPFR_RNDN);
        // Where it is exactly zero, MPFR sees an angle that is only nearly right.
        const double low = mpfr_get_d(exact, MPFR_RNDD), high = mpfr_get_d(exact, MPFR_RNDU);
        round_up();
        EXPECT_LE(got.low(), high + 1e-40);
        EXPECT_GE(got.high, low - 1e-40);
        EXPECT_LE(got.high - got.low(), 3e-16);
      }
    }
  }
  mpfr_clears(exact, pi, nullptr);
}

TEST_F(IntervalTest, DecidesOnlyWhatIsCertain) {
  const Integers tokens = {7, 8, 9};
  EXPECT_EQ(decide({1.0, 3.0, 2.0}, tokens).token, 8);
  EXPECT_EQ(decide({1.0, 3.0, 2.0}, tokens).margin.low(), 1);
  EXPECT_EQ(decide({1.0, Interval(2.5, 3), Interval(1, 2.6)}, tokens).token, -1);
  EXPECT_EQ(decide({3.0, 3.0}, tokens).token, -1);
}

TEST_F(IntervalTest, RemembersOverflow) {
  volatile double huge = 1e200, nothing = 0;
  EXPECT_NO_THROW(require_no_overflow());
  exponential(500);
  EXPECT_NO_THROW(require_no_overflow());
  const volatile double product = (Interval(huge) * Interval(huge)).high;
  EXPECT_EQ(problem_of(require_no_overflow), CannotCheck) << product;
  std::feclearexcept(FE_ALL_EXCEPT);
  decide({Interval(nothing) / Interval(nothing), Interval(3.0)}, {0, 1});
  EXPECT_EQ(problem_of(require_no_overflow), CannotCheck);
}

}  // namespace interval_test
}  // namespace checker
