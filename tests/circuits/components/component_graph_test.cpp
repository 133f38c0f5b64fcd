#include "circuits/components/component_graph.h"

#include <gmock/gmock.h>

#include "interp/network/build.h"
#include "interp/network/transformer.h"
#include "tests/interp/scratch.h"

namespace assay::circuits {
namespace component_graph_test {

using NHeads = std::vector<int64_t>;

using interp::message_of;
using testing::HasSubstr;

// Σ_l [3H(1 + l(H+1)) + 1 + l(H+1) + H] + 1 + L(H+1), and the counts of published files.
TEST(ComponentGraph, HasAsManyEdgesAsTheFormulaSays) {
  EXPECT_EQ(ComponentGraph(NHeads{4, 4}).n_edges(), 110);
  EXPECT_EQ(ComponentGraph(std::vector<int64_t>(12, 12)).n_edges(), 32491);
  EXPECT_EQ(ComponentGraph(NHeads{1, 4}).n_edges(), (3 + 2) + (3 * 4 * 3 + 7) + 8);
}

TEST(ComponentGraph, NamesAndIdsAreTheSameInBothDirections) {
  for (const int64_t positions : {0, 3}) {
    const ComponentGraph graph(NHeads{2, 3}, positions);
    for (int64_t id = 0; id < graph.n_edges(); ++id) {
      ASSERT_EQ(graph.id(graph.edge(id)), id);
      ASSERT_EQ(graph.parse_edge(graph.name(id)), id) << graph.name(id);
    }
  }
  EXPECT_EQ(ComponentGraph(NHeads{1, 4}).name(0), "input->a0.h0<q>");
  const ComponentGraph with_positions(NHeads{1, 4}, 41);
  EXPECT_EQ(with_positions.name(with_positions.n_edges() - 1), "m1@40->logits@40");
}

TEST(ComponentGraph, ReadersReadWhatWasWrittenBefore) {
  const ComponentGraph graph(NHeads{1, 2});
  EXPECT_EQ(graph.n_writers(graph.edge(graph.parse_edge("m0->a1.h1<v>")).reader), 3);
  EXPECT_EQ(graph.n_writers(graph.edge(graph.parse_edge("a1.h0->m1")).reader), 5);
  EXPECT_EQ(graph.n_writers(graph.edge(graph.parse_edge("m1->logits")).reader), 6);
}

TEST(ComponentGraph, IsOfCausalNetworksAlone) {
  const interp::TransformerConfig encoder{.d_vocab = 3, .n_ctx = 4, .causal = false};
  EXPECT_THROW(ComponentGraph{interp::describe(encoder)}, std::invalid_argument);
}

TEST(ComponentGraph, IsOfNetworksWhoseStreamAddsUp) {
  interp::TransformerConfig post{.d_vocab = 3, .n_ctx = 4, .norm = interp::Norm::Post};
  EXPECT_THAT(message_of([&] { ComponentGraph{interp::describe(post)}; }), HasSubstr("post-norm"));
  interp::TransformerConfig pooled{.d_vocab = 3, .n_ctx = 4, .pool = interp::Pooling::First};
  EXPECT_THAT(message_of([&] { ComponentGraph{interp::describe(pooled)}; }), HasSubstr("pools"));
}

// In a parallel block the MLP does not read its attention, and there are as many edges fewer as it
// has heads; without MLPs there are none from or to them.
TEST(ComponentGraph, FollowsTheFormOfBlocks) {
  interp::TransformerConfig config{.d_vocab = 3, .n_ctx = 4, .n_heads = {2, 3}, .d_head = {4, 4}};
  const ComponentGraph sequential(interp::describe(config));
  EXPECT_EQ(sequential, ComponentGraph(NHeads{2, 3}));
  config.blocks = interp::BlockForm::Parallel;
  const ComponentGraph parallel(interp::describe(config));
  EXPECT_EQ(parallel, ComponentGraph(NHeads{2, 3}, 0, {.parallel = true}));
  EXPECT_NE(parallel, sequential);
  EXPECT_TRUE(parallel.blocks().parallel);
  EXPECT_EQ(parallel.n_edges(), sequential.n_edges() - 5);
  EXPECT_THAT(message_of([&] { parallel.parse_edge("a1.h0->m1"); }),
              HasSubstr("a1.h0 is not computed before m1"));
  EXPECT_NO_THROW(parallel.parse_edge("a0.h0->m1"));
  config.blocks = interp::BlockForm::Sequential;
  config.d_mlp = 0;
  const ComponentGraph attention_only(interp::describe(config));
  EXPECT_EQ(attention_only, ComponentGraph(NHeads{2, 3}, 0, {.mlps = false}));
  EXPECT_NE(attention_only, sequential);
  EXPECT_FALSE(attention_only.blocks().mlps);
  EXPECT_EQ(attention_only.n_edges(), 2 * 3 * 1 + 3 * 3 * 3 + 6);
  EXPECT_THAT(message_of([&] { attention_only.parse_edge("input->m0"); }),
              HasSubstr("no component 'm0'"));
}

TEST(ComponentGraph, RefusesEdgesThatCannotBe) {
  const ComponentGraph graph(NHeads{1, 4}), placed(NHeads{1, 4}, 3);
  const auto error = [](const ComponentGraph& g, const char* name) {
    return message_of([&] { g.parse_edge(name); });
  };
  EXPECT_THAT(error(graph, "m1->a1.h0<q>"), HasSubstr("m1 is not computed before a1.h0"));
  EXPECT_THAT(error(graph, "m0->m0"), HasSubstr("not computed before"));
  EXPECT_THAT(error(graph, "logits->m1"), HasSubstr("not computed before"));
  EXPECT_THAT(error(graph, "a1.h4->m1"), HasSubstr("no component 'a1.h4'"));
  EXPECT_THAT(error(graph, "a1.h4->m1"), HasSubstr("a1.h3, m1, logits"));
  for (const char* name : {"m01->logits", "a1.h01->m1", "a1.h->m1", "a.h1->m1", "m->m1", "->m1",
                           "m-1->m1", "m99999999999999999999->m1", "a1.h0x->m1"})
    EXPECT_THAT(error(graph, name), HasSubstr("no component '")) << name;
  EXPECT_THAT(error(graph, "m0->input"), HasSubstr("not computed before"));
  EXPECT_THAT(error(graph, "m0->a1.h0"), HasSubstr("<q>, <k> or <v>"));
  EXPECT_THAT(error(graph, "m0->m1<q>"), HasSubstr("only heads"));
  EXPECT_THAT(error(graph, "m0"), HasSubstr("WRITER->READER"));
  EXPECT_THAT(error(graph, "m0@1->m1@1"), HasSubstr("has no positions"));
  EXPECT_THAT(error(placed, "m0->m1"), HasSubstr("one position below 3"));
  EXPECT_THAT(error(placed, "m0@1->m1@2"), HasSubstr("one position below 3"));
  EXPECT_THAT(error(placed, "m0@3->m1@3"), HasSubstr("one position below 3"));
  EXPECT_THAT(error(placed, "m0@x->m1@1"), HasSubstr("a position after '@'"));
  EXPECT_THROW(ComponentGraph(NHeads{}, 0), std::invalid_argument);
  EXPECT_THROW(ComponentGraph(NHeads{2, 0}, 0), std::invalid_argument);
}

}  // namespace component_graph_test
}  // namespace assay::circuits
