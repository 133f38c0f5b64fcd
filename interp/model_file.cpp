#include "interp/model_file.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <fstream>
#include <functional>
#include <limits>
#include <stdexcept>
#include <utility>

#include "interp/fail.h"
#include "interp/files.h"
#include "interp/layouts.h"
#include "interp/pth.h"
#include "interp/safetensors.h"
#include "interp/transformer.h"

namespace assay::interp {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kConfig = "config";  // keys of a safetensors file's __metadata__
constexpr const char* kMetadata = "assay";
constexpr int kDeepestJson = 100;  // copying and printing JSON recurses

/// What a file says, whatever its format.
struct Content {
  Weights weights;
  std::string layout;
  json metadata = json::object();
};

json parse(const std::string& text, std::string_view what) {
  const auto watch = [&](int depth, json::parse_event_t, const json&) {
    if (depth > kDeepestJson) fail("{}: nested too deeply", what);
    return true;
  };
  json parsed = json::parse(text, watch);
  if (!parsed.is_object()) fail("{}: expected a JSON object", what);
  return parsed;
}

Content recognised(const TensorMap& tensors, json metadata) {
  const std::string layout = recognise(tensors);
  if (layout == "gpt2") fail("GPT-2 weights: expected the folder that holds their config.json too");
  Weights weights = layout == "grokking" ? from_grokking(tensors) : from_transformer_lens(tensors);
  return {std::move(weights), layout, std::move(metadata)};
}

Content read_own_or_recognised(const fs::path& file) {
  const Safetensors content = read_safetensors(file);
  const auto config = content.metadata.find(kConfig);
  if (config == content.metadata.end()) return recognised(content.tensors, json::object());
  const auto metadata = content.metadata.find(kMetadata);
  const TransformerConfig sizes = config_from_json(parse(config->second, kConfig));
  return {from_transformer_lens(content.tensors, sizes), "assay",
          metadata == content.metadata.end() ? json::object() : parse(metadata->second, kMetadata)};
}

// --- the config.json of GPT-2

int64_t size_field(const json& config, const char* field) {
  const auto found = config.find(field);
  const bool fits = found != config.end() && found->is_number_integer() && *found >= 1 &&
                    *found <= std::numeric_limits<int32_t>::max();
  if (!fits) fail("config.json: '{}': expected a positive 32-bit integer", field);
  return *found;
}

/// Refuses what the network cannot express; a field's absence means the expected value.
void require(const json& config, const char* field, const json& expected) {
  const json found = config.value(field, expected);
  if (found != expected) {
    fail("config.json: '{}': expected {}, found {}", field, expected.dump(), found.dump());
  }
}

TransformerConfig gpt2_config(const json& config, size_t tensors) {
  require(config, "model_type", "gpt2");
  require(config, "activation_function", "gelu_new");
  require(config, "scale_attn_weights", true);
  require(config, "scale_attn_by_inverse_layer_idx", false);
  const int64_t d_model = size_field(config, "n_embd"), heads = size_field(config, "n_head");
  const int64_t layers = size_field(config, "n_layer");
  if (d_model % heads != 0) {
    fail("config.json: 'n_head': expected a divisor of {}, found {}", d_model, heads);
  }
  if (std::cmp_greater(layers, tensors)) {
    fail("config.json: 'n_layer': found {}, but only {} tensors", layers, tensors);
  }
  const bool own_width = config.contains("n_inner") && !config["n_inner"].is_null();
  return {.d_vocab = size_field(config, "vocab_size"),
          .n_ctx = size_field(config, "n_positions"),
          .d_model = d_model,
          .d_mlp = own_width ? size_field(config, "n_inner") : 4 * d_model,
          .n_heads = std::vector<int64_t>(layers, heads),
          .d_head = std::vector<int64_t>(layers, d_model / heads),
          .activation = Activation::Gelu,
          .norm = Norm::Pre,
          .norm_eps = config.value("layer_norm_epsilon", 1e-5),
          .attention_biases = true,
          .mlp_biases = true,
          .unembed_bias = false};
}

Content read_gpt2(const fs::path& folder, const fs::path& weights) {
  json config = parse(read_file(folder / "config.json"), "config.json");
  const TensorMap tensors = read_safetensors(weights).tensors;
  const bool tied = config.value("tie_word_embeddings", true);
  return {from_gpt2(tensors, gpt2_config(config, tensors.size()), tied), "gpt2", std::move(config)};
}

// --- any of them

Content read(const fs::path& path, const fs::path& weights) {
  if (weights != path) return read_gpt2(path, weights);
  std::ifstream file(path, std::ios::binary);
  char start[2] = {};
  file.read(start, sizeof start);
  if (std::string_view(start, sizeof start) != "PK") return read_own_or_recognised(path);
  const Checkpoint checkpoint = read_checkpoint(path);  // a zip archive
  return recognised(checkpoint.tensors, checkpoint.numbers);
}

std::shared_ptr<Transformer> assemble(const Weights& weights) {
  auto model = std::make_shared<Transformer>(weights.config);
  for (auto& parameter : model->named_parameters()) {
    parameter.value().copy_(weights.tensors.at(parameter.key()));
    parameter.value().requires_grad_(false);
  }
  model->require_finite();
  return model;
}

}  // namespace

LoadedModel load_model(const fs::path& path) {
  const torch::NoGradGuard no_grad;
  const fs::path weights = fs::is_directory(path) ? path / "model.safetensors" : path;
  try {
    Content content = read(path, weights);
    return {assemble(content.weights), sha256_of_file(weights), content.layout,
            std::move(content.metadata)};
  } catch (const std::exception& error) {
    const std::string message = error.what();
    const bool named = message.starts_with(path.string());  // the readers of formats do so
    throw std::runtime_error(named ? message : fmt::format("{}: {}", path.string(), message));
  }
}

void save_model(const Transformer& model, const fs::path& path, const json& metadata) {
  if (!metadata.is_object()) throw std::invalid_argument("metadata: expected a JSON object");
  model.require_finite();
  Safetensors content;
  content.metadata = {{kConfig, to_json(model.config()).dump()}, {kMetadata, metadata.dump()}};
  for (const auto& parameter : model.named_parameters()) {
    content.tensors[parameter.key()] = parameter.value();
  }
  write_safetensors(path, content);
}

}  // namespace assay::interp
