#pragma once
// Arithmetic with enclosures. The program rounds upward from its first line to its last, so a sum,
// product or quotient as the processor gives it is never below the exact one. An interval stores
// its lower end with the sign changed: rounding that upward moves the end down, and no operation
// has to switch modes. (S. M. Rump, Verification methods, Acta Numerica 2010, section 8.)

#include <algorithm>
#include <cfenv>

#if __has_include(<flint/arb.h>)  // FLINT 3 holds what was Arb
#include <flint/arb.h>
#else
#include <arb.h>
#endif

#include "readers.h"

namespace checker {

inline void round_up() {
  volatile double one = 1, tiny = 1e-30, three = 3;
  const bool set = std::fesetround(FE_UPWARD) == 0;
  const double above = one + tiny, below = -((-one) - (-tiny)), third = -(-one / three);
  if (!set || !(above > 1) || !(below < one) || !(third < one / three))
    throw std::runtime_error("the processor or the compiler does not round upward");
}

/// Comparisons pass over NaN, so nothing holds after an overflow or an invalid operation. The
/// processor remembers them.
inline void require_no_overflow() {
  const bool bad = std::fetestexcept(FE_INVALID | FE_OVERFLOW | FE_DIVBYZERO);
  require<CannotCheck>(!bad, "a number overflowed");
}

struct Interval {
  double minus_low = 0, high = 0;  ///< [-minus_low, high] holds the exact value

  Interval() = default;
  Interval(double exact) : minus_low(-exact), high(exact) {}  // NOLINT: a number is an interval
  Interval(double low, double high) : minus_low(-low), high(high) {}
  double low() const { return -minus_low; }
  Interval operator-() const { return {-high, minus_low}; }
  friend Interval operator+(Interval x, const Interval& y) { return x += y; }
  friend Interval operator-(const Interval& x, const Interval& y) { return x + -y; }
  Interval& operator+=(const Interval& other) {
    minus_low += other.minus_low, high += other.high;
    return *this;
  }
};

inline Interval operator*(const Interval& x, const Interval& y) {
  const auto above = [&y](const Interval& z) {
    const double zl = z.low(), yl = y.low();
    return std::max({zl * yl, zl * y.high, z.high * yl, z.high * y.high});
  };
  return {-above(-x), above(x)};
}
/// @param y  positive.
inline Interval operator/(const Interval& x, const Interval& y) {
  const auto above = [&y](double z) { return z / (z >= 0 ? y.low() : y.high); };
  return {-above(x.minus_low), above(x.high)};
}

/// Of a positive interval. The root that the processor gives is the least double not below the
/// exact one, so the double before it is below.
inline Interval square_root(const Interval& x) {
  return {std::nextafter(std::sqrt(x.low()), 0.0), std::sqrt(x.high)};
}

/// What Arb computes in a ball, in the rounding mode that C libraries expect.
template <typename Compute>
Interval by_arb(Compute compute) {
  constexpr slong precision = 80;
  std::fesetround(FE_TONEAREST);
  arb_t ball;
  arf_t low, high;
  arb_init(ball), arf_init(low), arf_init(high);
  compute(ball, precision);
  arb_get_interval_arf(low, high, ball, precision);
  const Interval result(arf_get_d(low, ARF_RND_FLOOR), arf_get_d(high, ARF_RND_CEIL));
  arb_clear(ball), arf_clear(low), arf_clear(high);
  std::fesetround(FE_UPWARD);
  return result;
}

inline Interval exponential(const Interval& x) {
  require<CannotCheck>(x.high <= 500 && x.minus_low <= 500, "a score beyond 500");
  const auto of = [](double exact) {
    return by_arb([&](arb_t ball, slong precision) {
      arb_set_d(ball, exact);
      arb_exp(ball, ball, precision);
    });
  };
  return {of(x.low()).low(), of(x.high).high};
}

/// Cosine or sine of 2π·part/whole.
inline Interval wave(bool sine, int64_t part, int64_t whole) {
  return by_arb([&](arb_t ball, slong precision) {
    arb_set_si(ball, 2 * part);
    arb_div_si(ball, ball, whole, precision);
    (sine ? arb_sin_pi : arb_cos_pi)(ball, ball, precision);
  });
}

using Vector = std::vector<Interval>;

/// to += weight · x. The ends change places where the weight is negative.
inline void add_product(Interval& to, double weight, const Interval& x) {
  const Interval by_sign[2] = {x, -x};  // no branch, as signs cannot be foreseen
  const Interval& signed_x = by_sign[weight < 0];
  to.minus_low += std::fabs(weight) * signed_x.minus_low;
  to.high += std::fabs(weight) * signed_x.high;
}

/// x · matrix, for an exact matrix [x.size(), columns] that begins at `matrix`.
inline Vector times(const Vector& x, const double* matrix, size_t columns) {
  Vector product(columns);
  for (const Interval& each : x)
    for (size_t j = 0; j < columns; ++j) add_product(product[j], *matrix++, each);
  return product;
}

/// to += what begins there: intervals, or exact numbers.
template <typename Number>
void add(Vector& to, const Number* from) {
  for (Interval& x : to) x += *from++;
}

inline Interval dot(const Vector& x, const Vector& y) {
  Interval sum;
  for (size_t i = 0; i < x.size(); ++i) sum += x[i] * y[i];
  return sum;
}

inline void rectify(Vector& x) {
  for (Interval& each : x) each = {std::max(each.low(), 0.0), std::max(each.high, 0.0)};
}

struct Answer {
  int64_t token = -1;  ///< -1: the enclosures overlap
  Interval margin;     ///< its value less the largest of the others; where there is none, holds 0
};

/// Which of two values or more is the largest, by the token that stands for it.
inline Answer decide(const Vector& values, const Integers& tokens) {
  const auto best = std::ranges::max_element(values, {}, &Interval::low);
  Interval others(-INFINITY, -INFINITY);  // the largest of them
  for (auto other = values.begin(); other != values.end(); ++other)
    if (other != best)
      others = {std::max(others.low(), other->low()), std::max(others.high, other->high)};
  const Interval margin = *best - others;
  return {margin.low() > 0 ? tokens[best - values.begin()] : -1, margin};
}

}  // namespace checker
