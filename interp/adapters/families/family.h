#pragma once
// Families of models that Hugging Face's transformers library saves as folders, one for every
// `model_type` in config.json.

#include <cstdint>
#include <string>
#include <vector>

#include "interp/adapters/config_fields.h"
#include "interp/adapters/conversion.h"
#include "interp/registry.h"

namespace assay::interp {

struct Family {
  std::string name;  ///< `model_type`
  std::string help;
  /// @throws std::runtime_error naming the field of config.json, or the tensor, that is missing,
  ///   contradictory, unknown or cannot be run.
  Weights (*read)(ConfigFields& config, const TensorMap& tensors) = nullptr;
};

/// Open, as layouts() is.
Registry<Family>& families();

// --- what several of them share

/// The fields of config.json that hold the sizes of a network.
struct SizeFields {
  const char *vocabulary, *positions, *width, *layers, *heads;
};

/// Sizes, with heads of equal width. @throws also where there are fewer tensors than layers.
/// @param head_width  a field that may hold the width of a head, or null.
TransformerConfig read_sizes(ConfigFields& config, const SizeFields& fields,
                             const TensorMap& tensors, const char* head_width = nullptr);

/// Rotary positions. Up to version 4 of transformers, their fields stand among the others
/// (`rope_theta`, `rope_scaling`, …); from 5 on, in an object `rope_parameters`.
/// @param part  of a head's width that is rotated where nothing is said.
void read_rotary(ConfigFields& config, TransformerConfig& network, double part = 1);

/// How far back each block looks; 0 and windows as long as the context limit nothing.
void set_windows(TransformerConfig& network, std::vector<int64_t> windows);

Weights read_gpt2(ConfigFields& config, const TensorMap& tensors);
Weights read_gpt_neo(ConfigFields& config, const TensorMap& tensors);
Weights read_gptj(ConfigFields& config, const TensorMap& tensors);
Weights read_gpt_neox(ConfigFields& config, const TensorMap& tensors);
Weights read_opt(ConfigFields& config, const TensorMap& tensors);
Weights read_llama(ConfigFields& config, const TensorMap& tensors);
Weights read_mistral(ConfigFields& config, const TensorMap& tensors);
Weights read_qwen2(ConfigFields& config, const TensorMap& tensors);
Weights read_bert(ConfigFields& config, const TensorMap& tensors);
Weights read_roberta(ConfigFields& config, const TensorMap& tensors);
Weights read_distilbert(ConfigFields& config, const TensorMap& tensors);

}  // namespace assay::interp
