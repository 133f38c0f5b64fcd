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
#include "interp/adapters/verified_circuits.h"
#include "interp/files/fail.h"
#include "interp/files/json_reader.h"

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

/// How many positions there are, from whatever has an entry for each.
void say_context(const TensorMap& tensors, Settings& settings) {
  for (const char* name : {"pos_embed.W_pos", "blocks.0.attn.mask", "blocks.0.attn.rotary_sin"}) {
    const auto found = tensors.find(name);
    if (found == tensors.end() || !found->second.defined()) continue;
    return settings.say("n_ctx", size_of(tensors, name, 2, 0, false), "tensors");
  }
  if (settings.find("n_ctx") == nullptr) {
    fail(
        "n_ctx: no tensor tells how many positions the network has; say it in a JSON "
        "configuration beside the file");
  }
}

void say_sizes(const TensorMap& tensors, bool transposed, Settings& settings) {
  const auto size = [&](const std::string& name, int64_t rank, int64_t axis) {
    return size_of(tensors, name, rank, axis, transposed);
  };
  const auto say = [&](const char* name, const nlohmann::json& value) {
    settings.say(name, value, "tensors");
  };
  say("d_vocab", size("embed.W_E", 2, 0));
  say_context(tensors, settings);
  say("d_model", size("embed.W_E", 2, 1));
  say("d_mlp", has_any(tensors, {".mlp.W_in"}) ? size("blocks.0.mlp.W_in", 2, 1) : 0);
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
  const bool last = has_any(tensors, {"ln_final.w"});  // which norms behind sums do without
  if (gains && shifts) settings.say("norm", last ? "pre" : "post", "tensors");
  if (gains && !shifts) settings.say("norm", "rms", "tensors");
  const Setting* norm = settings.find("norm");
  const bool needs_gains = norm != nullptr && std::set<std::string>{"pre", "rms", "post"}.contains(
                                                  norm->value.get<std::string>());
  if (!gains && needs_gains) {
    fail("norm: {} according to {}, but there is no tensor 'blocks.0.ln1.w'",
         norm->value.get<std::string>(), norm->source);
  }
}

/// Gates, and keys and values that several queries share, which TransformerLens keeps as `_W_K`.
void say_blocks(const TensorMap& tensors, Settings& settings) {
  if (has_any(tensors, {".mlp.W_gate"})) {
    settings.say("gated_mlp", true, "tensors");
    for (const auto& [name, bias] : tensors) {
      // TransformerLens adds it to the product, ours is added to one factor.
      if (name.ends_with(".mlp.b_in") && bias.defined() && bias.ne(0).any().item<bool>()) {
        fail("tensor '{}': behind a gate only zeros can be run", name);
      }
    }
  }
  Sizes shared;
  for (int64_t layer = 0;; ++layer) {
    const std::string attn = fmt::format("blocks.{}.attn.", layer);
    if (!tensors.contains(attn + "W_Q")) break;
    const bool grouped = tensors.contains(attn + "_W_K");
    shared.push_back(size_of(tensors, attn + (grouped ? "_W_K" : "W_K"), 3, 0, false));
  }
  if (has_any(tensors, {".attn._W_K"})) settings.say("n_kv_heads", shared, "tensors");
}

/// TransformerLens keeps sines of [pos, dims], in which entries that turn together are alike.
void say_rotary(const TensorMap& tensors, Settings& settings) {
  const auto found = tensors.find("blocks.0.attn.rotary_sin");
  if (found == tensors.end()) return;
  const int64_t dims = size_of(tensors, found->first, 2, 1, false);
  settings.say("positions", "rotary", "tensors");
  settings.say("rotary_dims", dims, "tensors");
  if (dims < 4 || found->second.size(0) < 2) return;
  const at::Tensor row = found->second[1].to(at::kDouble);
  settings.say("rotary_pairs", row[0].equal(row[1]) ? "interleaved" : "halves", "tensors");
}

/// The base is not told by the sines to its last digit, but they tell a wrong one.
void require_same_rotation(const TensorMap& tensors, const TransformerConfig& config) {
  for (const auto& [name, table] : tensors) {
    if (!name.ends_with(".attn.rotary_sin")) continue;
    require_read(name, table);
    const int64_t dims = config.rotary_dims == 0 ? config.d_head.front() : config.rotary_dims;
    const at::Tensor exponents = at::arange(0, dims, 2, at::kDouble) / static_cast<double>(dims);
    const at::Tensor angles =
        at::outer(at::arange(config.n_ctx, at::kDouble), at::pow(config.rotary_base, -exponents));
    const at::Tensor turned =
        config.rotary_interleaved ? angles.repeat_interleave(2, 1) : at::cat({angles, angles}, 1);
    if (table.sizes() != turned.sizes() ||
        (table.to(at::kDouble) - turned.sin()).abs().max().item<double>() > 1e-3) {
      fail("tensor '{}': not the sines of rotary_base {} over {} entries", name, config.rotary_base,
           dims);
    }
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

constexpr const char* kW_O = "blocks.0.attn.W_O";

bool is_own(const WeightFile& file) {
  return file.texts.contains(kConfigText);
}

Weights read_own(const WeightFile& file, Settings& settings) {
  const nlohmann::json stated = parse_json(file.texts.at(kConfigText), kConfigText);
  if (!stated.is_object()) fail("{}: expected a JSON object", kConfigText);
  const TransformerConfig config = config_from_json(stated);
  settings.say_configuration(config, "the file's configuration");
  return from_transformer_lens(file.tensors, config);
}

bool is_grokking(const WeightFile& file) {
  const auto W_O = file.tensors.find(kW_O);
  return W_O != file.tensors.end() && W_O->second.defined() && W_O->second.dim() == 2;
}

bool is_transformer_lens(const WeightFile& file) {
  return file.tensors.contains(kW_O) && !is_grokking(file);
}

void say_layout(const char* layout, const TensorMap& tensors, Settings& settings) {
  require_read(kW_O, tensors.at(kW_O));
  if (is_square(tensors)) settings.require({"layout"});
  settings.say("layout", layout, "shape of W_O");
}

Weights read_transformer_lens(const WeightFile& file, Settings& settings) {
  say_layout("transformer-lens", file.tensors, settings);
  return from_transformer_lens(file.tensors, settings);
}

Weights read_grokking(const WeightFile& file, Settings& settings) {
  say_layout("grokking", file.tensors, settings);
  return from_grokking(file.tensors, settings);
}

bool is_verified_circuits(const WeightFile& file) {
  return !file.json.is_null();
}

Weights read_verified_circuits(const WeightFile& file, Settings& settings) {
  Weights weights = from_verified_circuits(file.json);
  settings.say_configuration(weights.config, "cfg");
  return weights;
}

}  // namespace

Registry<LayoutEntry>& layouts() {
  static Registry<LayoutEntry> all(
      "layout",
      {{"transformer-lens", "state dicts of TransformerLens: options say how they compute",
        is_transformer_lens, read_transformer_lens},
       {"grokking", "checkpoints of the grokking code: 2-SAT and modular addition", is_grokking,
        read_grokking},
       {"verified-circuits",
        "JSON of hexadecimal floats: the Dyck networks of "
        "github.com/brian-naughton/verified-circuits",
        is_verified_circuits, read_verified_circuits},
       {"assay", "what train and convert write: one file that says how its network computes",
        is_own, read_own}});
  return all;
}

const LayoutEntry& layout_of(const WeightFile& file) {
  const LayoutEntry* found = nullptr;
  for (const LayoutEntry& layout : layouts())
    if (layout.recognises(file)) found = &layout;
  if (found) return *found;
  if (const std::string family = family_of(file.tensors); !family.empty()) {
    fail("weights of the family {}: expected the folder that holds their config.json too", family);
  }
  fail("unknown layout: expected a tensor '{}', or those of a Hugging Face model", kW_O);
}

Weights from_transformer_lens(const TensorMap& tensors, const TransformerConfig& config) {
  const Layout place = [&](const std::string& name, const Sizes& shape) {
    Origin origin = same_place(name, shape);
    const size_t leaf = name.size() - leaf_of(name).size();
    const std::string grouped = name.substr(0, leaf) + "_" + leaf_of(name);
    if (tensors.contains(grouped)) origin.tensor = grouped;
    return origin;
  };
  require_same_rotation(tensors, config);
  return convert(tensors, config, place,
                 {{".attn.mask"}, {".attn.IGNORE", ".attn.rotary_sin", ".attn.rotary_cos"}});
}

Weights from_transformer_lens(const TensorMap& tensors, Settings& settings) {
  say_sizes(tensors, false, settings);
  say_norm(tensors, settings);
  say_blocks(tensors, settings);
  say_rotary(tensors, settings);
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

}  // namespace assay::interp
