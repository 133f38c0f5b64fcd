#pragma once
// What failures say about the rate behind them when nobody chose beforehand how many inputs there
// are: evidence that may be looked at after every input, and bounds that hold at all times at once.
//
// After n independent inputs with k failures, the evidence against "the rate is e or more" is the
// likelihood of what was seen under smaller rates q, mixed by a Beta(a, b) truncated to q < e,
// over its likelihood under e:
//
//   M(k, n) = [B(e; a + k, b + n - k) / B(e; a, b)] / (e^k (1 - e)^(n - k)),
//
// where B(e; ., .) is the incomplete beta function. Under every rate p >= e the expected factor of
// the next input is at most 1 (the ratio q^x (1-q)^(1-x) / e^x (1-e)^(1-x) has mean
// 1 + (p - e)(q - e)/(e(1 - e)) <= 1), so M is a nonnegative supermartingale that starts at 1, and
// the probability that it ever reaches 1/α is at most α (Ville 1939). Against "the rate is e or
// less" it is the same over q > e. Since M depends on k and n alone, counts of parts add up.
// See Waudby-Smith and Ramdas 2024, "Estimating means of bounded random variables by betting".

#include <cstdint>
#include <optional>

#include "interp/statistics/binomial.h"

namespace assay::statistics {

/// Beta(a, b), which weighs the rates that could be the true one. Jeffreys' 1/2, 1/2 puts weight on
/// small rates, which are decided early by it; nothing about its validity depends on the choice.
struct MixingPrior {
  double a = 0.5, b = 0.5;
};

/// Logarithm of the evidence against "the rate is at least (at most) `rate`". 0 without inputs, and
/// where nothing could speak against it (at least 0, at most 1); infinite where it is refuted (at
/// most 0 with a failure, at least 1 with an input that does not fail). Exact to about 1e-6 of the
/// evidence for up to 10^9 inputs.
/// @throws std::invalid_argument unless 0 <= failures <= n and 0 <= rate <= 1.
double log_evidence_against_at_least(const Estimate& estimate, double rate,
                                     const MixingPrior& prior = {});
double log_evidence_against_at_most(const Estimate& estimate, double rate,
                                    const MixingPrior& prior = {});

/// One-sided bounds of a confidence sequence: with probability at least `confidence` the true rate
/// is never above (below) the bound, however long one goes on. They are the rates that the evidence
/// does not reject at 1/(1 - confidence). Without an input 1 and 0.
/// @throws std::invalid_argument unless 0 < confidence < 1 and 0 <= failures <= n.
double anytime_upper_bound(const Estimate& estimate, double confidence);
double anytime_lower_bound(const Estimate& estimate, double confidence);

/// How many inputs in all would decide whether the rate is at most `rate`, if failures go on to
/// come as often as so far: the fewest for which either evidence reaches 1/alpha. None if that
/// takes more than 10^9, or if nothing was seen yet. Of the same inputs, half the time it takes
/// longer.
/// @throws std::invalid_argument unless 0 < alpha < 1.
std::optional<int64_t> inputs_until_decided(const Estimate& estimate, double rate, double alpha);

}  // namespace assay::statistics
