#pragma once
// Sizes and switches of one transformer: what files say of it beside its weights.

#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

#include "interp/network/places.h"

namespace assay::interp {

enum class Norm { None, Pre };  ///< Pre: layer norm before attention, MLP and unembedding

/// Sizes and switches of one transformer.
struct TransformerConfig {
  int64_t d_vocab = 0;                    ///< tokens; no sensible default, validate() refuses 0
  int64_t n_ctx = 0;                      ///< positions; no sensible default, validate() refuses 0
  int64_t d_model = 128;                  ///< width of the residual stream
  int64_t d_mlp = 512;                    ///< hidden neurons per block
  std::vector<int64_t> n_heads = {1, 4};  ///< heads of each block; its length is the depth
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

}  // namespace assay::interp
