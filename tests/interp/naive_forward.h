#pragma once
// The transformer once more, written down position by position and head by head from the
// definition, in double precision, without a plan and without the description of the network: what
// traces are measured against.

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/Tensor.h>
#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numbers>
#include <string>
#include <vector>

#include "interp/files/safetensors.h"
#include "interp/network/site.h"
#include "interp/network/transformer.h"

namespace assay::interp {

/// Scores and patterns have their axes in another order than all else: [batch, head, pos, key].
inline bool is_map(const std::string& place) {
  return place.ends_with("hook_attn_scores") || place.ends_with("hook_pattern");
}

/// The parts of `value` that a narrowed site names, gathered one position and one neuron at a time.
inline at::Tensor naive_part(const at::Tensor& value, const Site& site) {
  const bool map = is_map(site.place);
  const int64_t axis = map ? 2 : 1;
  std::vector<at::Tensor> rows;
  for (int64_t pos = 0; pos < value.size(axis); ++pos) {
    const auto& wanted = site.positions;
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), pos) == wanted.end()) continue;
    at::Tensor row = value.select(axis, pos);  // [batch, head, …] or [batch, width]
    if (site.head) row = row.select(1, *site.head);
    if (!site.neurons.empty()) {
      std::vector<at::Tensor> picked;
      for (const int64_t neuron : site.neurons) picked.push_back(row.select(1, neuron));
      row = at::stack(picked, 1);
    }
    rows.push_back(row);
  }
  return at::stack(rows, map && !site.head ? 2 : 1);
}

/// Writes `part`, shaped as naive_part() gives it (or with a batch of 1), into `value`.
inline void naive_write(at::Tensor value, const Site& site, const at::Tensor& part) {
  const bool map = is_map(site.place);
  const int64_t axis = map ? 2 : 1;
  int64_t given = 0;
  for (int64_t pos = 0; pos < value.size(axis); ++pos) {
    const auto& named = site.positions;
    if (!named.empty() && std::find(named.begin(), named.end(), pos) == named.end()) continue;
    at::Tensor row = value.select(axis, pos);
    if (site.head) row = row.select(1, *site.head);
    const at::Tensor source = part.select(map && !site.head ? 2 : 1, given++);
    if (site.neurons.empty()) {
      row.copy_(source);
    } else {
      for (size_t i = 0; i < site.neurons.size(); ++i)
        row.select(1, site.neurons[i]).copy_(source.select(1, static_cast<int64_t>(i)));
    }
  }
}

/// One forward pass. `values` holds every place by its name, after overwriting.
class NaiveForward {
 public:
  NaiveForward(const TransformerConfig& config, const TensorMap& weights, const at::Tensor& tokens,
               const std::vector<Overwrite>& overwrites = {})
      : config_(config), weights_(weights), overwrites_(overwrites) {
    const int64_t n_pos = tokens.size(1);
    std::vector<at::Tensor> embed, pos_embed;
    for (int64_t pos = 0; pos < n_pos; ++pos) {
      embed.push_back(weight("embed.W_E").index_select(0, tokens.select(1, pos)));
      pos_embed.push_back(weight("pos_embed.W_pos")[pos].expand_as(embed.back()));
    }
    at::Tensor stream =
        keep(hook::embed(), at::stack(embed, 1)) + keep(hook::pos_embed(), at::stack(pos_embed, 1));
    for (int64_t layer = 0; layer < config.n_layers(); ++layer) stream = block(layer, stream);
    if (config.norm == Norm::Pre) stream = keep(hook::ln_final(), normalised(stream, "ln_final"));
    at::Tensor logits = at::matmul(stream, weight("unembed.W_U"));
    if (weights.contains("unembed.b_U")) logits = logits + weight("unembed.b_U");
    keep(hook::logits(), logits);
  }

  at::Tensor at(const Site& site) const { return naive_part(values.at(site.place), site); }

  std::map<std::string, at::Tensor> values;

 private:
  at::Tensor weight(const std::string& name) const { return weights_.at(name).to(at::kDouble); }

  /// The value as it goes on, overwritten where asked for.
  at::Tensor keep(const std::string& place, const at::Tensor& computed) {
    const at::Tensor value = computed.clone();
    for (const Overwrite& overwrite : overwrites_)
      if (overwrite.site.place == place) naive_write(value, overwrite.site, overwrite.value);
    values[place] = value;
    return value;
  }

  at::Tensor normalised(const at::Tensor& x, const std::string& name) const {
    const at::Tensor centred = x - x.mean(-1, true);
    const at::Tensor variance = (centred * centred).mean(-1, true);
    return centred / at::sqrt(variance + config_.norm_eps) * weight(name + ".w") +
           weight(name + ".b");
  }

  at::Tensor activated(const at::Tensor& x) const {
    if (config_.activation == Activation::Relu) return x.clamp_min(0);
    if (config_.activation == Activation::GeluExact)
      return 0.5 * x * (1 + at::erf(x / std::numbers::sqrt2));
    return 0.5 * x * (1 + at::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
  }

  /// x W_h + b_h for every head: [batch, pos, head, d_head].
  at::Tensor heads(const at::Tensor& x, const std::string& attn, const char* side) const {
    std::vector<at::Tensor> all;
    for (int64_t head = 0; head < weight(attn + "W_Q").size(0); ++head) {
      all.push_back(at::matmul(x, weight(attn + "W_" + side)[head]));
      if (config_.attention_biases) all.back() = all.back() + weight(attn + "b_" + side)[head];
    }
    return at::stack(all, 2);
  }

  at::Tensor block(int64_t layer, const at::Tensor& x) {
    const std::string name = fmt::format("blocks.{}.", layer), attn = name + "attn.",
                      mlp = name + "mlp.";
    const bool norm = config_.norm == Norm::Pre;
    const at::Tensor pre = keep(hook::resid_pre(layer), x);
    const at::Tensor read = norm ? keep(hook::ln1(layer), normalised(pre, name + "ln1")) : pre;
    const at::Tensor q = keep(hook::q(layer), heads(read, attn, "Q"));
    const at::Tensor k = keep(hook::k(layer), heads(read, attn, "K"));
    const at::Tensor v = keep(hook::v(layer), heads(read, attn, "V"));
    const at::Tensor mid =
        keep(hook::resid_mid(layer), pre + attention_output(layer, attn, q, k, v));

    const at::Tensor hidden = norm ? keep(hook::ln2(layer), normalised(mid, name + "ln2")) : mid;
    at::Tensor in = at::matmul(hidden, weight(mlp + "W_in"));
    if (config_.mlp_biases) in = in + weight(mlp + "b_in");
    in = keep(hook::mlp_pre(layer), in);
    const at::Tensor post = keep(hook::mlp_post(layer), activated(in));
    at::Tensor out = at::matmul(post, weight(mlp + "W_out"));
    if (config_.mlp_biases) out = out + weight(mlp + "b_out");
    out = keep(hook::mlp_out(layer), out);
    return keep(hook::resid_post(layer), mid + out);
  }

  int64_t keys_seen(int64_t query, int64_t n_pos) const {
    return config_.causal ? query + 1 : n_pos;
  }

  at::Tensor attention_output(int64_t layer, const std::string& attn, const at::Tensor& q,
                              const at::Tensor& k, const at::Tensor& v) {
    const int64_t batch = q.size(0), n_pos = q.size(1), n_heads = q.size(2);
    at::Tensor scores = at::full({batch, n_heads, n_pos, n_pos},
                                 -std::numeric_limits<double>::infinity(), at::kDouble);
    for (int64_t query = 0; query < n_pos; ++query)
      for (int64_t key = 0; key < keys_seen(query, n_pos); ++key)
        scores.select(2, query).select(2, key).copy_(
            (q.select(1, query) * k.select(1, key)).sum(-1) / std::sqrt(q.size(3)));
    scores = keep(hook::attn_scores(layer), scores);

    at::Tensor pattern = at::zeros_like(scores);
    for (int64_t query = 0; query < n_pos; ++query) {
      const at::Tensor seen = scores.select(2, query).narrow(2, 0, keys_seen(query, n_pos));
      const at::Tensor power = at::exp(seen - std::get<0>(seen.max(-1, true)));
      pattern.select(2, query)
          .narrow(2, 0, keys_seen(query, n_pos))
          .copy_(power / power.sum(-1, true));
    }
    pattern = keep(hook::pattern(layer), pattern);

    at::Tensor z = at::zeros_like(q.expand({batch, n_pos, n_heads, v.size(3)}));
    for (int64_t query = 0; query < n_pos; ++query)
      for (int64_t key = 0; key < keys_seen(query, n_pos); ++key)
        z.select(1, query) +=
            pattern.select(2, query).select(2, key).unsqueeze(-1) * v.select(1, key);
    z = keep(hook::z(layer), z);

    at::Tensor out = at::zeros({batch, n_pos, config_.d_model}, at::kDouble);
    for (int64_t head = 0; head < n_heads; ++head)
      out = out + at::matmul(z.select(2, head), weight(attn + "W_O")[head]);
    if (config_.attention_biases) out = out + weight(attn + "b_O");
    return keep(hook::attn_out(layer), out);
  }

  TransformerConfig config_;
  TensorMap weights_;
  std::vector<Overwrite> overwrites_;
};

}  // namespace assay::interp
