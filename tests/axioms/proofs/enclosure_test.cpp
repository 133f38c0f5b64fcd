// Enclosures of random networks: the exact logits and what float32 gives lie within.

#include "axioms/proofs/enclosure.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>
#include <memory>

#include "axioms/proofs/statement.h"
#include "interp/network/transformer.h"

namespace assay::proofs {
namespace enclosure_test {

using at::Tensor;

std::unique_ptr<interp::Transformer> random_network(int64_t layers, bool biases, uint64_t seed) {
  interp::TransformerConfig config{.d_vocab = 11, .n_ctx = 6, .d_model = 24, .d_mlp = 40};
  config.n_heads.assign(layers, 2);
  config.d_head.assign(layers, 8);
  config.attention_biases = config.unembed_bias = biases;
  at::manual_seed(seed);  // of the biases, and of what is drawn after them
  auto network = std::make_unique<interp::Transformer>(config);
  interp::initialise(*network, {.embedding_scale = 1, .seed = seed});
  if (biases)
    for (const Tensor& weight : network->weights())
      if (weight.dim() < 3 && !weight.ne(0).any().item<bool>())
        weight.detach().copy_(at::randn(weight.sizes()));
  return network;
}

// The same logits by a network whose weights are written down in float64 matrix by matrix.
Tensor in_float64(const Weights& w, const Tensor& tokens) {
  const int64_t n = tokens.size(1);
  Tensor x = w.W_E.index_select(0, tokens.flatten()).view({tokens.size(0), n, -1}) +
             w.W_pos.narrow(0, 0, n);
  const Tensor later = at::ones({n, n}, torch::kBool).triu(1);
  for (const BlockWeights& b : w.blocks) {
    Tensor out = b.b_O;
    for (int64_t h = 0; h < b.heads(); ++h) {
      const Tensor q = at::matmul(x, b.W_Q[h]) + b.b_Q[h], k = at::matmul(x, b.W_K[h]) + b.b_K[h];
      const Tensor s = (at::matmul(q, k.transpose(1, 2)) * b.scale).masked_fill(later, -INFINITY);
      const Tensor v = at::matmul(x, b.W_V[h]) + b.b_V[h];
      out = out + at::matmul(at::matmul(at::softmax(s, 2), v), b.W_O[h]);
    }
    x = x + out;
    x = x + at::matmul(at::relu(at::matmul(x, b.W_in) + b.b_in), b.W_out) + b.b_out;
  }
  x = w.summed ? x.sum(1) : x.select(1, n - 1);
  if (w.W_head.defined()) x = at::relu(at::matmul(x, w.W_head) + w.b_head);
  return at::matmul(x, w.W_U) + w.b_U;
}

TEST(Enclosure, HoldsWhatFloat64AndFloat32Give) {
  for (const int64_t layers : {1, 2})
    for (const bool biases : {false, true}) {
      const auto network = random_network(layers, biases, 7 + layers);
      const Weights weights = weights_of(*network);
      const Tensor tokens = at::randint(0, 11, {200, 6}, torch::kInt64);
      const Tensor exact = in_float64(weights, tokens);
      const Ball ball = logits(weights, tokens, 5);
      EXPECT_TRUE((ball.mid - exact).abs().le(2 * ball.radius + 1e-12).all().item<bool>());
      // The second layer's attention amplifies the rounding of the first; at most 4.2e-11
      // and 2.1e-6 with these seeds, where the values are up to 16.
      EXPECT_LT(ball.radius.max().item<double>(), layers == 1 ? 1e-10 : 4e-6);
      const Tensor run = interp::logits_at(*network, tokens, 5).to(torch::kFloat64);
      for (const Rounding rounding : {Rounding::Float32, Rounding::Absorbed}) {
        if (layers == 2) continue;  // there these bounds grow too fast to say anything of float32
        const Ball rough = logits(weights, tokens, 5, rounding);
        EXPECT_TRUE((rough.mid - run).abs().le(rough.radius).all().item<bool>());
        EXPECT_LT(rough.radius.max().item<double>(), 1);
      }
      EXPECT_GT((ball.mid - run).abs().max().item<double>(), 0);
    }
}

TEST(Enclosure, HoldsWhatNetworksGiveThatSumOverPositions) {
  for (const bool head : {false, true}) {
    interp::TransformerConfig config{.d_vocab = 2, .n_ctx = 6, .d_model = 8, .d_mlp = 12};
    config.n_heads = {2, 2}, config.d_head = {4, 4};
    config.pool = interp::Pooling::Sum;
    if (head) config.head_dense = interp::Activation::Relu;
    config.d_output = 3;
    config.unembed_bias = true;
    interp::Transformer network(config);
    interp::initialise(network, {.seed = 11});
    const Weights weights = weights_of(network);
    const Tensor tokens = at::randint(0, 2, {64, 6}, torch::kInt64);
    const Tensor exact = in_float64(weights, tokens);
    const Ball ball = logits(weights, tokens, 0);
    EXPECT_EQ(ball.mid.sizes().vec(), (std::vector<int64_t>{64, 3}));
    EXPECT_TRUE((ball.mid - exact).abs().le(2 * ball.radius + 1e-12).all().item<bool>());
    EXPECT_LT(ball.radius.max().item<double>(), 1e-6);
    const Tensor run = interp::logits_at(network, tokens, 0).to(torch::kFloat64);
    EXPECT_LT((ball.mid - run).abs().max().item<double>(), 1e-3);
  }
}

TEST(Enclosure, RefusesWhatItDoesNotTreatByName) {
  interp::TransformerConfig config{.d_vocab = 5, .n_ctx = 3, .d_model = 8, .d_mlp = 8};
  config.n_heads = {1}, config.d_head = {8};
  config.norm = interp::Norm::Pre;
  EXPECT_THROW(weights_of(interp::Transformer(config)), Untreated);
  config.norm = interp::Norm::None;
  config.activation = interp::Activation::Gelu;
  EXPECT_THROW(weights_of(interp::Transformer(config)), Untreated);
  config.activation = interp::Activation::Relu;
  config.causal = false;
  EXPECT_THROW(weights_of(interp::Transformer(config)), Untreated);
  config.causal = true;
  EXPECT_NO_THROW(weights_of(interp::Transformer(config)));
  config.pool = interp::Pooling::Mean;
  EXPECT_THROW(weights_of(interp::Transformer(config)), Untreated);
  config.pool = interp::Pooling::Sum;
  EXPECT_NO_THROW(weights_of(interp::Transformer(config)));
  config.head_dense = interp::Activation::Tanh;
  EXPECT_THROW(weights_of(interp::Transformer(config)), Untreated);
}

}  // namespace enclosure_test
}  // namespace assay::proofs
