#include "circuits/interpretation/dependence.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "circuits/interpretation/abstract_values.h"
#include "interp/network/transformer.h"

namespace assay::circuits {
namespace dependence_test {

// The larger of two tokens of each pair, then whether any of these is 3: a program over tokens
// alone, so nothing but h can be asked.
Program program() {
  const Function larger = [](const std::vector<Value>& parents) {
    return parents[0].view({parents[0].size(0), -1, 2}).amax(2);
  };
  const Function any_three = [](const std::vector<Value>& parents) {
    return parents[0].eq(3).any(1).to(torch::kInt64);
  };
  const auto step = [](const char* name, std::vector<int> parents, const Function& h) {
    return Step{.name = name,
                .parents = std::move(parents),
                .sites = {},
                .reads = {},
                .h = h,
                .alpha = {},
                .gamma = {},
                .equality = {}};
  };
  return {.steps = {step("larger", {-1}, larger), step("three", {0}, any_three)}, .output = 1};
}

at::Tensor sequence(const std::vector<int64_t>& tokens) {
  return torch::tensor(tokens, torch::kInt64);
}

TEST(ChangedShare, ByHand) {
  const at::Tensor others = at::stack({
      sequence({1, 2, 0, 3, 1, 1, 0, 0}),  // the input itself
      sequence({2, 2, 0, 3, 1, 1, 0, 0}),  // the smaller of a pair: nothing follows
      sequence({1, 2, 0, 2, 1, 1, 0, 0}),  // one of four larger ones, and the only 3
      sequence({3, 2, 0, 2, 1, 1, 0, 5}),  // three of four, but some 3 is left
  });
  const at::Tensor shares = changed_share(program(), others[0], others);
  const at::Tensor expected =
      torch::tensor({{0.0, 0.0, 0.25, 0.75}, {0.0, 0.0, 1.0, 0.0}}, torch::kFloat64);
  EXPECT_TRUE(shares.equal(expected)) << shares;
}

TEST(AbstractValues, AreThoseOfHAlone) {
  const at::Tensor tokens = at::stack({sequence({1, 2, 0, 3}), sequence({5, 4, 1, 1})});
  const std::vector<Value> values = prefix_values(program(), tokens);
  ASSERT_EQ(values.size(), 2U);
  EXPECT_TRUE(values[0].equal(torch::tensor({{2, 3}, {5, 1}}, torch::kInt64)));
  EXPECT_TRUE(values[1].equal(sequence({1, 0})));
}

}  // namespace dependence_test
}  // namespace assay::circuits
