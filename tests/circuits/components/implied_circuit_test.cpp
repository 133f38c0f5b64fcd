#include "circuits/components/implied_circuit.h"
#include "interp/network/build.h"

#include <gmock/gmock.h>
#include <torch/types.h>

namespace assay::circuits {
namespace implied_circuit_test {

using NHeads = std::vector<int64_t>;

using testing::ElementsAre;

// The shape of the 2-SAT interpretation: parse after block 0, evaluate inside block 1, decide.
Interpretation chain() {
  Interpretation all;
  const auto node = [](const char* name, const char* parent, std::vector<interp::Site> sites) {
    Node result;
    result.name = name;
    result.parents = {parent};
    result.sites = std::move(sites);
    return result;
  };
  all.nodes = {node("parse", kTokens, {{.place = interp::hook::resid_post(0)}}),
               node("evaluate", "parse",
                    {{.place = interp::hook::attn_out(1)}, {.place = interp::hook::mlp_post(1)}}),
               node("or", "evaluate", {{.place = interp::hook::logits()}})};
  return all;
}

interp::Places with_heads(const NHeads& n_heads) {
  return interp::describe(
      {.d_vocab = 2, .n_ctx = 3, .n_heads = n_heads, .d_head = NHeads(n_heads.size(), 4)});
}

std::vector<std::string> names(const std::vector<Component>& components) {
  std::vector<std::string> names;
  for (const Component& component : components) names.push_back(to_string(component));
  return names;
}

TEST(ImpliedCircuit, NodesLiveInWhatWroteTheirSitesSinceTheirParents) {
  const ComponentsOfNodes components =
      components_of_nodes(chain(), ComponentGraph(NHeads{1, 2}), with_heads({1, 2}));
  EXPECT_THAT(names(components.at("parse")), ElementsAre("input", "a0.h0", "m0"));
  EXPECT_THAT(names(components.at("evaluate")), ElementsAre("a1.h0", "a1.h1", "m1"));
  EXPECT_THAT(names(components.at("or")), ElementsAre("logits"));
}

TEST(ImpliedCircuit, LeavesOutEdgesThatPassANodeBy) {
  const ComponentGraph graph(NHeads{1, 2});
  const at::Tensor implied = implied_edges(chain(), graph, with_heads({1, 2}));
  const auto holds = [&](const char* name) {
    return implied[0][graph.parse_edge(name)].item<bool>();
  };
  EXPECT_TRUE(holds("input->a0.h0<q>"));
  EXPECT_TRUE(holds("m0->a1.h1<v>"));
  EXPECT_TRUE(holds("m0->m1"));
  EXPECT_TRUE(holds("m1->logits"));
  EXPECT_FALSE(holds("m0->logits"));
  EXPECT_FALSE(holds("input->logits"));
}

TEST(ImpliedCircuit, ANodeInOneHeadMentionsNoOther) {
  Interpretation one;
  one.nodes.resize(1);
  one.nodes[0].name = "copy";
  one.nodes[0].parents = {kTokens};
  one.nodes[0].sites = {{.place = interp::hook::z(0), .head = 1}};
  EXPECT_THAT(
      names(components_of_nodes(one, ComponentGraph(NHeads{3}), with_heads({3})).at("copy")),
      ElementsAre("input", "a0.h1"));
}

}  // namespace implied_circuit_test
}  // namespace assay::circuits
