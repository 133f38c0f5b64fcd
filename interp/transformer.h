#pragma once
// The network: a transformer, general enough for the models that Assay reads.
//
// Axis glossary, used in every comment of the project:
//   batch    inputs                      head     attention heads of one layer
//   pos      positions (query side)      d_head   width of one head
//   key      positions (key side)        d_model  width of the residual stream
//   vocab    tokens                      d_mlp    hidden neurons of one MLP
// Tensors are float32 and their names and shapes are TransformerLens'.

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace assay::interp {

/// Gelu is GPT-2's tanh form, GeluExact x Φ(x). They differ by up to 5e-4.
enum class Activation { Relu, Gelu, GeluExact };
enum class Norm { None, Pre };         ///< Pre: layer norm before attention, MLP and unembedding

/// Sizes and switches of one transformer.
struct TransformerConfig {
  int64_t d_vocab = 0;               ///< tokens; no sensible default, validate() refuses 0
  int64_t n_ctx = 0;                 ///< positions; no sensible default, validate() refuses 0
  int64_t d_model = 128;             ///< width of the residual stream
  int64_t d_mlp = 512;               ///< hidden neurons per block
  std::vector<int64_t> n_heads = {1, 4};    ///< heads of each block; its length is the depth
  std::vector<int64_t> d_head = {128, 32};  ///< head width of each block
  Activation activation = Activation::Relu;
  Norm norm = Norm::None;
  double norm_eps = 1e-5;
  bool attention_biases = false;  ///< b_Q, b_K, b_V, b_O
  bool mlp_biases = true;         ///< b_in, b_out
  bool unembed_bias = false;      ///< b_U
  bool causal = true;  ///< a position attends to itself and those before it; false: to all

  int64_t n_layers() const { return static_cast<int64_t>(n_heads.size()); }
  bool operator==(const TransformerConfig&) const = default;
};

/// @throws std::invalid_argument naming every field that is out of range.
void validate(const TransformerConfig& config);

nlohmann::json to_json(const TransformerConfig& config);
/// @throws std::invalid_argument naming a missing, unknown or ill-typed field.
TransformerConfig config_from_json(const nlohmann::json& json);

struct LayerNorm : torch::nn::Module {
  explicit LayerNorm(int64_t d_model);
  at::Tensor w, b;  ///< [d_model]
};

struct Attention : torch::nn::Module {
  Attention(const TransformerConfig& config, int64_t layer);
  at::Tensor W_Q, W_K, W_V;  ///< [head, d_model, d_head]
  at::Tensor W_O;            ///< [head, d_head, d_model]
  at::Tensor b_Q, b_K, b_V;  ///< [head, d_head]; undefined without attention biases
  at::Tensor b_O;            ///< [d_model]; undefined without attention biases
};

struct Mlp : torch::nn::Module {
  explicit Mlp(const TransformerConfig& config);
  at::Tensor W_in;         ///< [d_model, d_mlp]
  at::Tensor W_out;        ///< [d_mlp, d_model]
  at::Tensor b_in, b_out;  ///< [d_mlp], [d_model]; undefined without MLP biases
};

struct Block : torch::nn::Module {
  Block(const TransformerConfig& config, int64_t layer);
  std::shared_ptr<Attention> attn;
  std::shared_ptr<Mlp> mlp;
  std::shared_ptr<LayerNorm> ln1, ln2;  ///< null without norms
};

/// The one trained thing of the project. It holds weights and knows nothing of running: see trace.h.
/// Parameters are named as in the files: `embed.W_E`, `blocks.0.attn.W_Q`, ….
class Transformer : public torch::nn::Module {
 public:
  /// Allocates zero weights; see initialise() or load_model(). @throws as validate().
  explicit Transformer(const TransformerConfig& config);

  const TransformerConfig& config() const { return config_; }
  /// @throws std::invalid_argument naming the first parameter that holds NaN or infinity.
  void require_finite() const;

  at::Tensor W_E;    ///< [vocab, d_model]
  at::Tensor W_pos;  ///< [n_ctx, d_model]
  at::Tensor W_U;    ///< [d_model, vocab]
  at::Tensor b_U;    ///< [vocab]; undefined without unembedding bias
  std::vector<std::shared_ptr<Block>> blocks;
  std::shared_ptr<LayerNorm> ln_final;  ///< null without norms

 private:
  TransformerConfig config_;
};

/// How random weights are scaled before training.
struct Initialisation {
  double embedding_scale = 1.0;  ///< times 1/√d_model, for W_E and W_pos
  double position_scale = 1.0;   ///< W_pos beside W_E; 0: positions start alike
  double writer_scale = 1.0;     ///< times the paper's scale, for W_O, W_out and W_U
  uint64_t seed = 0;
};
/// Normal weights of standard deviation 1/√d_model (W_U: 1/√d_vocab), zero biases: the paper's scale.
void initialise(Transformer& model, const Initialisation& initialisation);

}  // namespace assay::interp
