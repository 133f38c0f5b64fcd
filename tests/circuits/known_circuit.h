#pragma once
// A transformer with weights set by hand, so that its circuit is known. It answers the question "is
// there a 1 to the left of the last position?" in three steps:
//   a0.h0   attends from everywhere to the 1s and writes `found`: the attention that 1s get
//   m1      writes `answer`: 4 · min(found, 1)
//   logits  yes = answer, no = 2 (a constant of the position embeddings)
// All other components read the tokens and each other through random weights and write, too: but
// only into directions that raise both answers' logits alike or the logits of other tokens.

#include <torch/types.h>

#include <random>
#include <string>
#include <vector>

#include "circuits/components/patching.h"
#include "interp/network/transformer.h"

namespace assay::circuits {

enum Token : int64_t { kZero, kOne, kAsk, kNo, kYes, kFiller, kVocab };
enum Direction : int64_t { kIsOne, kConstant, kFound, kAnswer, kNoise, kWidth = kNoise + 4 };

inline constexpr int64_t kPositions = 5;

/// Whatever the ablation, provided that it leaves constants alone (zero does not).
inline const std::vector<std::string> kKnownEdges = {"input->a0.h0<k>", "input->a0.h0<v>",
                                                     "a0.h0->m1", "m1->logits"};

struct KnownCircuitOptions {
  int64_t inputs = 48;
  /// Else every other input does, and has a partner without a 1; the others' partners do.
  bool all_hold_a_one = false;
  bool with_backup = false;  ///< a0.h1 does what a0.h0 does; either is enough to find a 1
  int64_t graph_positions = 0;
};

class KnownCircuit {
 public:
  explicit KnownCircuit(const KnownCircuitOptions& options = {})
      : model(config()), graph(model.places(), options.graph_positions), data(pairs(options)) {
    const at::NoGradGuard no_grad;
    for (const int64_t token : {kZero, kOne, kAsk, kFiller}) noise_into(model.W_E()[token]);
    model.W_E()[kOne][kIsOne] = 1;
    model.weight("pos_embed.W_pos").select(1, kConstant).fill_(1);
    for (const std::string block : {"blocks.0.", "blocks.1."}) {
      const auto randomise = [&](const char* name) {
        const at::Tensor W = model.weight(block + name);
        W.copy_(random(W.sizes()));
      };
      for (const char* side : {"attn.W_Q", "attn.W_K", "attn.W_V"}) randomise(side);
      noise_into(model.weight(block + "attn.W_O"));
      randomise("mlp.W_in");
      randomise("mlp.b_in");
      noise_into(model.weight(block + "mlp.W_out"));
    }
    set_finding_head(0);
    if (options.with_backup) set_finding_head(1);
    set_answering_mlp();
    model.W_U()[kAnswer][kYes] = 1;
    model.W_U()[kConstant][kNo] = 2;
    for (const int64_t token : {kNo, kYes}) model.W_U()[kNoise][token] = 0.7;
    for (const int64_t token : {kZero, kOne, kAsk, kFiller})
      model.W_U().select(1, token).slice(0, kNoise + 1).copy_(random({3}));
  }

  Experiment experiment(const std::string& ablation = "pair",
                        const std::string& metric = "logit-difference") const {
    return {.model = model,
            .graph = graph,
            .data = data,
            .readout = kPositions - 1,
            .metric = metric,
            .ablation = ablation,
            .seed = 3};
  }

  at::Tensor circuit(const std::vector<std::string>& edges = kKnownEdges) const {
    at::Tensor kept = at::zeros({graph.rows(), graph.columns()}, torch::kBool);
    for (const std::string& edge : edges) kept.view({-1})[graph.parse_edge(edge)] = true;
    return kept;
  }

  interp::Transformer model;
  ComponentGraph graph;
  Counterfactuals data;

 private:
  static interp::TransformerConfig config() {
    return {.d_vocab = kVocab,
            .n_ctx = kPositions,
            .d_model = kWidth,
            .d_mlp = 6,
            .n_heads = {2, 2},
            .d_head = {4, 4}};
  }

  /// Partners differ in the one token that holds the 1; the rest is random zeros and fillers.
  static Counterfactuals pairs(const KnownCircuitOptions& options) {
    const int64_t inputs = options.inputs;
    std::mt19937_64 engine(7);
    Counterfactuals data{.clean = at::full({inputs, kPositions}, kAsk, torch::kInt64),
                         .corrupt = {},
                         .right = at::zeros({inputs, kVocab}, torch::kBool),
                         .wrong = at::zeros({inputs, kVocab}, torch::kBool)};
    for (int64_t i = 0; i < inputs; ++i)
      for (int64_t p = 0; p + 1 < kPositions; ++p)
        data.clean[i][p] = static_cast<int64_t>(engine() % 2 == 0 ? kZero : kFiller);
    data.corrupt = data.clean.clone();
    for (int64_t i = 0; i < inputs; ++i) {
      const bool holds_one = options.all_hold_a_one || i % 2 == 0;
      (holds_one ? data.clean : data.corrupt)[i][(i / 2) % (kPositions - 1)] =
          static_cast<int64_t>(kOne);
      data.right[i][holds_one ? kYes : kNo] = true;
      data.wrong[i][holds_one ? kNo : kYes] = true;
    }
    return data;
  }

  at::Tensor random(at::IntArrayRef shape) {
    at::Tensor values = at::empty(shape, torch::kFloat32);
    std::normal_distribution<float> normal(0, 0.5);
    for (int64_t i = 0; i < values.numel(); ++i) values.data_ptr<float>()[i] = normal(engine_);
    return values;
  }

  // Only into the directions that do not bear on the answer.
  void noise_into(const at::Tensor& writes) {
    at::Tensor noise = writes.slice(-1, kNoise);
    noise.copy_(random(noise.sizes()));
  }

  void set_finding_head(int64_t head) {
    const auto attention = [&](const std::string& name) {
      return model.weight("blocks.0.attn." + name);
    };
    for (const at::Tensor& W :
         {attention("W_Q"), attention("W_K"), attention("W_V"), attention("W_O")})
      W[head].zero_();
    attention("W_Q")[head][kConstant][0] = 1;
    attention("W_K")[head][kIsOne][0] = 20;  // scores are divided by √4: a 1 gets e^10 : 1
    attention("W_V")[head][kIsOne][0] = 1;
    attention("W_O")[head][0][kFound] = 1;
  }

  void set_answering_mlp() {
    const auto mlp = [&](const std::string& name) { return model.weight("blocks.1.mlp." + name); };
    mlp("W_in").slice(1, 0, 2).zero_();
    mlp("W_out").slice(0, 0, 2).zero_();
    for (const int64_t neuron : {0, 1}) {
      mlp("W_in")[kFound][neuron] = 1;
      mlp("b_in")[neuron] = -static_cast<double>(neuron);  // relu(found), relu(found - 1)
      mlp("W_out")[neuron][kAnswer] = neuron == 0 ? 4 : -4;
    }
  }

  std::mt19937_64 engine_{11};
};

}  // namespace assay::circuits
