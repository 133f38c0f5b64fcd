#pragma once
// Facts that every replacer must keep, checked by tests of each.

#include <gtest/gtest.h>
#include <torch/types.h>

#include <boost/math/distributions/chi_squared.hpp>
#include <map>

#include "interp/attribution/replacer.h"

namespace assay::interp::attribution {

/// bool [rows, pos], true at these positions.
inline at::Tensor mask_of(const Sequence& sequence, const std::vector<int64_t>& positions,
                          int64_t rows = 1) {
  at::Tensor mask = at::zeros({rows, static_cast<int64_t>(sequence.size())}, torch::kBool);
  for (const int64_t position : positions) mask.select(1, position).fill_(true);
  return mask;
}

/// How often each filling of the positions was drawn.
inline std::map<Sequence, int64_t> drawn_fillings(const Replacer& replacer,
                                                  const Sequence& sequence,
                                                  const std::vector<int64_t>& positions,
                                                  int64_t draws) {
  std::map<Sequence, int64_t> counts;
  const at::Tensor mask = mask_of(sequence, positions, draws);
  for (const Sequence& row : sequences_of(replacer.draw(sequence, mask, /*seed=*/3, 0))) {
    Sequence filling;
    for (const int64_t position : positions) filling.push_back(row[position]);
    ++counts[filling];
  }
  return counts;
}

/// Pearson's chi-square test at 10^4 draws, at a level that a fixed seed passes unless it is wrong.
inline void expect_draws_to_follow_support(const Replacer& replacer, const Sequence& sequence,
                                           const std::vector<int64_t>& positions) {
  constexpr int64_t kDraws = 10000;
  const auto support = replacer.support(sequence, positions);
  ASSERT_TRUE(support.has_value());
  auto counts = drawn_fillings(replacer, sequence, positions, kDraws);
  double chi_square = 0, sum = 0;
  for (size_t i = 0; i < support->fillings.size(); ++i) {
    const double expected = kDraws * support->probabilities[i];
    const auto seen = static_cast<double>(counts[support->fillings[i]]);
    chi_square += (seen - expected) * (seen - expected) / expected;
    sum += support->probabilities[i];
  }
  EXPECT_NEAR(sum, 1, 1e-12);
  EXPECT_EQ(counts.size(), support->fillings.size()) << "a filling that is not listed";
  if (support->fillings.size() == 1) return;
  const boost::math::chi_squared law(static_cast<double>(support->fillings.size() - 1));
  EXPECT_GT(boost::math::cdf(boost::math::complement(law, chi_square)), 1e-3);
}

/// The same rows, drawn in batches of 1, 7 and 64.
inline void expect_rows_that_do_not_depend_on_their_batch(const Replacer& replacer,
                                                          const Sequence& sequence,
                                                          const at::Tensor& mask) {
  const at::Tensor whole = replacer.draw(sequence, mask, /*seed=*/9, 0);
  for (const int64_t batch : {1, 7, 64}) {
    for (int64_t first = 0; first < mask.size(0); first += batch) {
      const int64_t n = std::min(batch, mask.size(0) - first);
      EXPECT_TRUE(replacer.draw(sequence, mask.narrow(0, first, n), 9, first)
                      .equal(whole.narrow(0, first, n)));
    }
  }
}

}  // namespace assay::interp::attribution
