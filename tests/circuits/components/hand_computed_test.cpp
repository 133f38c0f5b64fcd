// A network small enough to be computed by hand: one block, two heads of width 1, a stream of width
// 2, two positions, one neuron. Tokens 0 and 1 are embedded as (1, 0) and (0, 1), and are the
// answers too: logits are the stream. The readout is position 1.
//   a0.h0   q = x1, k = x0 ln 3, v = x0, writes (2v, 0)
//   a0.h1   q = 0 (attends evenly),  v = x1, writes (0, v)
//   m0      writes (0, -relu(x0 - x1 + 1))
//
// Clean input 0 1:    a0.h0 attends 3 : 1, v = 1, 0, writes (3/2, 0)
//                     a0.h1 attends 1 : 1, v = 0, 1, writes (0, 1/2)
//                     m0 sees (0,1) + (3/2,0) + (0,1/2) = (3/2, 3/2), writes (0, -1)
//                     logits (3/2, 3/2) + (0, -1) = (3/2, 1/2), difference 1
// Corrupt input 1 1:  a0.h0 attends 1 : 1, v = 0, 0, writes (0, 0)
//                     a0.h1 attends 1 : 1, v = 1, 1, writes (0, 1)
//                     m0 sees (0, 2), writes (0, 0)
//                     logits (0, 2), difference -2
// The embedding at position 1 is (0, 1) in both.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>
#include <map>

#include "circuits/components/random_circuits.h"
#include "circuits/discovery/discovery.h"
#include "circuits/measures/evaluation.h"
#include "circuits/measures/measures.h"
#include "interp/network/build.h"
#include "interp/network/network.h"

namespace assay::circuits {
namespace hand_computed_test {

using testing::HasSubstr;
using testing::ThrowsMessage;

class HandComputed : public testing::Test {
 protected:
  HandComputed() {
    const at::NoGradGuard no_grad;
    model.W_E().copy_(at::eye(2));
    model.W_U().copy_(at::eye(2));
    const auto attention = [&](const std::string& name) {
      return model.weight("blocks.0.attn." + name);
    };
    attention("W_Q")[0][1][0] = 1;
    attention("W_K")[0][0][0] = std::log(3.0);
    attention("W_V")[0][0][0] = 1;
    attention("W_O")[0][0][0] = 2;
    attention("W_K")[1][0][0] = 5;  // no query asks for it
    attention("W_V")[1][1][0] = 1;
    attention("W_O")[1][0][1] = 1;
    const auto mlp = [&](const std::string& name) { return model.weight("blocks.0.mlp." + name); };
    mlp("W_in")[0][0] = 1;
    mlp("W_in")[1][0] = -1;
    mlp("b_in")[0] = 1;
    mlp("W_out")[0][1] = -1;
  }

  static interp::TransformerConfig config() {
    return {.d_vocab = 2, .n_ctx = 2, .d_model = 2, .d_mlp = 1, .n_heads = {2}, .d_head = {1}};
  }

  Experiment experiment(const ComponentGraph& graph, const std::string& ablation = "pair") const {
    return {.model = model, .graph = graph, .data = data, .readout = 1, .ablation = ablation};
  }

  std::map<std::string, double> scores(const ComponentGraph& graph,
                                       const DiscoveryConfig& discovery) const {
    const EdgeScores scores = score_edges(experiment(graph), discovery);
    std::map<std::string, double> by_name;
    for (int64_t id = 0; id < graph.n_edges(); ++id)
      by_name[graph.name(id)] = scores.mean.reshape({-1})[id].item<double>();
    return by_name;
  }

  static void expect_scores(const std::map<std::string, double>& scores,
                            const std::map<std::string, double>& expected) {
    for (const auto& [name, score] : scores) {  // all that is not named scores 0
      const auto known = expected.find(name);
      EXPECT_NEAR(score, known == expected.end() ? 0 : known->second, 1e-6) << name;
    }
    for (const auto& [name, score] : expected) EXPECT_TRUE(scores.contains(name)) << name;
  }

  at::Tensor logits_of(const std::vector<std::string>& kept) const {
    std::vector<int64_t> ids;
    for (const std::string& edge : kept) ids.push_back(graph.parse_edge(edge));
    const at::Tensor none = at::zeros({graph.rows(), graph.columns()}, torch::kBool);
    return Evaluation(experiment(graph)).run(with_edges(none, ids, true)).logits[0];
  }

  static void expect_logits(const at::Tensor& logits, double zero, double one) {
    EXPECT_NEAR(logits[0].item<double>(), zero, 1e-6);
    EXPECT_NEAR(logits[1].item<double>(), one, 1e-6);
  }

  interp::Transformer model{config()};
  ComponentGraph graph{model.places()};
  Counterfactuals data{.clean = at::tensor({0, 1}, torch::kInt64).view({1, 2}),
                       .corrupt = at::tensor({1, 1}, torch::kInt64).view({1, 2}),
                       .right = at::tensor({1, 0}).to(torch::kBool).view({1, 2}),
                       .wrong = at::tensor({0, 1}).to(torch::kBool).view({1, 2})};
};

TEST_F(HandComputed, TheNetworkGivesTheLogitsDerivedAbove) {
  expect_logits(interp::logits_at(model, data.clean, 1)[0], 1.5, 0.5);
  expect_logits(interp::logits_at(model, data.corrupt, 1)[0], 0, 2);
}

TEST_F(HandComputed, ExactScores) {
  expect_scores(
      scores(graph, {.method = "exact"}),
      {
          // Keys 0, 0: attends 1 : 1, writes (1,0); m0 sees (1, 3/2), writes (0, -1/2); (1, 1): 0.
          {"input->a0.h0<k>", 1},
          // Writes (0,0); m0 sees (0, 3/2), writes (0,0); (0, 3/2): -3/2.
          {"input->a0.h0<v>", 2.5},
          // Writes (0,1); m0 sees (3/2, 2), writes (0, -1/2); (3/2, 3/2): 0.
          {"input->a0.h1<v>", 1},
          // m0 sees (0, 3/2), writes (0,0); (3/2, 3/2): 0.
          {"a0.h0->m0", 1},
          // m0 sees (3/2, 2), writes (0, -1/2); (3/2, 1): 1/2.
          {"a0.h1->m0", 0.5},
          {"a0.h0->logits", 1.5},  // (0, 1/2): -1/2
          {"a0.h1->logits", 0.5},  // (3/2, 1): 1/2
          {"m0->logits", 1},       // (3/2, 3/2): 0
      });
}

// Gradients of the difference on the clean run: (1, -1) at the logits; at m0, whose neuron is on,
// (1, -1) as well. So (2, -2) where a head writes: d/dv of a0.h0 is 4 times the attention, of a0.h1
// -2 times.
const std::map<std::string, double> kFirstOrder = {
    {"input->a0.h0<k>", 4 * 3.0 / 16 * std::log(3.0)},  // softmax: a(1-a)(v0-v1), change ln 3
    {"input->a0.h0<v>", 4 * 0.75},                      // change 1 at position 0
    {"input->a0.h1<v>", -2 * 0.5 * -1},
    {"a0.h0->m0", 1.5},  // change (3/2, 0)
    {"a0.h1->m0", 0.5},  // change (0, -1/2)
    {"a0.h0->logits", 1.5},
    {"a0.h1->logits", 0.5},
    {"m0->logits", 1}};

TEST_F(HandComputed, EapScoresAreFirstOrder) {
  expect_scores(scores(graph, {.method = "eap"}), kFirstOrder);
  expect_scores(scores(graph, {.method = "eap-ig", .options = {{"steps", 1}}}), kFirstOrder);
}

// Halfway the embedding at position 0 is (1/2, 1/2). a0.h0: k = ½ ln 3, 0, so it attends √3 : 1;
// with a = √3/(1+√3) = 0.634 it writes (a, 0), for v = 1/2, 0. a0.h1: v = 1/2, 1, writes (0, 3/4).
// m0 sees (a, 7/4): a - 7/4 + 1 < 0, its neuron is off, so the gradient at m0's input is 0 there
// and that at the heads' outputs (1, -1).
TEST_F(HandComputed, EapIgAveragesGradientsOverTwoPoints) {
  const double a = std::sqrt(3.0) / (1 + std::sqrt(3.0));
  expect_scores(scores(graph, {.method = "eap-ig", .options = {{"steps", 2}}}),
                {{"input->a0.h0<k>",
                  (kFirstOrder.at("input->a0.h0<k>") + 2 * a * (1 - a) * 0.5 * std::log(3.0)) / 2},
                 {"input->a0.h0<v>", (3 + 2 * a) / 2},
                 {"input->a0.h1<v>", (1 + 0.5) / 2},
                 {"a0.h0->m0", 0.75},
                 {"a0.h1->m0", 0.25},
                 {"a0.h0->logits", 1.5},
                 {"a0.h1->logits", 0.5},
                 {"m0->logits", 1}});
}

// The left points are the corrupt input and halfway. At the corrupt input a0.h0 attends 1 : 1 to
// values 0, 0 and m0 sees (0, 2), its neuron is off.
TEST_F(HandComputed, EapIgLeftAveragesFromTheAblatedInput) {
  const double a = std::sqrt(3.0) / (1 + std::sqrt(3.0));
  expect_scores(scores(graph, {.method = "eap-ig-left", .options = {{"steps", 2}}}),
                {{"input->a0.h0<k>", 2 * a * (1 - a) * 0.5 * std::log(3.0) / 2},
                 {"input->a0.h0<v>", (1 + 2 * a) / 2},
                 {"input->a0.h1<v>", 0.5},
                 {"a0.h0->logits", 1.5},
                 {"a0.h1->logits", 0.5},
                 {"m0->logits", 1}});
}

TEST_F(HandComputed, WithPositionsEffectsStandWhereInputsDiffer) {
  expect_scores(scores(ComponentGraph(interp::describe(config()), 2), {.method = "exact"}),
                {{"input@0->a0.h0@0<k>", 1},
                 {"input@0->a0.h0@0<v>", 2.5},
                 {"input@0->a0.h1@0<v>", 1},
                 {"a0.h0@1->m0@1", 1},
                 {"a0.h1@1->m0@1", 0.5},
                 {"a0.h0@1->logits@1", 1.5},
                 {"a0.h1@1->logits@1", 0.5},
                 {"m0@1->logits@1", 1}});
}

TEST_F(HandComputed, PatchedOutputs) {
  // Nothing kept: the corrupt run.
  expect_logits(logits_of({}), 0, 2);
  // a0.h0 with keys of the corrupt input attends 1 : 1, values are clean: it writes (1, 0).
  expect_logits(logits_of({"input->a0.h0<v>", "a0.h0->logits"}), 1, 2);
  // With clean keys, too: (3/2, 0).
  expect_logits(logits_of({"input->a0.h0<k>", "input->a0.h0<v>", "a0.h0->logits"}), 1.5, 2);
  // m0 sees (3/2, 0) from it and (0, 2) from the corrupt rest, writes (0, -1/2); read by the
  // logits.
  expect_logits(logits_of({"input->a0.h0<k>", "input->a0.h0<v>", "a0.h0->m0", "m0->logits"}), 0,
                1.5);
  // Kept edges of a writer that computes what it computes on the corrupt input change nothing.
  expect_logits(logits_of({"a0.h0->logits", "a0.h1->m0", "m0->logits"}), 0, 2);
}

TEST_F(HandComputed, Faithfulness) {
  const Evaluation evaluation(experiment(graph));
  const at::Tensor circuit =
      with_edges(at::zeros({graph.rows(), graph.columns()}, torch::kBool),
                 {graph.parse_edge("input->a0.h0<v>"), graph.parse_edge("a0.h0->logits")}, true);
  const Measures measures = measure(evaluation, circuit);
  EXPECT_NEAR(measures.faithfulness.network, 1, 1e-6);
  EXPECT_NEAR(measures.faithfulness.circuit, -1, 1e-6);  // (1, 2)
  EXPECT_NEAR(measures.faithfulness.empty, -2, 1e-6);
  EXPECT_NEAR(measures.faithfulness.normalised, 1.0 / 3, 1e-6);
  EXPECT_EQ(measures.agreement.hits, 0);  // the network says 0, the circuit 1
  EXPECT_EQ(measures.network_right.hits, 1);
  EXPECT_EQ(measures.circuit_right.hits, 0);
  EXPECT_FALSE(measures.faithfulness.interval.exists());  // one input tells nothing of the spread
}

// Means over a single input are what it writes itself.
TEST_F(HandComputed, AnAblationThatChangesNothingIsAnError) {
  const Experiment same = experiment(graph, "mean-per-position");
  const auto is_refused = [](const auto& attempt) {
    EXPECT_THAT(attempt, ThrowsMessage<std::invalid_argument>(
                             HasSubstr("ablation 'mean-per-position' changes nothing")));
  };
  is_refused([&] { Evaluation evaluation(same); });
  for (const std::string method : {"exact", "eap", "eap-ig", "acdc"})
    is_refused([&] { score_edges(same, {.method = method}); });
}

}  // namespace hand_computed_test
}  // namespace assay::circuits
