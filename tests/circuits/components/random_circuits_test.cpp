#include "circuits/components/random_circuits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <map>
#include <set>

#include "circuits/components/circuit.h"

#include "interp/network/build.h"
#include "interp/network/transformer.h"

namespace assay::circuits {
namespace random_circuits_test {

const interp::TransformerConfig kConfig = {
    .d_vocab = 4, .n_ctx = 5, .d_model = 8, .d_mlp = 4, .n_heads = {1, 2}, .d_head = {8, 4}};

at::Tensor none(const ComponentGraph& graph) {
  return at::zeros({graph.rows(), graph.columns()}, torch::kBool);
}

TEST(Addable, ToNothingIsTheEdgeFromInputToLogits) {
  const ComponentGraph graph(interp::describe(kConfig));
  EXPECT_THAT(edge_ids(addable(graph, none(graph))),
              testing::ElementsAre(graph.parse_edge("input->logits")));
}

TEST(Addable, AreExactlyTheEdgesThatLieOnAPathOnceAdded) {
  statistics::Engine engine(1);
  for (const int64_t positions : {0, 3}) {
    const ComponentGraph graph(interp::describe(kConfig), positions);
    for (int i = 0; i < 5; ++i) {
      const at::Tensor kept =
          with_edges(none(graph),
                     statistics::draw_from(engine, edge_ids(none(graph), false), 4 + 6 * i), true);
      const at::Tensor addable = circuits::addable(graph, kept);
      for (int64_t id = 0; id < graph.n_edges(); ++id)
        ASSERT_EQ(addable.view({-1})[id].item<bool>(),
                  on_a_path(graph, with_edges(kept, {id}, true)).view({-1})[id].item<bool>())
            << graph.name(id);
    }
  }
}

TEST(RandomPath, LeadsFromTheLogitsToTheInput) {
  statistics::Engine engine(2);
  for (const int64_t positions : {0, 3}) {
    const ComponentGraph graph(interp::describe(kConfig), positions);
    std::set<std::vector<int64_t>> seen;
    for (int i = 0; i < 300; ++i) {
      const std::vector<int64_t> path = random_path(graph, engine);
      const at::Tensor kept = with_edges(none(graph), path, true);
      ASSERT_EQ(edge_ids(on_a_path(graph, kept)).size(), path.size());
      // None of its edges can be spared.
      for (const int64_t id : path)
        ASSERT_FALSE(on_a_path(graph, with_edges(kept, {id}, false)).any().item<bool>());
      seen.insert(path);
    }
    EXPECT_GT(seen.size(), 20U);
  }
}

TEST(RandomPath, TakesEveryEdgeIntoTheLogitsEquallyOften) {
  const ComponentGraph graph(interp::describe(kConfig));  // six components write before the logits
  statistics::Engine engine(3);
  std::map<int64_t, int> counts;
  constexpr int kPaths = 6000;
  for (int i = 0; i < kPaths; ++i) ++counts[random_path(graph, engine).front()];
  ASSERT_EQ(counts.size(), 6U);
  for (const auto& [id, count] : counts) EXPECT_NEAR(count, kPaths / 6, 4 * 29) << graph.name(id);
}

TEST(RandomCircuit, HasItsSizeAndIsConnected) {
  statistics::Engine engine(4);
  for (const int64_t positions : {0, 3}) {
    const ComponentGraph graph(interp::describe(kConfig), positions);
    const at::Tensor useful = on_a_path(graph, ~none(graph));
    const auto n_useful = useful.sum().item<int64_t>();
    for (int64_t edges = 0; edges <= graph.n_edges(); edges += edges < 8 ? 1 : 7) {
      const at::Tensor kept = random_circuit(graph, edges, engine);
      ASSERT_EQ(kept.sum().item<int64_t>(), edges);
      ASSERT_EQ(on_a_path(graph, kept).sum().item<int64_t>(), std::min(edges, n_useful));
    }
    EXPECT_TRUE(random_circuit(graph, graph.n_edges(), engine).all().item<bool>());
    EXPECT_THROW(random_circuit(graph, graph.n_edges() + 1, engine), std::invalid_argument);
    EXPECT_THROW(random_circuit(graph, -1, engine), std::invalid_argument);
  }
}

TEST(RandomCircuit, DrawsEveryUsefulEdgeAtTimes) {
  const ComponentGraph graph(interp::describe(kConfig));
  statistics::Engine engine(5);
  at::Tensor seen = none(graph);
  for (int i = 0; i < 300; ++i) seen = seen | random_circuit(graph, 6, engine);
  EXPECT_TRUE(seen.all().item<bool>());
}

TEST(Inflated, AddsAPathAndNamesAnAddedEdge) {
  const ComponentGraph graph(interp::describe(kConfig));
  statistics::Engine engine(6);
  for (int i = 0; i < 100; ++i) {
    const at::Tensor kept = random_circuit(graph, 5, engine);
    const Inflated more = inflated(graph, kept, engine);
    EXPECT_TRUE((more.kept | ~kept).all().item<bool>());  // nothing is lost
    EXPECT_TRUE(more.kept.view({-1})[more.added].item<bool>());
    EXPECT_FALSE(kept.view({-1})[more.added].item<bool>());
    EXPECT_TRUE(on_a_path(graph, more.kept).equal(more.kept));
  }
  EXPECT_THROW(inflated(graph, ~none(graph), engine), std::invalid_argument);
}

TEST(Inflated, FindsTheOneEdgeThatIsLeft) {
  const ComponentGraph graph(interp::describe(kConfig));
  statistics::Engine engine(7);
  for (const char* name : {"input->a0.h0<q>", "m1->logits"}) {
    const int64_t id = graph.parse_edge(name);
    const Inflated more = inflated(graph, with_edges(~none(graph), {id}, false), engine);
    EXPECT_EQ(more.added, id);
    EXPECT_TRUE(more.kept.all().item<bool>());
  }
}

}  // namespace random_circuits_test
}  // namespace assay::circuits
