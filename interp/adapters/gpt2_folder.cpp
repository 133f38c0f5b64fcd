#include "interp/adapters/gpt2_folder.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <limits>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "interp/files/fail.h"
#include "interp/files/files.h"
#include "interp/files/json_reader.h"
#include "interp/files/json_shape.h"
#include "interp/files/weight_file.h"

namespace assay::interp {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

json_shapes::Field size_field(const char* name) {
  return {name, json_shapes::integer(1, std::numeric_limits<int32_t>::max())};
}

const Shape& shape_of_config() {
  using namespace json_shapes;  // NOLINT(google-build-using-namespace)
  static const Shape shape =
      object({{"model_type", text_among({"gpt2"})},
              size_field("n_layer"),
              size_field("n_head"),
              size_field("n_embd"),
              size_field("n_positions"),
              size_field("vocab_size"),
              optional("n_inner", nullable(integer(1, std::numeric_limits<int32_t>::max()))),
              optional("layer_norm_epsilon", number()),
              optional("activation_function", text()),
              optional("tie_word_embeddings", boolean())});
  return shape;
}

/// Refuses what the network cannot express; a field's absence means the expected value.
void require_gpt2_field(const json& config, const char* field, bool expected) {
  const json found = config.value(field, json(expected));
  if (found != expected) {
    fail("config.json: '{}': expected {}, found {}", field, expected, cut_short(found.dump(), 60));
  }
}

Activation gpt2_activation(const json& config) {
  static const std::map<std::string, Activation> known = {
      {"gelu_new", Activation::Gelu},         {"gelu_pytorch_tanh", Activation::Gelu},
      {"gelu_fast", Activation::Gelu},        {"gelu", Activation::GeluExact},
      {"gelu_python", Activation::GeluExact}, {"relu", Activation::Relu}};
  const auto name = config.value("activation_function", std::string("gelu_new"));
  const auto found = known.find(name);
  if (found != known.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [word, activation] : known) names.push_back(word);
  fail("config.json: 'activation_function': '{}' cannot be run; this version runs {}",
       cut_short(name, 60), fmt::join(names, ", "));
}

TransformerConfig gpt2_config(const json& config, size_t tensors) {
  require_gpt2_field(config, "scale_attn_weights", true);
  require_gpt2_field(config, "scale_attn_by_inverse_layer_idx", false);
  require_gpt2_field(config, "add_cross_attention", false);
  const int64_t d_model = config["n_embd"], heads = config["n_head"], layers = config["n_layer"];
  if (d_model % heads != 0) {
    fail("config.json: 'n_head': expected a divisor of {}, found {}", d_model, heads);
  }
  if (std::cmp_greater(layers, tensors)) {
    fail("config.json: 'n_layer': found {}, but only {} tensors", layers, tensors);
  }
  const bool own_width = config.contains("n_inner") && !config["n_inner"].is_null();
  return {.d_vocab = config["vocab_size"],
          .n_ctx = config["n_positions"],
          .d_model = d_model,
          .d_mlp = own_width ? config["n_inner"].get<int64_t>() : 4 * d_model,
          .n_heads = std::vector<int64_t>(layers, heads),
          .d_head = std::vector<int64_t>(layers, d_model / heads),
          .activation = gpt2_activation(config),
          .norm = Norm::Pre,
          .norm_eps = config.value("layer_norm_epsilon", 1e-5),
          .attention_biases = true,
          .mlp_biases = true,
          .unembed_bias = false};
}

// --- weights, in one file or in several

/// Tensors by the file that they are in, as an index says.
std::map<std::string, std::set<std::string>> shards_in(const fs::path& index) {
  const auto content = read_json(index);
  require_shape(content,
                json_shapes::object({{"weight_map", json_shapes::map(json_shapes::text())}}),
                index.string());
  std::map<std::string, std::set<std::string>> shards;
  for (const auto& [tensor, file] : content.at("weight_map").items()) {
    const fs::path name = file.get<std::string>();
    if (name.empty() || name != name.filename() || name == "." || name == "..") {
      fail("{}: weight_map: '{}': expected the name of a file beside it, found '{}'",
           index.string(), cut_short(tensor, 80), cut_short(name.string(), 80));
    }
    shards[name.string()].insert(tensor);
  }
  if (shards.empty()) fail("{}: weight_map: names no file", index.string());
  return shards;
}

/// @param sums  grows by the lines that sha256sum prints.
TensorMap read_shards(const fs::path& index, std::string& sums) {
  TensorMap tensors;
  for (const auto& [name, expected] : shards_in(index)) {
    const fs::path path = index.parent_path() / name;
    TensorMap shard = read_weight_file(path).tensors;
    for (const std::string& tensor : expected) {
      if (!shard.contains(tensor)) {
        fail("{}: tensor '{}': missing, though {} says that it is here", path.string(),
             cut_short(tensor, 80), index.filename().string());
      }
    }
    sums += fmt::format("{}  {}\n", sha256_of_file(path), name);
    tensors.merge(shard);
    if (!shard.empty()) {
      fail("{}: tensor '{}': stands in another shard as well", path.string(), shard.begin()->first);
    }
  }
  return tensors;
}

std::pair<TensorMap, std::string> read_gpt2_weights(const fs::path& folder) {
  for (const char* name : {"model.safetensors", "pytorch_model.bin"}) {
    const fs::path whole = folder / name, index = folder / (std::string(name) + ".index.json");
    if (fs::exists(whole)) return {read_weight_file(whole).tensors, sha256_of_file(whole)};
    if (!fs::exists(index)) continue;
    std::string sums;
    TensorMap tensors = read_shards(index, sums);
    return {std::move(tensors), sha256(sums)};
  }
  fail("{}: expected model.safetensors, pytorch_model.bin or the index.json of their shards",
       folder.string());
}

}  // namespace

Gpt2Folder read_gpt2_folder(const fs::path& folder) {
  Gpt2Folder content;
  const auto config = read_json(folder / "config.json");
  require_shape(config, shape_of_config(), "config.json");
  content.config = config;
  auto [tensors, sha256] = read_gpt2_weights(folder);
  content.sha256 = std::move(sha256);
  content.weights = from_gpt2(tensors, gpt2_config(content.config, tensors.size()),
                              content.config.value("tie_word_embeddings", true));
  return content;
}

}  // namespace assay::interp
