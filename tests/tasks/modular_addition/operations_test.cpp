#include "tasks/modular_addition/operations.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include <stdexcept>

#include "tasks/modular_addition/fourier.h"
#include "tasks/modular_addition/pairs.h"

namespace assay::tasks::modular_addition {
namespace operations_test {

using at::Tensor;
using circuits::Operation;

Operation with(const std::string& name, int64_t p, const std::vector<int64_t>& frequencies) {
  return {.name = name, .parameters = {{"p", p}, {"frequencies", frequencies}}, .tensors = {}};
}

TEST(FourierComponents, AreTheWavesOfBothNumbers) {
  const Domain domain = Pairs({.p = 7}).domain();
  const Tensor value =
      fourier_components(with("fourier_components", 7, {1, 3}))({domain.inputs.tokens});
  ASSERT_EQ(value.sizes().vec(), (std::vector<int64_t>{49, 2, 4}));
  const Tensor table = waves(7, {1, 3});
  for (int64_t row = 0; row < 49; ++row) {
    EXPECT_TRUE(value[row][0].equal(table[row / 7]));
    EXPECT_TRUE(value[row][1].equal(table[row % 7]));
  }
}

TEST(FourierComponents, AreRoundedWhereTheOperationSaysSo) {
  Operation operation = with("fourier_components", 7, {1});
  operation.parameters["decimals"] = 1;
  // cos 2π/7 = 0.6235, sin 2π/7 = 0.7818; cos 4π/7 = -0.2225, sin 4π/7 = 0.9749.
  const Tensor tokens = torch::tensor({{1, 2, 7}}, torch::kInt64);
  const Tensor expected = torch::tensor({{{0.6, 0.8}, {-0.2, 1.0}}}, torch::kFloat64);
  EXPECT_TRUE(fourier_components(operation)({tokens}).equal(expected));
}

// Addition formulas and the search for the largest sum of cosines, on every pair, for every set of
// frequencies of two small primes.
TEST(Operations, AddEveryPairWithAnyFrequencies) {
  for (const int64_t p : {7, 11}) {
    const Domain domain = Pairs({.p = p}).domain();
    const int n = static_cast<int>((p - 1) / 2);
    for (int set = 1; set < (1 << n); ++set) {
      std::vector<int64_t> frequencies;
      for (int k = 1; k <= n; ++k)
        if (set >> (k - 1) & 1) frequencies.push_back(k);
      const Tensor numbers =
          fourier_components(with("fourier_components", p, frequencies))({domain.inputs.tokens});
      const Tensor sum = angle_sums({.name = "angle_sums", .tensors = {}})({numbers});
      EXPECT_TRUE(sum.allclose(waves(p, frequencies).index_select(0, domain.inputs.labels)));
      const Tensor answer =
          argmax_of_differences(with("argmax_of_differences", p, frequencies))({sum});
      EXPECT_TRUE(answer.equal(domain.inputs.labels));
    }
  }
}

TEST(Operations, RefuseBadNumbers) {
  EXPECT_THROW(fourier_components(with("fourier_components", 0, {1})), std::invalid_argument);
  EXPECT_THROW(fourier_components(with("fourier_components", 7, {})), std::invalid_argument);
  EXPECT_THROW(argmax_of_differences({.name = "argmax_of_differences", .tensors = {}}),
               std::invalid_argument);
  Operation operation = with("fourier_components", 7, {1});
  operation.parameters["decimals"] = -1;
  EXPECT_THROW(fourier_components(operation), std::invalid_argument);
  const auto seven = fourier_components(with("fourier_components", 7, {1}));
  EXPECT_THROW(seven({torch::tensor({{1, 7, 11}}, torch::kInt64)}), std::invalid_argument);
}

}  // namespace operations_test
}  // namespace assay::tasks::modular_addition
