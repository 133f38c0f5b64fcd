#include "interval.h"

#include <cfenv>
#include <stdexcept>

#if __has_include(<flint/arb.h>)  // FLINT 3 holds what was Arb
#include <flint/arb.h>
#else
#include <arb.h>
#endif

#include "readers.h"

namespace checker {
namespace {

constexpr slong kPrecision = 80;

// An Arb number, while it lives in the rounding mode that C libraries expect.
class Ball {
 public:
  Ball() {
    std::fesetround(FE_TONEAREST);
    arb_init(ball_);
  }
  ~Ball() {
    arb_clear(ball_);
    std::fesetround(FE_UPWARD);
  }
  Ball(const Ball&) = delete;
  Ball& operator=(const Ball&) = delete;
  arb_ptr get() { return ball_; }

  Interval enclosure() {
    arf_t low, high;
    arf_init(low);
    arf_init(high);
    arb_get_interval_arf(low, high, ball_, kPrecision);
    const Interval result(arf_get_d(low, ARF_RND_FLOOR), arf_get_d(high, ARF_RND_CEIL));
    arf_clear(low);
    arf_clear(high);
    return result;
  }

 private:
  arb_t ball_;
};

Interval wave_of_turn(int64_t part, int64_t whole, bool sine) {
  Ball ball, other;
  fmpq_t angle;  // in half turns
  fmpq_init(angle);
  fmpq_set_si(angle, 2 * part, static_cast<ulong>(whole));
  arb_sin_cos_pi_fmpq(ball.get(), other.get(), angle, kPrecision);
  fmpq_clear(angle);
  return sine ? ball.enclosure() : other.enclosure();
}

}  // namespace

void round_up() {
  volatile double one = 1, tiny = 1e-30, third = 3;
  const bool set = std::fesetround(FE_UPWARD) == 0;
  const double sum = one + tiny, negative = -one - tiny, low = -(-one / third), high = one / third;
  if (!set || !(sum > 1) || negative != -1 || !(low < high) || !(std::sqrt(one + tiny) > 1))
    throw std::runtime_error("the processor or the compiler does not round upward");
}

// The root that the processor gives is the least double that is not below the exact one.
Interval square_root(const Interval& x) {
  return {std::nextafter(std::sqrt(x.low()), 0.0), std::sqrt(x.high)};
}

Interval exponential(const Interval& x) {
  if (!(x.high <= 500 && x.low() >= -500)) throw CannotCheck("a score beyond 500");
  Ball ball;
  arf_t low, high;
  arf_init(low);
  arf_init(high);
  arf_set_d(low, x.low());
  arf_set_d(high, x.high);
  arb_set_interval_arf(ball.get(), low, high, kPrecision);
  arf_clear(low);
  arf_clear(high);
  arb_exp(ball.get(), ball.get(), kPrecision);
  return ball.enclosure();
}

Interval cosine_of_turn(int64_t part, int64_t whole) {
  return wave_of_turn(part, whole, false);
}
Interval sine_of_turn(int64_t part, int64_t whole) {
  return wave_of_turn(part, whole, true);
}

Vector times(const Vector& x, const double* matrix, size_t columns) {
  Vector product(columns);
  for (size_t i = 0; i < x.size(); ++i)
    add_scaled(product.data(), matrix + i * columns, x[i], columns);
  return product;
}

Interval dot(const Interval* x, const Interval* y, size_t n) {
  Interval sum;
  for (size_t i = 0; i < n; ++i) sum += x[i] * y[i];
  return sum;
}

Decision decide(const Vector& values) {
  size_t best = 0;
  for (size_t i = 1; i < values.size(); ++i)
    if (values[i].low() > values[best].low()) best = i;
  double low = -INFINITY, high = -INFINITY;  // of the largest of the others
  for (size_t i = 0; i < values.size(); ++i) {
    if (i == best) continue;
    low = std::max(low, values[i].low());
    high = std::max(high, values[i].high);
  }
  const Interval margin = values[best] - Interval(low, high);
  return {.winner = margin.low() > 0 ? static_cast<int64_t>(best) : -1, .margin = margin};
}

}  // namespace checker
