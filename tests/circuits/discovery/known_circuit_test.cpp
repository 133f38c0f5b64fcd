// Discovery on a network whose circuit is known: it must find exactly that.

#include "tests/circuits/known_circuit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "circuits/components/circuit.h"
#include "circuits/components/random_circuits.h"
#include "circuits/discovery/discovery.h"
#include "circuits/measures/completeness.h"
#include "circuits/measures/faithfulness_curve.h"
#include "circuits/measures/measures.h"
#include "interp/network/network.h"

namespace assay::circuits {
namespace known_circuit_test {

using testing::UnorderedElementsAreArray;

constexpr auto kLeaveConstantsAlone = {"pair", "shuffle", "mean", "mean-per-position"};

std::vector<std::string> names(const ComponentGraph& graph, const at::Tensor& kept) {
  std::vector<std::string> names;
  for (const int64_t id : edge_ids(kept)) names.push_back(graph.name(id));
  return names;
}

TEST(KnownCircuit, TheNetworkAnswersItsQuestion) {
  const KnownCircuit known;
  const at::Tensor logits = interp::logits_at(known.model, known.data.clean, kPositions - 1);
  EXPECT_TRUE(known.data.right.gather(1, logits.narrow(1, kNo, 2).argmax(1, true) + int64_t{kNo})
                  .all()
                  .item<bool>());
  // What the other components write does reach the logits, and differs from input to input.
  EXPECT_GT(logits.select(1, kNo).std().item<double>(), 0.1);
}

TEST(KnownCircuit, GradientsAndExactPatchingRankItsEdgesFirst) {
  const KnownCircuit known;
  const at::Tensor truth = known.circuit();
  for (const std::string ablation : kLeaveConstantsAlone) {
    for (const std::string method : {"exact", "eap", "eap-ig"}) {
      SCOPED_TRACE(method + " " + ablation);
      const EdgeScores scores = score_edges(known.experiment(ablation), {.method = method});
      EXPECT_THAT(names(known.graph, top_n(scores.mean, truth.sum().item<int64_t>(), false)),
                  UnorderedElementsAreArray(kKnownEdges));
      EXPECT_EQ(auroc(scores.mean, truth, /*is_signed=*/false), 1);
      EXPECT_EQ(auroc(scores.mean, truth, /*is_signed=*/true), 1);
      // All that does not bear on the answer scores nothing but rounding.
      EXPECT_LT(scores.mean.masked_select(~truth).abs().max().item<double>(), 1e-5);
    }
  }
}

TEST(KnownCircuit, AcdcCutsEverythingElse) {
  const KnownCircuit known;
  for (const std::string ablation : kLeaveConstantsAlone) {
    SCOPED_TRACE(ablation);
    const EdgeScores scores = score_edges(known.experiment(ablation),
                                          {.method = "acdc", .options = {{"threshold", 0.01}}});
    EXPECT_THAT(names(known.graph, scores.kept), UnorderedElementsAreArray(kKnownEdges));
  }
}

TEST(KnownCircuit, WithPositionsItsEdgesStandWhereTheTokensStand) {
  const KnownCircuit known({.graph_positions = kPositions});
  std::vector<std::string> expected = {"a0.h0@4->m1@4", "m1@4->logits@4"};
  for (int64_t p = 0; p < 4; ++p)
    for (const char* port : {"<k>", "<v>"})
      expected.push_back("input@" + std::to_string(p) + "->a0.h0@" + std::to_string(p) + port);
  for (const std::string method : {"exact", "eap-ig"}) {
    const EdgeScores scores = score_edges(known.experiment(), {.method = method});
    EXPECT_THAT(names(known.graph, top_n(scores.mean, 10, false)),
                UnorderedElementsAreArray(expected));
    EXPECT_EQ(auroc(scores.mean, known.circuit(expected), false), 1);
  }
}

TEST(KnownCircuit, ZeroAblationAlsoFindsWhereConstantsAreRead) {
  // Where half of the inputs hold no 1, the effects of the constant that stands for no cancel.
  const KnownCircuit known({.all_hold_a_one = true});
  std::vector<std::string> expected = kKnownEdges;
  expected.insert(expected.end(), {"input->a0.h0<q>", "input->logits"});
  const EdgeScores scores = score_edges(known.experiment("zero"), {.method = "exact"});
  EXPECT_THAT(names(known.graph, top_n(scores.mean, 6, false)),
              UnorderedElementsAreArray(expected));
  EXPECT_EQ(auroc(scores.mean, known.circuit(expected), false), 1);
}

TEST(KnownCircuit, ItIsFaithfulAndWhatLiesOutsideIsNot) {
  const KnownCircuit known;
  for (const std::string ablation : kLeaveConstantsAlone) {
    SCOPED_TRACE(ablation);
    const Evaluation evaluation(known.experiment(ablation));
    const Measures inside = measure(evaluation, known.circuit());
    EXPECT_NEAR(inside.faithfulness.normalised, 1, 1e-5);
    EXPECT_EQ(inside.agreement.hits, 48);
    const Measures outside = measure(evaluation, ~known.circuit());
    EXPECT_NEAR(outside.faithfulness.normalised, 0, 1e-5);
  }
}

}  // namespace known_circuit_test
}  // namespace assay::circuits
