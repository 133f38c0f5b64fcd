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

/// One forward pass. `values` holds every place by its name, after overwriting. Where a formula has
/// a source of its own, it stands beside it.
class NaiveForward {
 public:
  NaiveForward(const TransformerConfig& config, const TensorMap& weights, const at::Tensor& tokens,
               const std::vector<Overwrite>& overwrites = {})
      : config_(config), weights_(weights), overwrites_(overwrites) {
    at::Tensor stream = embedding(tokens);
    for (int64_t layer = 0; layer < config.n_layers(); ++layer) stream = block(layer, stream);
    keep(hook::logits(), output(stream));
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

  /// x W, and + b where the file has one.
  at::Tensor projected(const at::Tensor& x, const std::string& W, const std::string& b) const {
    const at::Tensor product = at::matmul(x, weight(W));
    return weights_.contains(b) ? product + weight(b) : product;
  }

  // --- norms

  at::Tensor layer_norm(const at::Tensor& x, const std::string& name) const {
    const at::Tensor centred = x - x.mean(-1, true);
    const at::Tensor variance = (centred * centred).mean(-1, true);
    return centred / at::sqrt(variance + config_.norm_eps) * weight(name + ".w") +
           weight(name + ".b");
  }

  /// Zhang & Sennrich 2019, equation 4: no mean is subtracted, no bias added.
  static at::Tensor root_mean_square(const at::Tensor& x, double eps) {
    return at::sqrt((x * x).mean(-1, true) + eps);
  }

  at::Tensor normalised(const at::Tensor& x, const std::string& name) const {
    switch (config_.norm) {
      case Norm::None:
        return x;
      case Norm::Rms:
        return x / root_mean_square(x, config_.norm_eps) * weight(name + ".w");
      case Norm::RmsUnweighted:
        return x / root_mean_square(x, config_.norm_eps);
      case Norm::PreUnweighted: {
        const at::Tensor centred = x - x.mean(-1, true);
        return centred / root_mean_square(centred, config_.norm_eps);
      }
      default:
        return layer_norm(x, name);
    }
  }

  /// In front of attention, MLP or unembedding; x itself where no norm is there.
  at::Tensor read(const std::string& place, const at::Tensor& x, const std::string& name) {
    return config_.final_norm() ? keep(place, normalised(x, name)) : x;
  }

  // --- elementwise functions

  static at::Tensor activated(const at::Tensor& x, Activation activation) {
    switch (activation) {
      case Activation::Relu:
        return x.clamp_min(0);
      case Activation::GeluExact:
        return 0.5 * x * (1 + at::erf(x / std::numbers::sqrt2));
      case Activation::Silu:
        return x / (1 + at::exp(-x));
      case Activation::Tanh:
        return (at::exp(x) - at::exp(-x)) / (at::exp(x) + at::exp(-x));
      default:
        return 0.5 * x *
               (1 + at::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
    }
  }

  // --- embeddings

  at::Tensor embedding(const at::Tensor& tokens) {
    std::vector<at::Tensor> embed, pos_embed;
    for (int64_t pos = 0; pos < tokens.size(1); ++pos)
      embed.push_back(weight("embed.W_E").index_select(0, tokens.select(1, pos)));
    at::Tensor stream = keep(hook::embed(), at::stack(embed, 1));
    if (config_.d_embed > 0)
      stream = keep("embed.hook_project", at::matmul(stream, weight("embed.W_project")));
    if (config_.positions == PositionEncoding::Learned) {
      for (int64_t pos = 0; pos < tokens.size(1); ++pos)
        pos_embed.push_back(weight("pos_embed.W_pos")[pos].expand_as(stream.select(1, pos)));
      stream = stream + keep(hook::pos_embed(), at::stack(pos_embed, 1));
    }
    if (config_.embedding_norm) {
      stream = keep(hook::embed_sum(), stream);
      stream = keep(hook::embed_ln(), layer_norm(stream, "embed.ln"));
    }
    return stream;
  }

  // --- blocks

  at::Tensor block(int64_t layer, const at::Tensor& x) {
    const std::string name = fmt::format("blocks.{}.", layer);
    const at::Tensor pre = keep(hook::resid_pre(layer), x);
    if (config_.norm == Norm::Post) return block_with_norms_behind(layer, name, pre);
    const at::Tensor first = read(hook::ln1(layer), pre, name + "ln1");
    const at::Tensor attn_out = attention(layer, name + "attn.", first);
    if (config_.d_mlp == 0) return keep(hook::resid_post(layer), pre + attn_out);
    if (config_.blocks == BlockForm::Sequential) {
      const at::Tensor mid = keep(hook::resid_mid(layer), pre + attn_out);
      const at::Tensor second = read(hook::ln2(layer), mid, name + "ln2");
      return keep(hook::resid_post(layer), mid + mlp(layer, name + "mlp.", second));
    }
    // GPT-J (one norm), GPT-NeoX (two): attention and MLP read the same stream.
    const at::Tensor second = config_.blocks == BlockForm::ParallelOneNorm
                                  ? first
                                  : read(hook::ln2(layer), pre, name + "ln2");
    return keep(hook::resid_post(layer), pre + attn_out + mlp(layer, name + "mlp.", second));
  }

  /// Vaswani et al. 2017, section 3.1: LayerNorm(x + Sublayer(x)).
  at::Tensor block_with_norms_behind(int64_t layer, const std::string& name,
                                     const at::Tensor& pre) {
    at::Tensor mid = keep(hook::resid_mid(layer), pre + attention(layer, name + "attn.", pre));
    mid = keep(hook::ln1(layer), layer_norm(mid, name + "ln1"));
    if (config_.d_mlp == 0) return mid;
    const at::Tensor post = keep(hook::resid_post(layer), mid + mlp(layer, name + "mlp.", mid));
    return keep(hook::ln2(layer), layer_norm(post, name + "ln2"));
  }

  /// Shazeer 2020, equation 6, where gated: act(x W_gate) ⊙ x W_in.
  at::Tensor mlp(int64_t layer, const std::string& mlp, const at::Tensor& x) {
    at::Tensor post;
    const at::Tensor in = projected(x, mlp + "W_in", mlp + "b_in");
    if (config_.gated_mlp) {
      const at::Tensor gate = keep(hook::mlp_pre(layer), at::matmul(x, weight(mlp + "W_gate")));
      const at::Tensor linear = keep(mlp + "hook_pre_linear", in);
      post = activated(gate, config_.activation) * linear;
    } else {
      post = activated(keep(hook::mlp_pre(layer), in), config_.activation);
    }
    post = keep(hook::mlp_post(layer), post);
    return keep(hook::mlp_out(layer), projected(post, mlp + "W_out", mlp + "b_out"));
  }

  // --- attention

  /// x W_h + b_h for every head that the weight has: [batch, pos, head, d_head].
  at::Tensor heads(const at::Tensor& x, const std::string& attn, const char* side) const {
    const std::string W = attn + "W_" + side, b = attn + "b_" + side;
    std::vector<at::Tensor> all;
    for (int64_t head = 0; head < weight(W).size(0); ++head) {
      all.push_back(at::matmul(x, weight(W)[head]));
      if (weights_.contains(b)) all.back() = all.back() + weight(b)[head];
    }
    return at::stack(all, 2);
  }

  /// Su et al. 2021, equation 13: pair i is turned by pos · base^(-2i/dims). GPT-J's pairs are
  /// neighbours (2i, 2i + 1); GPT-NeoX' and Llama's are (i, i + dims/2). Dimensions from `dims` on
  /// stay as they are. x: [batch, pos, head, d_head]
  at::Tensor rotated(const at::Tensor& x) const {
    const int64_t dims = config_.rotary_dims == 0 ? x.size(-1) : config_.rotary_dims;
    at::Tensor turned = x.clone();
    for (int64_t pos = 0; pos < x.size(1); ++pos) {
      for (int64_t i = 0; i < dims / 2; ++i) {
        const double angle = static_cast<double>(pos) *
                             std::pow(config_.rotary_base,
                                      -2.0 * static_cast<double>(i) / static_cast<double>(dims));
        const int64_t one = config_.rotary_interleaved ? 2 * i : i;
        const int64_t two = config_.rotary_interleaved ? 2 * i + 1 : i + dims / 2;
        const at::Tensor a = x.select(1, pos).select(2, one), b = x.select(1, pos).select(2, two);
        turned.select(1, pos).select(2, one).copy_(a * std::cos(angle) - b * std::sin(angle));
        turned.select(1, pos).select(2, two).copy_(b * std::cos(angle) + a * std::sin(angle));
      }
    }
    return turned;
  }

  bool sees(int64_t layer, int64_t query, int64_t key) const {
    const int64_t window = config_.window(layer);
    if (window > 0 && std::abs(query - key) >= window) return false;
    return !config_.causal || key <= query;
  }

  /// Press et al. 2022, section 3 and their code: for n heads a geometric sequence from 2^(-8/n),
  /// which is its ratio; where n is no power of two, that of the power below, then every other
  /// slope of that of the power above.
  static std::vector<double> alibi_slopes(int64_t n) {
    const auto sequence = [](int64_t power) {
      std::vector<double> slopes;
      for (int64_t i = 1; i <= power; ++i)
        slopes.push_back(std::pow(2.0, -8.0 * static_cast<double>(i) / static_cast<double>(power)));
      return slopes;
    };
    int64_t below = 1;
    while (below * 2 <= n) below *= 2;
    std::vector<double> slopes = sequence(below);
    const std::vector<double> finer = sequence(2 * below);
    for (int64_t i = 0; std::ssize(slopes) < n; i += 2) slopes.push_back(finer[i]);
    return slopes;
  }

  /// One score. q, k: [batch, d_head]
  at::Tensor score(int64_t head, int64_t n_heads, int64_t query, int64_t key, const at::Tensor& q,
                   const at::Tensor& k) const {
    at::Tensor value = (q * k).sum(-1);
    if (config_.scores == ScoreScale::Scaled)
      value = value / std::sqrt(static_cast<double>(q.size(-1)));
    if (config_.positions == PositionEncoding::Alibi)
      value = value - alibi_slopes(n_heads)[head] * static_cast<double>(std::abs(query - key));
    return value;
  }

  at::Tensor attention(int64_t layer, const std::string& attn, const at::Tensor& x) {
    at::Tensor q = keep(hook::q(layer), heads(x, attn, "Q"));
    at::Tensor k = keep(hook::k(layer), heads(x, attn, "K"));
    const at::Tensor v = keep(hook::v(layer), heads(x, attn, "V"));
    if (config_.positions == PositionEncoding::Rotary) {
      q = keep(attn + "hook_rot_q", rotated(q));
      k = keep(attn + "hook_rot_k", rotated(k));
    }
    const int64_t batch = q.size(0), n_pos = q.size(1), n_heads = q.size(2);
    // Ainslie et al. 2023: neighbouring query heads share the keys and values of one head.
    const int64_t group = n_heads / k.size(2);

    at::Tensor scores = at::full({batch, n_heads, n_pos, n_pos},
                                 -std::numeric_limits<double>::infinity(), at::kDouble);
    for (int64_t head = 0; head < n_heads; ++head)
      for (int64_t query = 0; query < n_pos; ++query)
        for (int64_t key = 0; key < n_pos; ++key)
          if (sees(layer, query, key))
            scores.select(1, head).select(1, query).select(1, key).copy_(
                score(head, n_heads, query, key, q.select(2, head).select(1, query),
                      k.select(2, head / group).select(1, key)));
    scores = keep(hook::attn_scores(layer), scores);

    at::Tensor pattern = at::zeros_like(scores);
    for (int64_t query = 0; query < n_pos; ++query) {
      std::vector<at::Tensor> seen;
      for (int64_t key = 0; key < n_pos; ++key)
        if (sees(layer, query, key)) seen.push_back(scores.select(2, query).select(2, key));
      const at::Tensor row = at::stack(seen, -1);
      const at::Tensor power = at::exp(row - std::get<0>(row.max(-1, true)));
      const at::Tensor share = power / power.sum(-1, true);
      for (int64_t key = 0, i = 0; key < n_pos; ++key)
        if (sees(layer, query, key))
          pattern.select(2, query).select(2, key).copy_(share.select(-1, i++));
    }
    pattern = keep(hook::pattern(layer), pattern);

    at::Tensor z = at::zeros({batch, n_pos, n_heads, v.size(3)}, at::kDouble);
    for (int64_t head = 0; head < n_heads; ++head)
      for (int64_t query = 0; query < n_pos; ++query)
        for (int64_t key = 0; key < n_pos; ++key)
          if (sees(layer, query, key))
            z.select(2, head).select(1, query) +=
                pattern.select(1, head).select(1, query).select(1, key).unsqueeze(-1) *
                v.select(2, head / group).select(1, key);
    z = keep(hook::z(layer), z);

    at::Tensor out = at::zeros({batch, n_pos, config_.d_model}, at::kDouble);
    for (int64_t head = 0; head < n_heads; ++head)
      out = out + at::matmul(z.select(2, head), weight(attn + "W_O")[head]);
    if (weights_.contains(attn + "b_O")) out = out + weight(attn + "b_O");
    return keep(hook::attn_out(layer), out);
  }

  // --- output

  /// x: [batch, pos, d_model] -> [batch, 1, d_model]
  at::Tensor pooled(const at::Tensor& x) const {
    if (config_.pool == Pooling::First) return x.select(1, 0).unsqueeze(1);
    at::Tensor sum = at::zeros_like(x.select(1, 0));
    for (int64_t pos = 0; pos < x.size(1); ++pos) sum = sum + x.select(1, pos);
    return (config_.pool == Pooling::Mean ? sum / x.size(1) : sum).unsqueeze(1);
  }

  at::Tensor output(const at::Tensor& stream) {
    at::Tensor x = read(hook::ln_final(), stream, "ln_final");
    if (config_.pool != Pooling::None) x = keep("hook_pooled", pooled(x));
    if (config_.head_dense) {
      x = keep("head.hook_pre", projected(x, "head.W", "head.b"));
      x = keep("head.hook_post", activated(x, *config_.head_dense));
    }
    if (config_.head_norm) x = keep("head.ln.hook_normalized", layer_norm(x, "head.ln"));
    if (config_.d_embed > 0)
      x = keep("unembed.hook_project", at::matmul(x, weight("unembed.W_project")));
    return projected(x, "unembed.W_U", "unembed.b_U");
  }

  TransformerConfig config_;
  TensorMap weights_;
  std::vector<Overwrite> overwrites_;
};

}  // namespace assay::interp
