#include "circuits/components/circuit.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include <cmath>

#include "tests/interp/scratch.h"

namespace assay::circuits {
namespace circuit_test {

using NHeads = std::vector<int64_t>;

using at::Tensor;
using interp::message_of;
using testing::HasSubstr;

Tensor edges(const ComponentGraph& graph, const std::vector<const char*>& names) {
  Tensor kept = at::zeros({graph.rows(), graph.columns()}, torch::kBool);
  for (const char* name : names) kept.view({-1})[graph.parse_edge(name)] = true;
  return kept;
}

TEST(TopN, TakesTheLargestAndCountsUnscoredLast) {
  const double nan = std::nan("");
  const Tensor scores = torch::tensor({0.5, -3.0, nan, 1.0, 0.5}, torch::kFloat64).view({1, 5});
  const auto ids = [](const Tensor& kept) {
    std::vector<int64_t> found;
    for (int64_t i = 0; i < 5; ++i)
      if (kept[0][i].item<bool>()) found.push_back(i);
    return found;
  };
  EXPECT_EQ(ids(top_n(scores, 2, false)), (std::vector<int64_t>{1, 3}));
  EXPECT_EQ(ids(top_n(scores, 2, true)), (std::vector<int64_t>{0, 3}));
  EXPECT_EQ(ids(top_n(scores, 4, true)), (std::vector<int64_t>{0, 1, 3, 4}));
  EXPECT_EQ(ids(above_threshold(scores, 0.5, true)), (std::vector<int64_t>{0, 3, 4}));
  EXPECT_EQ(ids(above_threshold(scores, 0.6, false)), (std::vector<int64_t>{1, 3}));
  EXPECT_THAT(message_of([&] { top_n(scores, 6, true); }), HasSubstr("between 0 and 5"));
  EXPECT_THROW(top_n(scores, -1, true), std::invalid_argument);
}

TEST(OnAPath, LeavesOutDeadEndsAndWhatNothingFeeds) {
  const ComponentGraph graph(NHeads{1, 2});
  const Tensor kept = edges(graph, {"input->a0.h0<v>", "a0.h0->m1", "m1->logits",  // a path
                                    "a0.h0->a1.h0<q>",                             // leads nowhere
                                    "m0->logits",  // comes from nowhere
                                    "a1.h1->m1"});
  EXPECT_TRUE(at::equal(on_a_path(graph, kept),
                        edges(graph, {"input->a0.h0<v>", "a0.h0->m1", "m1->logits"})));
  EXPECT_EQ(on_a_path(graph, at::ones_like(kept)).sum().item<int64_t>(), graph.n_edges());
}

TEST(OnAPath, AttentionCarriesKeysAndValuesToLaterPositionsOnly) {
  const ComponentGraph graph(NHeads{1, 1}, 3);
  const Tensor forward =
      edges(graph, {"input@0->a0.h0@0<v>", "a0.h0@1->m1@1", "m1@1->logits@1", "a0.h0@2->logits@2"});
  // Only the logits at the last position count, and the value read at 0 arrives there.
  EXPECT_TRUE(at::equal(on_a_path(graph, forward),
                        edges(graph, {"input@0->a0.h0@0<v>", "a0.h0@2->logits@2"})));
  const Tensor backward =
      edges(graph, {"input@2->a0.h0@2<v>", "a0.h0@1->a1.h0@1<v>", "a1.h0@2->logits@2"});
  EXPECT_FALSE(on_a_path(graph, backward).any().item<bool>());
  const Tensor query = edges(graph, {"input@0->a0.h0@0<q>", "a0.h0@2->logits@2"});
  EXPECT_FALSE(on_a_path(graph, query).any().item<bool>());
}

TEST(Greedy, StaysConnectedWhereTheBestEdgesAreNot) {
  const ComponentGraph graph(NHeads{1, 1});
  Tensor scores = at::zeros({1, graph.n_edges()}, torch::kFloat64);
  const auto set = [&](const char* name, double score) {
    scores[0][graph.parse_edge(name)] = score;
  };
  set("input->a0.h0<q>", 9);  // the best edge, but its head is not connected yet
  set("m1->logits", 1);
  set("a0.h0->m1", 2);
  set("input->m1", 0.5);
  EXPECT_TRUE(at::equal(top_n(scores, 1, false), edges(graph, {"input->a0.h0<q>"})));
  EXPECT_TRUE(at::equal(greedy(graph, scores, 3, false),
                        edges(graph, {"m1->logits", "a0.h0->m1", "input->a0.h0<q>"})));
  EXPECT_EQ(greedy(graph, scores, graph.n_edges(), false).sum().item<int64_t>(), graph.n_edges());
}

TEST(Greedy, FindsEveryEdgeOfAGraphWithPositionsThatReachesTheReadout) {
  const ComponentGraph graph(NHeads{1, 2}, 3);
  auto generator = at::make_generator<at::CPUGeneratorImpl>(4);
  const Tensor scores = at::rand({3, graph.columns()}, generator, torch::kFloat64);
  const Tensor all = greedy(graph, scores, graph.n_edges(), true);
  EXPECT_TRUE(at::equal(all, on_a_path(graph, at::ones_like(all))));
}

}  // namespace circuit_test
}  // namespace assay::circuits
