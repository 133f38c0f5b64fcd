#pragma once
// Arithmetic with enclosures. The program rounds upward from its first line to its last
// (round_up()), so the sum, product or quotient that the processor gives is never below the exact
// one. An interval stores its lower end with the sign changed: rounding that upward moves the end
// down, and no operation here has to switch modes. (Rump, Verification methods, Acta Numerica 2010,
// section 8.)

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace checker {

/// Sets the rounding mode, and @throws std::runtime_error if arithmetic does not follow it.
void round_up();

struct Interval {
  double minus_low = 0, high = 0;  ///< [-minus_low, high] holds the exact value

  Interval() = default;
  Interval(double exact) : minus_low(-exact), high(exact) {}  // NOLINT: a number is an interval
  Interval(double low, double high) : minus_low(-low), high(high) {}
  double low() const { return -minus_low; }

  Interval& operator+=(const Interval& other) {
    minus_low += other.minus_low;
    high += other.high;
    return *this;
  }
};

inline Interval operator-(const Interval& x) {
  return {-x.high, x.minus_low};
}
inline Interval operator+(Interval x, const Interval& y) {
  return x += y;
}
inline Interval operator-(const Interval& x, const Interval& y) {
  return x + -y;
}
inline Interval operator*(const Interval& x, const Interval& y) {
  const double xl = x.low(), yl = y.low();
  Interval product;
  product.high = std::max({xl * yl, xl * y.high, x.high * yl, x.high * y.high});
  product.minus_low =
      std::max({x.minus_low * yl, x.minus_low * y.high, -x.high * yl, -x.high * y.high});
  return product;
}
/// @param y  positive.
inline Interval operator/(const Interval& x, const Interval& y) {
  Interval quotient;
  quotient.high = x.high / (x.high >= 0 ? y.low() : y.high);
  quotient.minus_low = x.minus_low / (x.minus_low >= 0 ? y.low() : y.high);
  return quotient;
}

Interval square_root(const Interval& x);               ///< of a positive interval
Interval exponential(const Interval& x);               ///< by Arb; @throws CannotCheck beyond ±500
Interval cosine_of_turn(int64_t part, int64_t whole);  ///< cos 2π·part/whole, by Arb
Interval sine_of_turn(int64_t part, int64_t whole);

using Vector = std::vector<Interval>;

/// to[i] += weights[i] · x for i below n. The ends change places where a weight is negative.
inline void add_scaled(Interval* to, const double* weights, const Interval& x, size_t n) {
  const Interval by_sign[2] = {x, -x};
  for (size_t i = 0; i < n; ++i) {
    const Interval& signed_x = by_sign[weights[i] < 0];
    const double size = std::fabs(weights[i]);
    to[i].minus_low += size * signed_x.minus_low;
    to[i].high += size * signed_x.high;
  }
}

/// to[i] += weight · x[i] for i below n.
inline void add_multiple(Interval* to, double weight, const Interval* x, size_t n) {
  const double size = std::fabs(weight);
  for (size_t i = 0; i < n; ++i) {
    to[i].minus_low += size * (weight < 0 ? x[i].high : x[i].minus_low);
    to[i].high += size * (weight < 0 ? x[i].minus_low : x[i].high);
  }
}

/// x · matrix, for an exact matrix [x.size(), columns] that begins at `matrix`.
Vector times(const Vector& x, const double* matrix, size_t columns);
Interval dot(const Interval* x, const Interval* y, size_t n);

/// Which of two values or more is the largest.
struct Decision {
  int64_t winner = -1;  ///< -1: the enclosures overlap
  Interval margin;      ///< it less the largest of the others; where there is no winner, holds 0
};
Decision decide(const Vector& values);

}  // namespace checker
