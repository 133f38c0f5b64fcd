#include "circuits/measures/completeness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>

#include "circuits/components/random_circuits.h"
#include "circuits/measures/measures.h"
#include "tests/circuits/known_circuit.h"

namespace assay::circuits {
namespace completeness_test {

TEST(Completeness, OfTheWholeCircuitIsPerfect) {
  const KnownCircuit known;
  const Completeness result =
      completeness(Evaluation(known.experiment()), known.circuit(), {.random_sets = 10});
  EXPECT_LT(result.worst(), 1e-4);
  EXPECT_NEAR(result.scale, 4, 0.01);  // from 2 to -2
  EXPECT_EQ(result.sets.size(), 15U);
}

// With a backup head a circuit without it is faithful, and only removing the first head from both
// tells them apart: then the network still answers and the circuit does not.
TEST(Completeness, ABackupThatIsLeftOutShows) {
  const KnownCircuit known({.all_hold_a_one = true, .with_backup = true});
  const Evaluation evaluation(known.experiment());
  EXPECT_NEAR(measure(evaluation, known.circuit()).faithfulness.normalised, 1, 1e-3);
  const Completeness result = completeness(evaluation, known.circuit(), {.greedy_steps = 2});
  EXPECT_NEAR(result.worst(), result.scale, 0.01);
  EXPECT_GT(result.mean_random(), 0.1 * result.scale);
  EXPECT_LT(result.mean_random(), result.worst());
  for (const RemovedSet& set : result.sets) {
    if (!set.is_greedy) continue;
    EXPECT_NEAR(set.incompleteness(), result.scale, 0.01);
    // Without the last step the network cannot answer either: not worth taking.
    EXPECT_THAT(set.edges, testing::Not(testing::Contains("m1->logits")));
  }
  std::vector<std::string> both = kKnownEdges;
  both.insert(both.end(), {"input->a0.h1<k>", "input->a0.h1<v>", "a0.h1->m1"});
  EXPECT_LT(completeness(evaluation, known.circuit(both), {.random_sets = 10}).worst(), 1e-3);
}

TEST(Completeness, SetsAreOfTheCircuitAndWhatTheyAreSaidToBe) {
  const KnownCircuit known({.inputs = 16});
  const Evaluation evaluation(known.experiment());
  statistics::Engine engine(1);
  const at::Tensor kept = random_circuit(known.graph, 12, engine);
  const Completeness result = completeness(
      evaluation, kept, {.random_sets = 6, .greedy_runs = 2, .greedy_steps = 4, .seed = 1});
  ASSERT_EQ(result.sets.size(), 8U);
  for (const RemovedSet& set : result.sets) {
    EXPECT_GE(set.edges.size(), 1U);
    EXPECT_LE(set.edges.size(), set.is_greedy ? 4U : 12U);
    std::vector<int64_t> ids;
    for (const std::string& edge : set.edges) ids.push_back(known.graph.parse_edge(edge));
    for (const int64_t id : ids) EXPECT_TRUE(kept.view({-1})[id].item<bool>());
    const at::Tensor all = at::ones_like(kept);
    const at::Tensor means =
        evaluation.metrics({with_edges(kept, ids, false), with_edges(all, ids, false)}).mean(1);
    EXPECT_EQ(set.circuit, means[0].item<double>());
    EXPECT_EQ(set.network, means[1].item<double>());
  }
}

TEST(Completeness, RefusesWhatCannotBeRemovedFrom) {
  const KnownCircuit known({.inputs = 8});
  const Evaluation evaluation(known.experiment());
  EXPECT_THROW(completeness(evaluation, known.circuit({})), std::invalid_argument);
  EXPECT_THROW(completeness(evaluation, known.circuit(), {.random_sets = -1}),
               std::invalid_argument);
  const Completeness none =
      completeness(evaluation, known.circuit(), {.random_sets = 0, .greedy_runs = 0});
  EXPECT_TRUE(std::isnan(none.worst()) && std::isnan(none.mean_random()));
}

}  // namespace completeness_test
}  // namespace assay::circuits
