#include "interp/adapters/layouts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/types.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "interp/adapters/families/family.h"
#include "interp/adapters/hugging_face.h"
#include "interp/files/fail.h"

namespace assay::interp {
namespace {

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

/// Parts of networks that this version cannot run, by the ends of their tensors' names.
void refuse_foreign_parts(const TensorMap& file) {
  static const std::map<std::string, std::string> known = {
      {".ln1_post.w", "norms behind attention"}, {".attn.q_norm.w", "norms of queries"}};
  for (const auto& [name, tensor] : file) {
    for (const auto& [suffix, part] : known) {
      if (name.ends_with(suffix)) fail("tensor '{}': {} cannot be run", name, part);
    }
  }
}

/// Finds every parameter in the file, and no tensor there that is none.
Weights convert(const TensorMap& file, const TransformerConfig& config, const Layout& layout,
                const Buffers& buffers) {
  Conversion conversion(file, config);
  for (const auto& [name, shape] : conversion.wanted()) {
    const Origin origin = layout(name, shape);
    const bool zero = origin.may_be_absent && !conversion.has(origin.tensor);
    conversion.set(name, zero ? at::zeros(shape)
                              : origin.convert(conversion.take(origin.tensor, origin.shape)));
  }
  refuse_foreign_parts(file);
  return conversion.finish(buffers);
}

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

std::vector<LayoutEntry> all_layouts() {
  std::vector<LayoutEntry> all = {
      {"assay", "what train and convert write: one file that says how its network computes"},
      {"transformer-lens", "state dicts of TransformerLens: options say how they compute"},
      {"grokking", "checkpoints of the grokking code: 2-SAT and modular addition"}};
  for (const Family& family : families()) {
    all.push_back({family.name, "a folder of Hugging Face: " + family.help});
  }
  return all;
}

}  // namespace

const Registry<LayoutEntry>& layouts() {
  static const Registry<LayoutEntry> all("layout", all_layouts());
  return all;
}

Weights from_transformer_lens(const TensorMap& tensors, const TransformerConfig& config) {
  return convert(tensors, config, same_place, {{".attn.mask"}, {".attn.IGNORE"}});
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
  return convert(tensors, settings.configuration(), grokking_place, {{".attn.mask"}, {}});
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
  const std::string family = family_of(tensors);
  if (!family.empty()) return family;
  const auto W_O = tensors.find("blocks.0.attn.W_O");
  if (W_O == tensors.end()) {
    fail("unknown layout: expected a tensor 'blocks.0.attn.W_O', or those of a Hugging Face model");
  }
  require_read(W_O->first, W_O->second);
  return W_O->second.dim() == 2 ? "grokking" : "transformer-lens";
}

}  // namespace assay::interp
