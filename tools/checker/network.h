#pragma once
// The architecture, written down once more, and run on intervals: token and position embeddings;
// blocks of causal attention and a ReLU MLP, each added to the residual stream; no norms; a linear
// unembedding. Weights are the float32 numbers of the file, taken as exact.

#include "interval.h"
#include "readers.h"

namespace checker {

struct Block {
  int64_t n_heads = 0, d_head = 0;
  std::vector<double> W_Q, W_K, W_V, W_O;  ///< [head, d_model, d_head], W_O [head, d_head, d_model]
  std::vector<double> b_Q, b_K, b_V,
      b_O;  ///< [head, d_head], b_O [d_model]; zeros if there are none
  std::vector<double> W_in, b_in, W_out,
      b_out;  ///< [d_model, d_mlp], [d_mlp], [d_mlp, d_model], [d_model]
};

class Network {
 public:
  /// @throws BadInput for a file that is no model, CannotCheck for another architecture.
  Network(const std::string& bytes, const std::string& where);

  int64_t d_vocab = 0, n_ctx = 0, d_model = 0, d_mlp = 0;
  std::vector<Block> blocks;
  std::vector<double> W_E, W_pos, W_U, b_U;

  /// The residual stream before the first block, [d_model].
  Vector embed(int64_t token, int64_t position) const;
  /// What head `head` of a block makes of x by W_Q, W_K or W_V with its bias: [d_head].
  Vector project(const Block& block, const Vector& x, const std::vector<double>& weight,
                 const std::vector<double>& bias, int64_t head) const;
  /// q · k / √d_head.
  Interval score(const Block& block, const Vector& q, const Vector& k) const;
  /// relu(x W_in + b_in) W_out + b_out + x: the rest of a block, after attention.
  Vector after_mlp(const Block& block, const Vector& x) const;

  /// The residual stream at the last of the tokens after the first `depth` blocks, [d_model].
  Vector residual(const std::vector<int64_t>& tokens, size_t depth) const;
  /// [d_vocab], at the last of the tokens.
  Vector logits(const std::vector<int64_t>& tokens) const;

 private:
  Vector attend(const Block& block, const std::vector<Vector>& stream,
                const std::vector<std::vector<Vector>>& keys,
                const std::vector<std::vector<Vector>>& values, size_t position) const;
};

}  // namespace checker
