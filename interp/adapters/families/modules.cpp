#include "interp/adapters/families/modules.h"

#include <fmt/format.h>
#include <torch/types.h>

#include "interp/files/fail.h"

namespace assay::interp {
namespace {

std::string prefix_in(const Conversion& conversion, const std::vector<std::string>& prefixes,
                      const std::string& tensor) {
  for (const std::string& prefix : prefixes) {
    if (conversion.has(prefix + tensor)) return prefix;
  }
  fail("tensor '{}{}': missing", prefixes.front(), tensor);
}

}  // namespace

std::string block_of(int64_t layer) {
  return fmt::format("blocks.{}.", layer);
}

Modules::Modules(Conversion& conversion, const std::vector<std::string>& prefixes,
                 const std::string& tensor)
    : conversion_(conversion), prefix_(prefix_in(conversion, prefixes, tensor)) {}

void Modules::embedding(const std::string& ours, const std::string& module) {
  conversion_.set(ours, conversion_.take(full(module) + ".weight", conversion_.shape(ours)));
}

void Modules::linear(const std::string& ours, const std::string& our_bias,
                     const std::string& module) {
  const Sizes& shape = conversion_.shape(ours);
  conversion_.set(ours, conversion_.take(full(module) + ".weight", {shape[1], shape[0]}).t());
  if (!conversion_.wants(our_bias)) return;
  conversion_.set(our_bias, conversion_.take(full(module) + ".bias", conversion_.shape(our_bias)));
}

void Modules::conv1d(const std::string& ours, const std::string& our_bias,
                     const std::string& module) {
  conversion_.set(ours, conversion_.take(full(module) + ".weight", conversion_.shape(ours)));
  conversion_.set(our_bias, conversion_.take(full(module) + ".bias", conversion_.shape(our_bias)));
}

void Modules::norm(const std::string& ours, const std::string& module) {
  const bool old = conversion_.has(full(module) + ".gamma");
  const std::string gain = ours + ".w", bias = ours + ".b";
  if (!conversion_.wants(gain)) return;
  conversion_.set(
      gain, conversion_.take(full(module) + (old ? ".gamma" : ".weight"), conversion_.shape(gain)));
  if (!conversion_.wants(bias)) return;
  conversion_.set(
      bias, conversion_.take(full(module) + (old ? ".beta" : ".bias"), conversion_.shape(bias)));
}

void Modules::heads_without_bias(int64_t layer, char side, const std::string& module) {
  const std::string ours = fmt::format("{}attn.W_{}", block_of(layer), side);
  const Sizes& shape = conversion_.shape(ours);  // [head, d_model, d_head]
  const at::Tensor W = conversion_.take(full(module) + ".weight", {shape[0] * shape[2], shape[1]});
  conversion_.set(ours, W.reshape({shape[0], shape[2], shape[1]}).transpose(1, 2));
}

void Modules::heads(int64_t layer, char side, const std::string& module) {
  heads_without_bias(layer, side, module);
  const std::string bias = fmt::format("{}attn.b_{}", block_of(layer), side);
  if (!conversion_.wants(bias)) return;
  const Sizes& shape = conversion_.shape(bias);  // [head, d_head]
  conversion_.set(bias,
                  conversion_.take(full(module) + ".bias", {shape[0] * shape[1]}).reshape(shape));
}

void Modules::output_of_heads(int64_t layer, const std::string& module) {
  const std::string ours = block_of(layer) + "attn.W_O", bias = block_of(layer) + "attn.b_O";
  const Sizes& shape = conversion_.shape(ours);  // [head, d_head, d_model]
  const at::Tensor W = conversion_.take(full(module) + ".weight", {shape[2], shape[0] * shape[1]});
  conversion_.set(ours, W.t().reshape(shape));
  if (!conversion_.wants(bias) || conversion_.is_set(bias)) return;
  conversion_.set(bias, conversion_.take(full(module) + ".bias", conversion_.shape(bias)));
}

void Modules::no_bias(const std::string& ours) {
  conversion_.set(ours, at::zeros(conversion_.shape(ours)));
}

void Modules::unembedding(const std::string& head, bool tied) {
  const std::string ours = "unembed.W_U";
  const at::Tensor& embedding = conversion_.get("embed.W_E");
  if (tied) {
    conversion_.require_copy(head + ".weight", embedding,
                             "differs from the embedding, but config.json ties them "
                             "('tie_word_embeddings')");
    return conversion_.set(ours, embedding.t());
  }
  const Sizes& shape = conversion_.shape(ours);
  conversion_.set(ours, conversion_.take(head + ".weight", {shape[1], shape[0]}).t());
}

}  // namespace assay::interp
