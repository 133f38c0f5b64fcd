#include "interp/attribution/slalom/sampling.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "tests/interp/attribution/slalom/oracle.h"

namespace assay::interp::attribution::slalom {
namespace sampling_test {

using at::Tensor;

void expect_share(double count, double n, double share) {
  EXPECT_NEAR(count, n * share, 5 * std::sqrt(n * share * (1 - share)));
}

TEST(SlalomSampling, ShortSequencesAreUniform) {
  constexpr int kRows = 6000;
  std::map<Sample, int> seen;
  for (const Sample& sample : short_samples(3, kRows, 1, 2, 7)) ++seen[sample];
  EXPECT_EQ(seen.size(), 3 + 9);
  for (const auto& [sample, count] : seen)
    expect_share(count, kRows, sample.size() == 1 ? 1.0 / 6 : 1.0 / 18);
}

TEST(SlalomSampling, DeletionsTakeUpToFiveFeaturesUniformly) {
  constexpr int kRows = 6000;
  const Tensor gone = deletion_samples(12, kRows, 5, 7).logical_not();
  const Tensor how_many = gone.sum(1);
  for (int64_t k = 0; k <= 5; ++k)
    expect_share(how_many.eq(k).sum().item<double>(), kRows, 1.0 / 6);
  EXPECT_EQ(how_many.max().item<int64_t>(), 5);
  for (int64_t f = 0; f < 12; ++f)
    expect_share(gone.select(1, f).sum().item<double>(), kRows, 2.5 / 12);
}

TEST(SlalomSampling, FewFeaturesAreNeverAllDeleted) {
  for (const int64_t n : {1, 2, 4}) {
    const Tensor kept = deletion_samples(n, 200, 5, 1).sum(1);
    EXPECT_EQ(kept.min().item<int64_t>(), 1);
    EXPECT_EQ(kept.max().item<int64_t>(), n);
  }
}

TEST(SlalomSampling, SubsetsHaveEverySize) {
  constexpr int kRows = 4000;
  const Tensor size = subset_samples(4, kRows, 3).sum(1);
  for (int64_t k = 1; k <= 4; ++k) expect_share(size.eq(k).sum().item<double>(), kRows, 0.25);
}

TEST(SlalomSampling, ARowDependsOnTheSeedAndItsIndexAlone) {
  const auto few = short_samples(9, 5, 1, 4, 11), many = short_samples(9, 50, 1, 4, 11);
  EXPECT_TRUE(std::equal(few.begin(), few.end(), many.begin()));
  EXPECT_NE(short_samples(9, 50, 1, 4, 12), many);
  EXPECT_TRUE(subset_samples(9, 5, 1).equal(subset_samples(9, 50, 1).narrow(0, 0, 5)));
}

}  // namespace sampling_test
}  // namespace assay::interp::attribution::slalom
