#pragma once
// Sizes and switches of one transformer: what files say of it beside its weights.

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "interp/network/places.h"

namespace assay::interp {

/// What is normalised, and how. Pre: layer norm with weights in front of attention, MLP and
/// unembedding; PreUnweighted: the same without weights; Rms: x / sqrt(mean x² + eps) · w in the
/// same places; RmsUnweighted: without w; Post: layer norm with weights after each residual sum
/// (BERT, OPT-350m), and none in front of the unembedding.
enum class Norm { None, Pre, PreUnweighted, Rms, RmsUnweighted, Post };

/// How positions are told apart. Learned: a vector per position is added to the token's; Rotary:
/// queries and keys are rotated (Su et al. 2021); Alibi: scores fall linearly with the distance
/// (Press et al. 2022); None: not at all, but for what a causal mask tells.
enum class PositionEncoding { Learned, None, Rotary, Alibi };

enum class ScoreScale { Scaled, Unscaled };  ///< Scaled: by 1/sqrt(d_head)

/// Sequential: the MLP reads what attention has written. Parallel: both read resid_pre, each
/// through a norm of its own (GPT-NeoX); ParallelOneNorm: both through ln1 (GPT-J).
enum class BlockForm { Sequential, Parallel, ParallelOneNorm };

/// Sizes and switches of one transformer. Files hold the switches after `unembed_bias` only where
/// they differ from what stands here.
struct TransformerConfig {
  int64_t d_vocab = 0;                    ///< tokens; no sensible default, validate() refuses 0
  int64_t n_ctx = 0;                      ///< positions; no sensible default, validate() refuses 0
  int64_t d_model = 128;                  ///< width of the residual stream
  int64_t d_mlp = 512;                    ///< hidden neurons per block; 0: blocks have no MLP
  std::vector<int64_t> n_heads = {1, 4};  ///< heads of each block; its length is the depth
  std::vector<int64_t> d_head = {128, 32};  ///< head width of each block
  Activation activation = Activation::Relu;
  Norm norm = Norm::None;
  double norm_eps = 1e-5;
  bool attention_biases = false;  ///< b_Q, b_K, b_V, b_O
  bool mlp_biases = true;         ///< b_in, b_out
  bool unembed_bias = false;      ///< b_U
  bool causal = true;  ///< a position attends to itself and those before it; false: to all

  bool gated_mlp = false;       ///< hidden neurons are act(x W_gate) ⊙ (x W_in + b_in)
  bool embedding_norm = false;  ///< layer norm `embed.ln` after the sum of the embeddings
  PositionEncoding positions = PositionEncoding::Learned;
  int64_t rotary_dims = 0;          ///< first entries of a head that are rotated; 0: all
  double rotary_base = 10000;       ///< of the angles, θ
  bool rotary_interleaved = false;  ///< pairs are neighbours (GPT-J); false: i and i + dims/2
  /// Heads of W_K and W_V in each block: query head h reads number h · n_kv_heads / n_heads.
  /// Empty: as n_heads.
  std::vector<int64_t> n_kv_heads = {};
  ScoreScale scores = ScoreScale::Scaled;
  /// Of each block: a position attends to itself and the windows-1 before it; 0: to all before it.
  /// Empty: 0 everywhere.
  std::vector<int64_t> windows = {};
  BlockForm blocks = BlockForm::Sequential;
  int64_t d_output = 0;  ///< numbers per position that come out; 0: one per token
  int64_t d_embed = 0;   ///< width of W_E, projected to d_model, and of W_U; 0: d_model
  Pooling pool = Pooling::None;
  /// A dense layer `head.W`, `head.b` with this activation in front of the unembedding; none: no
  /// such layer.
  std::optional<Activation> head_dense = {};
  bool head_norm = false;  ///< layer norm `head.ln` after it

  int64_t n_layers() const { return static_cast<int64_t>(n_heads.size()); }
  int64_t kv_heads(int64_t layer) const {
    return n_kv_heads.empty() ? n_heads[layer] : n_kv_heads[layer];
  }
  int64_t window(int64_t layer) const { return windows.empty() ? 0 : windows[layer]; }
  int64_t outputs() const { return d_output == 0 ? d_vocab : d_output; }
  /// Is the residual stream normalised in front of the unembedding?
  bool final_norm() const { return norm != Norm::None && norm != Norm::Post; }
  bool operator==(const TransformerConfig&) const = default;
};

/// @throws std::invalid_argument naming every field that is out of range.
void validate(const TransformerConfig& config);

nlohmann::json to_json(const TransformerConfig& config);
/// @throws std::invalid_argument naming a missing, unknown or ill-typed field.
TransformerConfig config_from_json(const nlohmann::json& json);

}  // namespace assay::interp
