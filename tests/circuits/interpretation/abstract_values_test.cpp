#include "circuits/interpretation/abstract_values.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "interp/network/transformer.h"
#include "tests/interp/networks.h"

namespace assay::circuits {
namespace abstract_values_test {

const interp::TransformerConfig kTwoBlocks = interp::assorted_configs().front();

Value sum_of_parents(const std::vector<Value>& parents) {
  Value sum = parents[0].to(torch::kFloat64);
  for (size_t i = 1; i < parents.size(); ++i) sum = sum + parents[i];
  return sum;
}

/// first: the tokens; second: first + tokens. α adds up what it reads.
Program adding_up() {
  const auto alpha = [](const Activations& activations) { return activations[0] * 2; };
  Program program;
  program.steps.resize(2);
  program.steps[0].parents = {-1};
  program.steps[0].reads = {{.place = interp::hook::resid_post(0)}};
  program.steps[1].parents = {0, -1};
  program.steps[1].reads = {{.place = interp::hook::mlp_post(1)}};
  for (Step& step : program.steps) {
    step.h = sum_of_parents;
    step.alpha = alpha;
  }
  return program;
}

TEST(AbstractValues, OfTheGraphFollowItFromTheTokens) {
  const at::Tensor tokens = torch::tensor({{1, 2, 3}, {0, 4, 1}}, torch::kInt64);
  const std::vector<Value> values = prefix_values(adding_up(), tokens);
  EXPECT_TRUE(values[0].equal(tokens.to(torch::kFloat64)));
  EXPECT_TRUE(values[1].equal(2 * tokens.to(torch::kFloat64)));
  EXPECT_TRUE(step_value(adding_up().steps[1], {tokens * 10}, tokens)
                  .equal(tokens.to(torch::kFloat64) * 11));
}

TEST(AbstractValues, OfTheNetworkAreWhatAlphaReadsAtEachStepsOwnSites) {
  interp::Transformer model(kTwoBlocks);
  interp::initialise(model, {.seed = 3});
  const at::Tensor tokens = torch::tensor({{1, 2, 3}, {0, 4, 1}}, torch::kInt64);
  const Program program = adding_up();
  const std::vector<Value> values = network_values(model, program, tokens);
  for (size_t v = 0; v < 2; ++v) {
    const at::Tensor alone =
        model.trace(tokens, {.record = program.steps[v].reads, .overwrite = {}})[0];
    EXPECT_TRUE(values[v].allclose(alone * 2));
  }
}

TEST(AbstractValues, AreListsOfNumbersInJson) {
  EXPECT_EQ(value_as_json(torch::tensor({{1, 2}, {3, 4}}, torch::kInt64)).dump(), "[[1,2],[3,4]]");
  EXPECT_EQ(value_as_json(torch::tensor({true, false})).dump(), "[1,0]");
  EXPECT_EQ(value_as_json(torch::tensor(0.5, torch::kFloat64)).dump(), "0.5");
}

}  // namespace abstract_values_test
}  // namespace assay::circuits
