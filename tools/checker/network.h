#pragma once
// The architecture, written down once more, and run on intervals: token and position embeddings;
// blocks of causal attention and of a ReLU MLP, each added to the residual stream; no norms; a
// linear unembedding. Weights are the numbers of the file, taken as exact. Shapes are
// TransformerLens'.

#include "interval.h"

namespace checker {

struct Block {
  int64_t n_heads, d_head;
  std::vector<double> W_Q, W_K, W_V, W_O;  ///< [head, d_model, d_head], W_O [head, d_head, d_model]
  std::vector<double> W_in, b_in, W_out, b_out;  ///< [d_model, d_mlp], …, [d_mlp, d_model], …
};

class Network {
 public:
  explicit Network(const std::string& bytes) {
    Json metadata = Json::object();
    Tensors tensors = read_safetensors(bytes, &metadata);
    if (!metadata.is_object() || !metadata.contains("config"))
      throw BadInput("the model has no configuration in it");
    Json config = parse_json(text(metadata["config"]));
    const Json known = {{"activation", "relu"}, {"attention_biases", false},
                        {"causal", true},       {"mlp_biases", true},
                        {"norm", "none"},       {"unembed_bias", false}};
    if (config.is_object() && !config.contains("causal")) config["causal"] = true;
    for (const auto& [name, value] : config.items())
      if (!kFields.contains(name) || (known.contains(name) && known[name] != value))
        throw CannotCheck("architecture: " + name + " " + value.dump());
    require_members(config, kFields);
    d_vocab = integer(config["d_vocab"], 1, 1 << 16);
    n_ctx = integer(config["n_ctx"], 1, 1 << 16);
    d_model = integer(config["d_model"], 1, 1 << 16);
    d_mlp = integer(config["d_mlp"], 1, 1 << 16);
    const auto heads = integers(config["n_heads"], 1, 1 << 16);
    const auto widths = integers(config["d_head"], 1, 1 << 16);
    if (heads.empty() || heads.size() != widths.size()) refuse(config, "as many n_heads as d_head");
    const auto weight = [&](const std::string& name, const std::vector<int64_t>& shape) {
      std::vector<double> data = take(tensors, name, shape).data;
      for (const double x : data)
        if (std::fabs(x) > 1e6)
          throw CannotCheck("architecture: a weight of " + name + " beyond 1e6");
      return data;
    };
    W_E = weight("embed.W_E", {d_vocab, d_model});
    W_pos = weight("pos_embed.W_pos", {n_ctx, d_model});
    W_U = weight("unembed.W_U", {d_model, d_vocab});
    for (size_t i = 0; i < heads.size(); ++i) {
      const int64_t h = heads[i], d = widths[i];
      const std::string attn = "blocks." + std::to_string(i) + ".attn.";
      const std::string mlp = "blocks." + std::to_string(i) + ".mlp.";
      blocks.push_back(
          {h, d, weight(attn + "W_Q", {h, d_model, d}), weight(attn + "W_K", {h, d_model, d}),
           weight(attn + "W_V", {h, d_model, d}), weight(attn + "W_O", {h, d, d_model}),
           weight(mlp + "W_in", {d_model, d_mlp}), weight(mlp + "b_in", {d_mlp}),
           weight(mlp + "W_out", {d_mlp, d_model}), weight(mlp + "b_out", {d_model})});
    }
    if (!tensors.empty())
      throw CannotCheck("architecture: tensor '" + tensors.begin()->first + "' has no place in it");
  }

  int64_t d_vocab, n_ctx, d_model, d_mlp;
  std::vector<Block> blocks;
  std::vector<double> W_E, W_pos, W_U;

  /// The residual stream before the first block, [d_model].
  Vector embed(int64_t token, int64_t position) const {
    Vector x(d_model);
    add(x, &W_E[token * d_model]);
    add(x, &W_pos[position * d_model]);
    return x;
  }

  /// x times W_Q, W_K or W_V of one head, [d_head].
  Vector project(const Block& block, const Vector& x, const std::vector<double>& weight,
                 int64_t head) const {
    return times(x, &weight[head * d_model * block.d_head], block.d_head);
  }
  /// What a head writes for a (weighted sum of) values: z W_O, [d_model].
  Vector write(const Block& block, const Vector& z, int64_t head) const {
    return times(z, &block.W_O[head * block.d_head * d_model], d_model);
  }
  /// e^(q · k / √d_head): how much a position attends, before division by the sum.
  static Interval attention(const Block& block, const Vector& q, const Vector& k) {
    return exponential(dot(q, k) / square_root(static_cast<double>(block.d_head)));
  }

  /// The residual stream at the last of the tokens after the first `depth` blocks, [d_model].
  Vector residual(const std::vector<int64_t>& tokens, size_t depth) const {
    std::vector<Vector> stream;
    for (const int64_t token : tokens)
      stream.push_back(embed(token, static_cast<int64_t>(stream.size())));
    for (size_t i = 0; i < depth; ++i)  // of the last block nothing but the last position is read
      stream = after(blocks[i], stream, i + 1 < depth ? 0 : stream.size() - 1);
    return stream.back();
  }

  /// [d_vocab], at the last of the tokens.
  Vector logits(const std::vector<int64_t>& tokens) const {
    return times(residual(tokens, blocks.size()), W_U.data(), d_vocab);
  }

 private:
  inline static const std::set<std::string> kFields = {
      "activation", "attention_biases", "causal",      "d_head", "d_mlp",
      "d_model",    "d_vocab",          "mlp_biases",  "n_ctx",  "n_heads",
      "norm",       "norm_eps",         "unembed_bias"};

  // The residual stream after a block, at the positions from `first` on.
  std::vector<Vector> after(const Block& block, const std::vector<Vector>& stream,
                            size_t first) const {
    std::vector<Vector> next = stream;
    for (int64_t head = 0; head < block.n_heads; ++head) {
      std::vector<Vector> keys, values;
      for (const Vector& x : stream) {
        keys.push_back(project(block, x, block.W_K, head));
        values.push_back(project(block, x, block.W_V, head));
      }
      for (size_t p = first; p < stream.size(); ++p) {
        const Vector q = project(block, stream[p], block.W_Q, head);
        Vector z(block.d_head);
        Interval sum;
        for (size_t j = 0; j <= p; ++j) {
          const Interval weight = attention(block, q, keys[j]);
          sum += weight;
          for (int64_t i = 0; i < block.d_head; ++i) z[i] += weight * values[j][i];
        }
        for (Interval& x : z) x = x / sum;
        add(next[p], write(block, z, head));
      }
    }
    for (size_t p = first; p < stream.size(); ++p) {
      Vector hidden = times(next[p], block.W_in.data(), d_mlp);
      add(hidden, block.b_in.data());
      for (Interval& x : hidden) x = {std::max(x.low(), 0.0), std::max(x.high, 0.0)};
      add(next[p], times(hidden, block.W_out.data(), d_model));
      add(next[p], block.b_out.data());
    }
    return next;
  }
};

}  // namespace checker
