#pragma once
// The networks that are treated, and their weights as the exact numbers that float32 holds.

#include <ATen/core/Tensor.h>

#include <vector>

namespace assay::interp {
class Transformer;
}

namespace assay::proofs {

/// What a block computes with, float64. Biases that the network does not have are zero.
struct BlockWeights {
  at::Tensor W_Q, W_K, W_V;  ///< [head, d_model, d_head]
  at::Tensor b_Q, b_K, b_V;  ///< [head, d_head]
  at::Tensor W_O;            ///< [head, d_head, d_model]
  at::Tensor b_O;            ///< [d_model]
  at::Tensor W_in, b_in;     ///< [d_model, d_mlp], [d_mlp]
  at::Tensor W_out, b_out;   ///< [d_mlp, d_model], [d_model]
  double scale = 1;          ///< of the scores

  int64_t heads() const { return W_Q.size(0); }
};

struct Weights {
  at::Tensor W_E, W_pos;  ///< [vocab, d_model], [n_ctx, d_model]
  std::vector<BlockWeights> blocks;
  bool summed = false;        ///< the stream is summed over positions in front of the unembedding
  at::Tensor W_head, b_head;  ///< a dense layer with ReLU behind that; undefined: none
  at::Tensor W_U, b_U;        ///< [d_model, outputs], [outputs]
};

/// @throws Untreated naming what the network has that is not treated: norms, another activation
///   than ReLU, attention to later positions, another pooling than a sum, or a setting that is not
///   known here.
Weights weights_of(const interp::Transformer& network);

}  // namespace assay::proofs
