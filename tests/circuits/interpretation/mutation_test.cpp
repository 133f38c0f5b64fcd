#include "circuits/interpretation/mutation.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include "circuits/interpretation/composition.h"
#include "tests/interp/scratch.h"

namespace assay::circuits {
namespace mutation_test {

using interp::message_of;
using testing::ElementsAre;
using testing::HasSubstr;

/// Three nodes, with an α of every kind that can be blinded.
Interpretation three_nodes() {
  const at::Tensor labels = at::arange(4, torch::kInt64).unsqueeze(1), vectors = at::eye(4);
  Interpretation three;
  three.title = "three nodes";
  three.output = "answer";
  three.nodes.resize(3);
  three.nodes[0] = {.name = "words",
                    .parents = {kTokens},
                    .sites = {},
                    .reads = {},
                    .h = {.name = "tokens_at", .parameters = {{"positions", {{0}}}}, .tensors = {}},
                    .alpha = {.name = "nearest_prototype",
                              .tensors = {{"labels", labels}, {"prototypes", vectors}}},
                    .gamma = {.name = "write_prototypes",
                              .parameters = {{"positions", {0}}},
                              .tensors = {{"labels", labels},
                                          {"prototypes", vectors},
                                          {"mean", at::zeros({1, 4})}}},
                    .equality = {}};
  three.nodes[1] = {.name = "bits",
                    .parents = {"words"},
                    .sites = {},
                    .reads = {},
                    .h = {.name = "nosuch", .tensors = {}},
                    .alpha = {.name = "threshold", .tensors = {{"thresholds", at::zeros({2})}}},
                    .gamma = {},
                    .equality = {}};
  three.nodes[2] = {.name = "answer",
                    .parents = {"bits"},
                    .sites = {},
                    .reads = {},
                    .h = {.name = "any", .tensors = {}},
                    .alpha = {.name = "linear",
                              .tensors = {{"weight", at::ones({4, 1})}, {"bias", at::ones({1})}}},
                    .gamma = {},
                    .equality = {}};
  return three;
}

Interpretation mutated(const std::string& name, uint64_t seed = 0,
                       const Interpretation& interpretation = three_nodes()) {
  return mutate(generic_mutations(), name, interpretation, seed);
}

Activations random_activations(uint64_t seed) {
  torch::manual_seed(seed);
  return {at::randn({50, 1, 4})};
}

// The property that the name promises, on the node that the title names; all else stays.
TEST(BlindAlpha, SaysTheSameOfAnyActivations) {
  for (const auto& [seed, index] : {std::pair{0, 0}, {1, 1}, {2, 0}}) {
    const Interpretation changed = mutated("blind-alpha", seed);
    const Node& node = changed.nodes[index];
    EXPECT_EQ(changed.title, "three nodes; mutated: alpha of " + node.name + " ignores its input");
    const Abstraction alpha = make(generic_operations().abstractions, node.alpha);
    Activations activations = random_activations(seed);
    if (index == 1) activations[0] = activations[0].narrow(2, 0, 2);
    const Value value = alpha(activations);
    EXPECT_TRUE(value.equal(value.narrow(0, 0, 1).expand_as(value)));
    const Node& other = changed.nodes[1 - index];
    const Node before = three_nodes().nodes[1 - index];
    for (const auto& [name, tensor] : before.alpha.tensors)
      EXPECT_TRUE(other.alpha.tensors.at(name).equal(tensor));
  }
}

TEST(BlindAlpha, ZeroesALinearOne) {
  Interpretation interpretation = three_nodes();
  interpretation.output = "bits";
  interpretation.nodes.erase(interpretation.nodes.begin());
  const Interpretation changed = mutated("blind-alpha", 0, interpretation);
  const Abstraction alpha = make(generic_operations().abstractions, changed.nodes[1].alpha);
  EXPECT_TRUE(alpha(random_activations(1)).eq(1).all().item<bool>());
}

TEST(BlindAlpha, LeavesTheOutputAlone) {
  Interpretation interpretation = three_nodes();
  interpretation.nodes.erase(interpretation.nodes.begin(), interpretation.nodes.begin() + 2);
  EXPECT_THAT(message_of([&] { mutated("blind-alpha", 0, interpretation); }),
              HasSubstr("blind-alpha does not apply to this interpretation: no node has"));
}

TEST(PermutePrototypes, GivesAlphaAndGammaTheSameWrongLabels) {
  const Interpretation changed = mutated("permute-prototypes", 3);
  const Node& node = changed.nodes[0];
  const Operations operations = generic_operations();
  const Value labels = at::arange(4, torch::kInt64).view({4, 1, 1});
  const Activations written = make(operations.concretisations, node.gamma)(labels);
  EXPECT_TRUE(make(operations.abstractions, node.alpha)(written).equal(labels));
  const at::Tensor vectors = three_nodes().nodes[0].alpha.tensors.at("prototypes");
  EXPECT_FALSE(written[0].squeeze(1).equal(vectors));
  EXPECT_TRUE(std::get<0>(written[0].squeeze(1).sort(0)).equal(std::get<0>(vectors.sort(0))));
}

TEST(WholeNetwork, KeepsTheOutputAndChainsAllFunctions) {
  const Interpretation changed = mutated("whole-network");
  ASSERT_EQ(changed.nodes.size(), 1u);
  EXPECT_EQ(changed.nodes[0].name, "answer");
  EXPECT_THAT(changed.nodes[0].parents, ElementsAre(kTokens));
  std::vector<std::string> names;
  for (const auto& step : changed.nodes[0].h.parameters.at("steps"))
    names.push_back(step.at("operation"));
  EXPECT_THAT(names, ElementsAre("tokens_at", "nosuch", "any"));
  EXPECT_THAT(message_of([&] { mutated("whole-network", 0, changed); }),
              HasSubstr("it has one node already"));
}

TEST(Mutation, UnknownOnesAreAnsweredByTheKnown) {
  EXPECT_EQ(message_of([] { mutated("nosuch"); }),
            "unknown mutation 'nosuch'; there are blind-alpha, permute-prototypes, whole-network");
}

TEST(Mutation, ThatDoesNotApplyIsAnsweredByThoseThatDo) {
  Interpretation interpretation = three_nodes();
  interpretation.nodes[0].gamma.name = "write_linear";
  EXPECT_EQ(message_of([&] { mutated("permute-prototypes", 0, interpretation); }),
            "permute-prototypes does not apply to this interpretation: no node has a "
            "choice of prototypes; "
            "those that do: blind-alpha, whole-network");
}

TEST(Mutation, IsAFunctionOfItsSeedAndLeavesTheOriginalAlone) {
  const Interpretation original = three_nodes();
  const auto prototypes = [](const Interpretation& interpretation) {
    return interpretation.nodes[0].alpha.tensors.at("prototypes");
  };
  const at::Tensor once = prototypes(mutated("permute-prototypes", 5, original));
  EXPECT_TRUE(once.equal(prototypes(mutated("permute-prototypes", 5, original))));
  EXPECT_FALSE(once.equal(prototypes(mutated("permute-prototypes", 6, original))));
  EXPECT_TRUE(prototypes(original).equal(prototypes(three_nodes())));
}

}  // namespace mutation_test
}  // namespace assay::circuits
