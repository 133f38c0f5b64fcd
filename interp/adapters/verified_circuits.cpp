#include "interp/adapters/verified_circuits.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <charconv>
#include <cmath>

#include "interp/files/fail.h"
#include "interp/files/json_shape.h"

namespace assay::interp {
namespace {

using nlohmann::ordered_json;

constexpr int64_t kMost = 1 << 16;  // of any size
constexpr int64_t kTokens = 2, kOutputs = 2;

TransformerConfig configuration(const ordered_json& cfg) {
  const int64_t heads = cfg.at("heads"), d = cfg.at("d"), layers = cfg.at("layers");
  if (d % heads != 0) fail("cfg: d {} is not divisible by heads {}", d, heads);
  TransformerConfig config{
      .d_vocab = kTokens, .n_ctx = cfg.at("n"), .d_model = d, .d_mlp = cfg.at("ff")};
  config.n_heads.assign(layers, heads);
  config.d_head.assign(layers, d / heads);
  config.pool = cfg.at("pool") == "sum" ? Pooling::Sum : Pooling::Mean;
  config.head_dense = Activation::Relu;
  config.d_output = kOutputs;
  config.unembed_bias = true;
  return config;
}

/// `-0x1.5bp-4`, exactly.
float number(const std::string& name, const std::string& text) {
  const bool negative = text.starts_with('-');
  const std::string digits = text.substr(negative);
  double value = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] =
      digits.starts_with("0x")
          ? std::from_chars(digits.data() + 2, end, value, std::chars_format::hex)
          : std::from_chars_result{digits.data(), std::errc::invalid_argument};
  if (error != std::errc() || stop != end)
    fail("tensor '{}': expected hexadecimal floats such as 0x1.8p-3, found '{}'", name, text);
  const auto single = static_cast<float>(value);
  if (!std::isfinite(single) || single != value) fail("tensor '{}': {} is no float32", name, text);
  return negative ? -single : single;
}

/// A list of numbers, or a list of such lists of one length.
at::Tensor tensor(const std::string& name, const ordered_json& value) {
  const bool matrix = !value.empty() && value.front().is_array();
  const ordered_json rows = matrix ? value : ordered_json::array({value});
  std::vector<float> numbers;
  for (const ordered_json& row : rows) {
    if (!row.is_array() || row.size() != rows.front().size())
      fail("tensor '{}': expected rows of one length", name);
    for (const ordered_json& item : row) {
      if (!item.is_string()) fail("tensor '{}': expected a text, found {}", name, item.dump());
      numbers.push_back(number(name, item.get<std::string>()));
    }
  }
  const auto n = static_cast<int64_t>(rows.front().size());
  const at::Tensor flat = torch::tensor(numbers, torch::kFloat32);
  return matrix ? flat.view({static_cast<int64_t>(rows.size()), n}) : flat;
}

TensorMap tensors_of(const ordered_json& state) {
  TensorMap tensors;
  for (const auto& [name, value] : state.items()) tensors[name] = tensor(name, value);
  return tensors;
}

/// PyTorch's linear layers multiply by [out, in] from the right, ours by [in, out].
void take_linear(Conversion& conversion, const std::string& weight, const std::string& bias,
                 const std::string& module) {
  const Sizes& shape = conversion.shape(weight);
  conversion.set(weight, conversion.take(module + ".weight", {shape[1], shape[0]}).t());
  conversion.set(bias, conversion.take(module + ".bias", {shape[1]}));
}

void take_attention(Conversion& conversion, int64_t layer) {
  const std::string ours = fmt::format("blocks.{}.attn.", layer);
  const auto theirs = [&](char side) { return fmt::format("blocks.{}.W{}.weight", layer, side); };
  const Sizes& shape = conversion.shape(ours + "W_Q");  // [head, d_model, d_head]
  const int64_t heads = shape[0], d_model = shape[1], d_head = shape[2];
  for (const auto& [side, name] : {std::pair{'q', "W_Q"}, {'k', "W_K"}, {'v', "W_V"}}) {
    const at::Tensor weight = conversion.take(theirs(side), {d_model, d_model}).t();
    conversion.set(ours + name, weight.reshape({d_model, heads, d_head}).transpose(0, 1));
  }
  const at::Tensor W_O = conversion.take(theirs('o'), {d_model, d_model}).t();
  conversion.set(ours + "W_O", W_O.reshape({heads, d_head, d_model}));
}

}  // namespace

Weights from_verified_circuits(const ordered_json& file) {
  using namespace json_shapes;  // NOLINT(google-build-using-namespace)
  static const interp::Shape kFile =
      closed_object({{"cfg", closed_object({{"n", integer(1, kMost)},
                                            {"d", integer(1, kMost)},
                                            {"heads", integer(1, kMost)},
                                            {"ff", integer(1, kMost)},
                                            {"layers", integer(1, kMost)},
                                            {"causal", boolean()},
                                            {"pool", text_among({"sum", "mean"})}})},
                     optional("note", text()),
                     {"state_dict_hex", map(list(anything(), 1))}});
  require_shape(file, kFile, "a network of verified-circuits");
  const ordered_json& cfg = file.at("cfg");
  if (!cfg.at("causal")) fail("cfg: causal false: in this layout only causal networks are read");
  const TensorMap tensors = tensors_of(file.at("state_dict_hex"));
  Conversion conversion(tensors, configuration(cfg));
  const int64_t d = cfg.at("d"), n = cfg.at("n"), layers = cfg.at("layers");
  conversion.set("embed.W_E", conversion.take("tok.weight", {kTokens, d}));
  conversion.set("pos_embed.W_pos", conversion.take("pos", {n, d}));
  for (int64_t layer = 0; layer < layers; ++layer) {
    const std::string ours = fmt::format("blocks.{}.mlp.", layer);
    const std::string theirs = fmt::format("blocks.{}.mlp", layer);
    take_attention(conversion, layer);
    take_linear(conversion, ours + "W_in", ours + "b_in", theirs + "1");
    take_linear(conversion, ours + "W_out", ours + "b_out", theirs + "2");
  }
  take_linear(conversion, "head.W", "head.b", "h1");
  take_linear(conversion, "unembed.W_U", "unembed.b_U", "h2");
  return conversion.finish({});
}

}  // namespace assay::interp
