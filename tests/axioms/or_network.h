#pragma once
// A network whose function we can state, and an interpretation that is true of it.
//
// "Does 1 or 3 stand at position 0 or 1?" Tokens 0 … 4 at positions 0 and 1, token 5 (the question)
// at position 2, where tokens 0 ("no") and 1 ("yes") answer.
//   residual stream: dimensions 0 … 5 hold the token, 6 its feature (1 for tokens 1 and 3), 7 the
//   number of features seen, 8 what the MLP writes.
//   attention: W_Q = W_K = 0, so position 2 looks at three positions alike: 3 · mean = the number.
//   MLP: neuron 0 = relu(number), neuron 1 nothing. Logits: "yes" = neuron 0, "no" = 1/2.

#include <torch/types.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "axioms/checker.h"
#include "circuits/interpretation/operations.h"
#include "circuits/interpretation/program.h"
#include "interp/network/build.h"
#include "interp/network/transformer.h"

namespace assay::axioms {

using at::Tensor;
using circuits::Interpretation;
using circuits::Node;
using circuits::Operation;
using circuits::Operations;
using interp::Site;
using interp::Transformer;

inline constexpr int64_t kWords = 5, kInputs = kWords * kWords;

inline interp::TransformerConfig or_config() {
  return {.d_vocab = 6,
          .n_ctx = 3,
          .d_model = 9,
          .d_mlp = 2,
          .n_heads = {1},
          .d_head = {1},
          .unembed_bias = true};
}

inline const Transformer& or_network() {
  static const auto model = [] {
    const at::NoGradGuard no_grad;
    auto network = std::make_shared<Transformer>(or_config());
    for (int64_t token = 0; token < 6; ++token) network->W_E()[token][token] = 1;
    for (const int64_t token : {1, 3}) network->W_E()[token][6] = 1;
    network->weight("blocks.0.attn.W_V")[0][6][0] = 1;
    network->weight("blocks.0.attn.W_O")[0][0][7] = 3;
    network->weight("blocks.0.mlp.W_in")[7][0] = 1;
    network->weight("blocks.0.mlp.W_out")[0][8] = 1;
    network->W_U()[8][1] = 1;
    network->weight("unembed.b_U")[0] = 0.5;
    return network;
  }();
  return *model;
}

/// All 25 inputs, again and again: input i is (i / 5 % 5, i % 5, the question).
inline Tensor or_inputs(int64_t first, int64_t count) {
  const Tensor i = at::arange(first, first + count, at::kLong);
  const Tensor left = at::floor_divide(i, kWords).remainder(kWords), right = i.remainder(kWords);
  return at::stack({left, right, at::full_like(i, 5)}, 1);
}

/// h of the middle node: is one of `yes` among the parent's values? bool [batch, 1]
inline Operations operations() {
  Operations all = circuits::generic_operations();
  all.functions.add({"among", "", [](const Operation& operation) -> circuits::Function {
                       const auto yes = operation.parameters.at("yes").get<std::vector<int64_t>>();
                       return [yes](const std::vector<Tensor>& parents) {
                         Tensor found = at::zeros({parents[0].size(0), 1}, at::kBool);
                         for (const int64_t token : yes)
                           found = found.logical_or(parents[0].flatten(1).eq(token).any(1, true));
                         return found;
                       };
                     }});
  return all;
}

/// tokens -> the two tokens -> is one of them 1 or 3? -> the answer. True of or_network().
inline Interpretation or_interpretation() {
  const at::NoGradGuard no_grad;
  const Tensor embeddings = or_network().W_E().detach();
  const Tensor labels = at::arange(6, at::kLong).unsqueeze(1), prototypes = embeddings;
  const Site stream{.place = interp::hook::resid_pre(0)};
  const Site words{.place = interp::hook::resid_pre(0), .positions = {0, 1}};
  const Site mid{.place = interp::hook::resid_mid(0), .positions = {2}};
  const Site hidden{.place = interp::hook::mlp_post(0), .positions = {2}};
  const Site neuron{.place = interp::hook::mlp_post(0), .positions = {2}, .neurons = {0}};
  const Site logits{.place = interp::hook::logits(), .positions = {2}};
  const Operation equal{.name = "equal", .tensors = {}};
  Interpretation interpretation;
  interpretation.output = "answer";
  interpretation.nodes = {
      {.name = "answer",
       .parents = {"some"},
       .sites = {logits},
       .reads = {logits},
       .h = {.name = "any", .tensors = {}},
       .alpha = {.name = "argmax_of", .parameters = {{"tokens", {0, 1}}}, .tensors = {}},
       .gamma = {.name = "write_answer",
                 .parameters = {{"tokens", {0, 1}}, {"d_vocab", 6}},
                 .tensors = {}},
       .equality = equal},
      {.name = "words",
       .parents = {circuits::kTokens},
       .sites = {stream},
       .reads = {words},
       .h = {.name = "tokens_at", .parameters = {{"positions", {{0}, {1}}}}, .tensors = {}},
       .alpha = {.name = "nearest_prototype",
                 .tensors = {{"labels", labels}, {"prototypes", prototypes}}},
       .gamma = {.name = "write_prototypes",
                 .parameters = {{"positions", {0, 1}}},
                 .tensors = {{"labels", labels},
                             {"prototypes", prototypes},
                             {"mean", embeddings[5].repeat({3, 1})}}},
       .equality = equal},
      {.name = "some",
       .parents = {"words"},
       .sites = {mid, hidden},
       .reads = {neuron},
       .h = {.name = "among", .parameters = {{"yes", {1, 3}}}, .tensors = {}},
       .alpha = {.name = "threshold", .tensors = {{"thresholds", at::full({1}, 0.5)}}},
       .gamma = {.name = "write_levels",
                 .parameters = {{"neurons", {0}}},
                 .tensors = {{"on", at::ones({1})},
                             {"mean", at::zeros({2})},
                             {"stream", embeddings[5]}}},
       .equality = equal},
  };
  return interpretation;
}

/// "no" and "yes", at the question.
inline Decision or_decision() {
  return {.readout = 2, .answers = {0, 1}};
}

inline Node& node(Interpretation& interpretation, const std::string& name) {
  for (Node& candidate : interpretation.nodes)
    if (candidate.name == name) return candidate;
  throw std::out_of_range(name);
}

inline CheckResult check_or(const Interpretation& interpretation,
                            CheckConfig config = {.inputs = kInputs}) {
  return check(
      {or_network(), circuits::compile(interpretation, operations(), interp::describe(or_config())),
       or_decision()},
      or_inputs, config);
}

/// Failures of words, some and answer, each as PE, CE, PR, CR.
using Failures = std::vector<std::vector<int64_t>>;
inline Failures failures(const CheckResult& result) {
  Failures all;
  for (const NodeResult& node : result.nodes) {
    all.emplace_back();
    for (const Axiom axiom : kAxioms) all.back().push_back(node[axiom].estimate.failures);
  }
  return all;
}

}  // namespace assay::axioms
