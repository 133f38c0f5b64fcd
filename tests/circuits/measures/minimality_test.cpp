#include "circuits/measures/minimality.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>

#include "tests/circuits/known_circuit.h"

namespace assay::circuits {
namespace minimality_test {

std::vector<std::string> plus(std::vector<std::string> edges, const std::string& edge) {
  edges.push_back(edge);
  return edges;
}

TEST(Minimality, EveryEdgeOfTheKnownCircuitMattersAndAnAddedOneDoesNot) {
  const KnownCircuit known;
  const Minimality result =
      minimality(Evaluation(known.experiment()), known.circuit(plus(kKnownEdges, "a0.h1->logits")));
  ASSERT_EQ(result.edges.size(), 5U);
  for (const EdgeContribution& edge : result.edges) {
    if (edge.edge == "a0.h1->logits") {
      EXPECT_NEAR(edge.alone, 0, 1e-5);
      EXPECT_NEAR(edge.largest, 0, 1e-5);
    } else {
      EXPECT_GT(edge.alone, 1) << edge.edge;
      EXPECT_GT(edge.standard_error, 0);
    }
  }
}

// Without m1 -> logits the answer is the partner's: from 2 to -2 on every input.
TEST(Minimality, AloneIsTheChangeOfTheMeanMetric) {
  const KnownCircuit known;
  const Evaluation evaluation(known.experiment());
  const Minimality result = minimality(evaluation, known.circuit(), {.sets = 0});
  const at::Tensor whole = evaluation.metrics({known.circuit()})[0];
  for (const EdgeContribution& edge : result.edges) {
    at::Tensor less = known.circuit();
    less.view({-1})[known.graph.parse_edge(edge.edge)] = false;
    const at::Tensor change = whole - evaluation.metrics({less})[0];
    EXPECT_NEAR(edge.alone, change.mean().item<double>(), 1e-9);
    EXPECT_NEAR(edge.standard_error, change.std().item<double>() / std::sqrt(48.0), 1e-9);
    EXPECT_EQ(edge.largest, edge.alone);
    EXPECT_EQ(edge.set_size, 0);
    if (edge.edge == "m1->logits") {
      EXPECT_NEAR(edge.alone, 4, 0.01);
    }
  }
}

// Where two heads do the same work neither matters alone; with the other one gone, each does.
TEST(Minimality, ARedundantEdgeMattersTogetherWithItsBackup) {
  const KnownCircuit known({.all_hold_a_one = true, .with_backup = true});
  std::vector<std::string> both = kKnownEdges;
  both.insert(both.end(), {"input->a0.h1<k>", "input->a0.h1<v>", "a0.h1->m1"});
  const Minimality result =
      minimality(Evaluation(known.experiment()), known.circuit(both), {.sets = 30});
  for (const EdgeContribution& edge : result.edges) {
    const std::string name = edge.edge;
    if (name != "a0.h0->m1" && name != "a0.h1->m1") continue;
    EXPECT_NEAR(edge.alone, 0, 0.01) << name;
    EXPECT_NEAR(edge.largest, 4, 0.01) << name;
    EXPECT_GE(edge.set_size, 1) << name;
  }
}

TEST(Minimality, OfNothingIsNothing) {
  const KnownCircuit known({.inputs = 8});
  const Evaluation evaluation(known.experiment());
  EXPECT_TRUE(minimality(evaluation, known.circuit({})).edges.empty());
  EXPECT_THROW(minimality(evaluation, known.circuit(), {.sets = -1}), std::invalid_argument);
}

}  // namespace minimality_test
}  // namespace assay::circuits
