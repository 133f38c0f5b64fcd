#include "interp/adapters/layouts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/types.h>

#include <algorithm>
#include <functional>
#include <set>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "interp/adapters/attention_mask.h"
#include "interp/files/fail.h"
#include "interp/network/build.h"

namespace assay::interp {
namespace {

using Sizes = std::vector<int64_t>;

/// Where one parameter comes from.
struct Origin {
  std::string tensor;  ///< its name in the file
  Sizes shape;         ///< expected there
  std::function<at::Tensor(const at::Tensor&)> convert;
  bool may_be_absent = false;  ///< and then is zero
};
/// Tells the origin of a parameter from its name and its shape in a Transformer.
using Layout = std::function<Origin(const std::string& name, const Sizes& shape)>;

std::string leaf_of(const std::string& name) {
  return name.substr(name.rfind('.') + 1);
}

at::Tensor transpose(const at::Tensor& tensor) {
  return tensor.transpose(-2, -1);
}

at::Tensor keep(const at::Tensor& tensor) {
  return tensor;
}

bool ends_with_any(const std::string& name, const std::vector<std::string>& suffixes) {
  return std::ranges::any_of(suffixes, [&](const auto& suffix) { return name.ends_with(suffix); });
}

void require_read(const std::string& name, const at::Tensor& tensor) {
  if (!tensor.defined()) fail("tensor '{}': of a type that is not read (8-bit, complex, …)", name);
}

at::Tensor convert_one(const TensorMap& file, const Origin& origin, const Sizes& shape) {
  const auto found = file.find(origin.tensor);
  if (found == file.end()) {
    if (origin.may_be_absent) return at::zeros(shape);
    fail("tensor '{}': missing, expected shape [{}]", origin.tensor, fmt::join(origin.shape, ", "));
  }
  const at::Tensor& tensor = found->second;
  require_read(origin.tensor, tensor);
  if (tensor.sizes() != origin.shape) {
    fail("tensor '{}': expected shape [{}], found [{}]", origin.tensor,
         fmt::join(origin.shape, ", "), fmt::join(tensor.sizes(), ", "));
  }
  if (!tensor.is_floating_point()) {
    fail("tensor '{}': expected floating point, found {}", origin.tensor,
         c10::toString(tensor.scalar_type()));
  }
  return origin.convert(tensor).to(at::kFloat);
}

/// Tensors beside the parameters, by the ends of their names.
struct Buffers {
  std::string mask;
  std::vector<std::string> ignored;
};

/// Parts of networks that this version cannot run, by the ends of their tensors' names.
std::string foreign_part(const std::string& name) {
  static const std::map<std::string, std::string> known = {
      {".mlp.W_gate", "gated MLPs"},
      {".attn._W_K", "grouped keys and values"},
      {".attn.rotary_sin", "rotary positions"},
      {".attn.rotary_cos", "rotary positions"},
      {".ln1_post.w", "norms behind attention"},
      {".attn.q_norm.w", "norms of queries"}};
  for (const auto& [suffix, part] : known) {
    if (name.ends_with(suffix)) return part;
  }
  return "";
}

void require_known(const std::string& name, const at::Tensor& tensor,
                   const TransformerConfig& config, const Buffers& buffers) {
  if (name.ends_with(buffers.mask)) {
    require_read(name, tensor);
    return require_same_attention(name, tensor, config);
  }
  if (ends_with_any(name, buffers.ignored)) return;
  const std::string part = foreign_part(name);
  if (!part.empty()) fail("tensor '{}': {} cannot be run", name, part);
  const std::string shape =
      tensor.defined() ? fmt::format(", shape [{}]", fmt::join(tensor.sizes(), ", ")) : "";
  fail("tensor '{}': unknown{}", name, shape);
}

/// Finds every parameter in the file, and no tensor there that is none.
Weights convert(const TensorMap& file, const TransformerConfig& config, const Layout& layout,
                const Buffers& buffers) {
  validate(config);
  if (std::cmp_greater(config.n_layers(), file.size())) {
    fail("configuration: {} blocks, but only {} tensors", config.n_layers(), file.size());
  }
  Weights weights{.config = config};
  std::set<std::string> used;
  std::map<std::string, Sizes> shapes;  // by name, so that errors do not hang on the architecture
  for (const Weight& weight : describe(config).weights) shapes.emplace(weight.name, weight.shape);
  for (const auto& [name, shape] : shapes) {
    const Origin origin = layout(name, shape);
    weights.tensors[name] = convert_one(file, origin, shape);
    used.insert(origin.tensor);
  }
  for (const auto& [name, tensor] : file) {
    if (!used.contains(name)) require_known(name, tensor, config, buffers);
  }
  return weights;
}

// --- TransformerLens and grokking: the same names

/// The size along one axis, the last two axes being swapped in the file if `transposed`.
int64_t size_of(const TensorMap& tensors, const std::string& name, int64_t rank, int64_t axis,
                bool transposed) {
  const auto found = tensors.find(name);
  if (found == tensors.end()) fail("tensor '{}': missing", name);
  require_read(name, found->second);
  if (found->second.dim() != rank) {
    fail("tensor '{}': expected {} axes, found shape [{}]", name, rank,
         fmt::join(found->second.sizes(), ", "));
  }
  const bool swapped = transposed && axis >= rank - 2;
  return found->second.size(swapped ? 2 * rank - 3 - axis : axis);
}

bool has_any(const TensorMap& tensors, const std::vector<std::string>& suffixes) {
  return std::ranges::any_of(
      tensors, [&](const auto& entry) { return ends_with_any(entry.first, suffixes); });
}

void say_sizes(const TensorMap& tensors, bool transposed, Settings& settings) {
  const auto size = [&](const std::string& name, int64_t rank, int64_t axis) {
    return size_of(tensors, name, rank, axis, transposed);
  };
  const auto say = [&](const char* name, const nlohmann::json& value) {
    settings.say(name, value, "tensors");
  };
  if (!tensors.contains("pos_embed.W_pos")) {
    fail("tensor 'pos_embed.W_pos': missing: networks without learned positions cannot be run");
  }
  say("d_vocab", size("embed.W_E", 2, 0));
  say("n_ctx", size_of(tensors, "pos_embed.W_pos", 2, 0, false));
  say("d_model", size("embed.W_E", 2, 1));
  say("d_mlp", size("blocks.0.mlp.W_in", 2, 1));
  Sizes heads, widths;
  for (int64_t layer = 0;; ++layer) {
    const std::string W_Q = fmt::format("blocks.{}.attn.W_Q", layer);
    if (!tensors.contains(W_Q)) break;
    heads.push_back(size(W_Q, 3, 0));
    widths.push_back(size(W_Q, 3, 2));
  }
  say("n_heads", heads);
  say("d_head", widths);
  say("attention_biases", has_any(tensors, {"attn.b_Q", "attn.b_K", "attn.b_V", "attn.b_O"}));
  say("mlp_biases", has_any(tensors, {"mlp.b_in", "mlp.b_out"}));
  say("unembed_bias", has_any(tensors, {"unembed.b_U"}));
}

/// Norms without weights leave no tensors, so that their absence tells nothing.
void say_norm(const TensorMap& tensors, Settings& settings) {
  const bool gains = has_any(tensors, {"ln1.w", "ln2.w", "ln_final.w"});
  const bool shifts = has_any(tensors, {"ln1.b", "ln2.b", "ln_final.b"});
  if (gains && shifts) settings.say("norm", "pre", "tensors");
  if (gains && !shifts) settings.say("norm", "rms", "tensors");
  const Setting* norm = settings.find("norm");
  if (!gains && norm != nullptr && norm->value == "pre") {
    fail("norm: pre according to {}, but there is no tensor 'blocks.0.ln1.w'", norm->source);
  }
}

Origin same_place(const std::string& name, const Sizes& shape) {
  return {name, shape, keep, leaf_of(name).starts_with("b_")};
}

Origin grokking_place(const std::string& name, const Sizes& shape) {
  const std::string leaf = leaf_of(name);
  if (leaf == "W_O") {
    const auto split_heads = [shape](const at::Tensor& W) { return W.t().reshape(shape); };
    return {name, {shape[2], shape[0] * shape[1]}, split_heads};
  }
  Origin origin = same_place(name, shape);
  if (std::set<std::string>{"W_E", "W_Q", "W_K", "W_V", "W_in", "W_out"}.contains(leaf)) {
    std::swap(origin.shape[shape.size() - 2], origin.shape[shape.size() - 1]);
    origin.convert = transpose;
  }
  return origin;
}

// --- GPT-2

/// `c_attn` packs queries, keys and values along its last axis, heads within each.
Origin packed(const std::string& tensor, const Sizes& shape, int64_t part) {
  const int64_t width = shape.front() * shape.back();  // heads · d_head
  const auto unpack = [=](const at::Tensor& all) {
    const at::Tensor one = all.narrow(-1, part * width, width);
    if (one.dim() == 1) return one.view(shape);
    return one.view({shape[1], shape[0], shape[2]}).transpose(0, 1);
  };
  if (shape.size() == 2) return {tensor + ".bias", {3 * width}, unpack};
  return {tensor + ".weight", {shape[1], 3 * width}, unpack};
}

/// Conv1D weights are [in, out], as ours are.
Origin gpt2_block_place(const std::string& block, const std::string& part, const Sizes& shape) {
  static const std::map<std::string, int64_t> parts = {{"attn.W_Q", 0}, {"attn.W_K", 1},
                                                       {"attn.W_V", 2}, {"attn.b_Q", 0},
                                                       {"attn.b_K", 1}, {"attn.b_V", 2}};
  if (const auto found = parts.find(part); found != parts.end()) {
    return packed(block + "attn.c_attn", shape, found->second);
  }
  static const std::map<std::string, std::string> names = {
      {"attn.W_O", "attn.c_proj.weight"}, {"attn.b_O", "attn.c_proj.bias"},
      {"ln1.w", "ln_1.weight"},           {"ln1.b", "ln_1.bias"},
      {"ln2.w", "ln_2.weight"},           {"ln2.b", "ln_2.bias"},
      {"mlp.W_in", "mlp.c_fc.weight"},    {"mlp.b_in", "mlp.c_fc.bias"},
      {"mlp.W_out", "mlp.c_proj.weight"}, {"mlp.b_out", "mlp.c_proj.bias"}};
  const auto reshape = [shape](const at::Tensor& tensor) { return tensor.reshape(shape); };
  const Sizes theirs = part == "attn.W_O" ? Sizes{shape[0] * shape[1], shape[2]} : shape;
  return {block + names.at(part), theirs, reshape};
}

Layout gpt2_layout(const std::string& prefix, bool tied) {
  return [=](const std::string& name, const Sizes& shape) -> Origin {
    if (name == "embed.W_E") return {prefix + "wte.weight", shape, keep};
    if (name == "pos_embed.W_pos") return {prefix + "wpe.weight", shape, keep};
    if (name == "ln_final.w") return {prefix + "ln_f.weight", shape, keep};
    if (name == "ln_final.b") return {prefix + "ln_f.bias", shape, keep};
    if (name == "unembed.W_U") {
      return {tied ? prefix + "wte.weight" : "lm_head.weight", {shape[1], shape[0]}, transpose};
    }
    constexpr size_t kLayer = std::string_view("blocks.").size();
    const size_t part = name.find('.', kLayer) + 1;
    const std::string block = prefix + "h." + name.substr(kLayer, part - kLayer);
    return gpt2_block_place(block, name.substr(part), shape);
  };
}

}  // namespace

Weights from_transformer_lens(const TensorMap& tensors, const TransformerConfig& config) {
  return convert(tensors, config, same_place, {".attn.mask", {".attn.IGNORE"}});
}

Weights from_transformer_lens(const TensorMap& tensors, Settings& settings) {
  say_sizes(tensors, false, settings);
  say_norm(tensors, settings);
  return from_transformer_lens(tensors, settings.configuration());
}

Weights from_grokking(const TensorMap& tensors, Settings& settings) {
  say_sizes(tensors, true, settings);
  settings.say_all({{"activation", "relu"},
                    {"norm", "none"},
                    {"attention", "causal"},
                    {"positions", "learned"},
                    {"scores", "scaled"},
                    {"blocks", "sequential"}},
                   "layout grokking");
  return convert(tensors, settings.configuration(), grokking_place, {".attn.mask", {}});
}

Weights from_gpt2(const TensorMap& tensors, const TransformerConfig& config, bool tied) {
  const std::string prefix = tensors.contains("transformer.wte.weight") ? "transformer." : "";
  Weights weights = convert(tensors, config, gpt2_layout(prefix, tied),
                            {".attn.bias", {".attn.masked_bias", "lm_head.weight"}});
  const auto head = tensors.find("lm_head.weight");
  if (tied && head != tensors.end()) {
    require_read(head->first, head->second);
    if (!head->second.to(at::kFloat).equal(weights.tensors.at("embed.W_E"))) {
      fail(
          "tensor 'lm_head.weight': differs from '{}wte.weight', but config.json ties them "
          "('tie_word_embeddings', true if absent)",
          prefix);
    }
  }
  return weights;
}

bool is_square(const TensorMap& tensors) {
  static const std::vector<std::string> kTransposed = {"embed.W_E", "attn.W_Q", "attn.W_K",
                                                       "attn.W_V",  "mlp.W_in", "mlp.W_out"};
  return std::ranges::all_of(tensors, [&](const auto& entry) {
    const auto& [name, tensor] = entry;
    return !ends_with_any(name, kTransposed) || !tensor.defined() || tensor.dim() < 2 ||
           tensor.size(-1) == tensor.size(-2);
  });
}

std::string recognise(const TensorMap& tensors) {
  if (tensors.contains("wte.weight") || tensors.contains("transformer.wte.weight")) return "gpt2";
  const auto W_O = tensors.find("blocks.0.attn.W_O");
  if (W_O == tensors.end()) {
    fail("unknown layout: expected a tensor 'blocks.0.attn.W_O' or 'wte.weight'");
  }
  require_read(W_O->first, W_O->second);
  return W_O->second.dim() == 2 ? "grokking" : "transformer-lens";
}

}  // namespace assay::interp
