// Why docs/concepts.md warns of adding inputs until a claim holds: the confidence is that of one
// look.

#include <gtest/gtest.h>

#include <random>

#include "axioms/claim.h"

namespace assay::axioms {
namespace looking_again_test {

constexpr double kRate = 0.01;  // the true one; the claim, a hair below it, is false
constexpr int64_t kFirst = 1000;
constexpr int kDoublings = 9, kRuns = 2000;

/// Share of runs that end in `holds` at one of the looks, each after twice as many inputs.
double share_that_holds(int looks) {
  std::mt19937_64 random(1);
  const Claim claim{.node = "x", .axiom = Axiom::PE, .epsilon = kRate * (1 - 1e-9)};
  int held = 0;
  for (int run = 0; run < kRuns; ++run) {
    statistics::Estimate estimate;
    for (int look = 0; look < looks; ++look) {
      const int64_t more = look == 0 ? kFirst : estimate.n;
      estimate.failures += std::binomial_distribution<int64_t>(more, kRate)(random);
      estimate.n += more;
      if (judge({claim}, {estimate}, 0.95)[0] != Verdict::Holds) continue;
      ++held;
      break;
    }
  }
  return static_cast<double>(held) / kRuns;
}

TEST(LookingAgain, UntilAFalseClaimHoldsBreaksTheConfidenceThatOneLookKeeps) {
  EXPECT_LE(share_that_holds(1), 0.05);
  const double in_the_end = share_that_holds(kDoublings + 1);
  EXPECT_GT(in_the_end, 0.20);
  EXPECT_LT(in_the_end, 0.28);
}

}  // namespace looking_again_test
}  // namespace assay::axioms
