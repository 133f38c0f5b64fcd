#pragma once
// The architecture, written down once more, and run on intervals: token and position embeddings;
// blocks of causal attention and of a ReLU MLP, each added to the residual stream; no norms; a
// linear unembedding of the last position. Or the stream is summed over positions, and a dense
// layer with ReLU may stand in front of the unembedding. Weights are the numbers of the file, taken
// as exact. Shapes are TransformerLens'.

#include "interval.h"

namespace checker {

using Weight = std::vector<double>;

struct Block {
  int64_t n_heads, d_head;
  Weight W_Q, W_K, W_V, W_O;        ///< [head, d_model, d_head], W_O [head, d_head, d_model]
  Weight W_in, b_in, W_out, b_out;  ///< [d_model, d_mlp], …, [d_mlp, d_model], …
};

class Network {
 public:
  explicit Network(const std::string& bytes) {
    Json metadata;
    Tensors tensors = read_safetensors(bytes, &metadata);
    require<BadInput>(metadata.contains("config"), "the model has no configuration in it");
    const Json config = configuration(parse_json(text(metadata["config"])));
    const auto size = [&](const char* name) {
      require<CannotCheck>(config[name] != 0, "architecture: ", name, " 0");
      return integer(config[name], 1, 1 << 16);
    };
    d_vocab = size("d_vocab"), n_ctx = size("n_ctx");
    d_model = size("d_model"), d_mlp = size("d_mlp");
    d_output = config["d_output"] == 0 ? d_vocab : size("d_output");
    summed = config["pool"] == "sum";
    const auto heads = integers(config["n_heads"], 1, 1 << 16),
               widths = integers(config["d_head"], 1, 1 << 16);
    expect(!heads.empty() && heads.size() == widths.size(), config, "as many n_heads as d_head");
    const auto weight = [&](const std::string& name, const Integers& shape) {
      const Weight data = tensor(tensors, name, shape).data;
      require<CannotCheck>(std::ranges::all_of(data, [](double x) { return std::fabs(x) <= 1e6; }),
                           "architecture: a weight of ", name, " beyond 1e6");
      tensors.erase(name);
      return data;
    };
    W_E = weight("embed.W_E", {d_vocab, d_model});
    W_pos = weight("pos_embed.W_pos", {n_ctx, d_model});
    W_U = weight("unembed.W_U", {d_model, d_output});
    b_U = config["unembed_bias"] == true ? weight("unembed.b_U", {d_output}) : Weight(d_output);
    if (config["head_dense"] == "relu")
      W_head = weight("head.W", {d_model, d_model}), b_head = weight("head.b", {d_model});
    for (size_t i = 0; i < heads.size(); ++i) {
      const int64_t h = heads[i], d = widths[i];
      const std::string attn = words("blocks.", i, ".attn."), mlp = words("blocks.", i, ".mlp.");
      blocks.push_back(
          {h, d, weight(attn + "W_Q", {h, d_model, d}), weight(attn + "W_K", {h, d_model, d}),
           weight(attn + "W_V", {h, d_model, d}), weight(attn + "W_O", {h, d, d_model}),
           weight(mlp + "W_in", {d_model, d_mlp}), weight(mlp + "b_in", {d_mlp}),
           weight(mlp + "W_out", {d_mlp, d_model}), weight(mlp + "b_out", {d_model})});
    }
    for (const auto& [name, left] : tensors)
      require<CannotCheck>(false, "architecture: tensor '", name, "' has no place in it");
  }

  int64_t d_vocab, n_ctx, d_model, d_mlp, d_output;
  bool summed;
  std::vector<Block> blocks;
  Weight W_E, W_pos, W_head, b_head, W_U, b_U;

  /// The residual stream before the first block, [d_model].
  Vector embed(int64_t token, int64_t position) const {
    Vector x(d_model);
    add(x, &W_E[token * d_model]), add(x, &W_pos[position * d_model]);
    return x;
  }
  /// x times W_Q, W_K or W_V of one head, [d_head].
  Vector project(const Block& block, const Vector& x, const Weight& weight, int64_t head) const {
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
  Vector residual(const Integers& tokens, size_t depth) {
    const size_t common = std::ranges::mismatch(tokens, tokens_).in1 - tokens.begin();
    known_.erase(known_.lower_bound({common, 0}), known_.end());
    tokens_ = tokens;
    return at(tokens.size() - 1, depth).stream;
  }

  /// [d_output], at the last of the tokens or of their sum.
  Vector logits(const Integers& tokens) {
    Vector x = residual(tokens, blocks.size());
    for (size_t p = 0; summed && p + 1 < tokens.size(); ++p)
      add(x, at(p, blocks.size()).stream.data());
    if (!W_head.empty()) {
      x = times(x, W_head.data(), d_model);
      add(x, b_head.data()), rectify(x);
    }
    x = times(x, W_U.data(), d_output);
    add(x, b_U.data());
    return x;
  }

 private:
  // A position in front of a block: the residual stream there, and what the block's heads read.
  struct State {
    Vector stream;
    std::vector<Vector> keys, values;  // [head]
  };

  // With what may be left out. Every setting must be one of those that are implemented.
  static Json configuration(const Json& given) {
    const Json known = parse_json(R"({"activation": ["relu"], "attention_biases": [false],
      "causal": [true], "d_head": [], "d_mlp": [], "d_model": [], "d_output": [], "d_vocab": [],
      "head_dense": ["none", "relu"], "mlp_biases": [true], "n_ctx": [], "n_heads": [],
      "norm": ["none"], "norm_eps": [], "pool": ["none", "sum"], "unembed_bias": [false, true]})");
    Json config =
        parse_json(R"({"causal": true, "pool": "none", "head_dense": "none", "d_output": 0})");
    expect(given.is_object(), given, "an object");
    config.update(given);
    for (const auto& [name, value] : config.items()) {
      const Json values = known.value(name, Json::array({nullptr}));
      const bool any = values.empty() || std::ranges::count(values, value);
      require<CannotCheck>(any, "architecture: ", name, " ", value);
    }
    expect(config.size() == known.size(), config, "a value for every setting");
    return config;
  }

  // Later tokens do not change what is known at a position, so inputs that begin alike share it.
  const State& at(size_t p, size_t depth) {
    if (const auto known = known_.find({p, depth}); known != known_.end()) return known->second;
    State state{
        depth == 0 ? embed(tokens_[p], static_cast<int64_t>(p)) : after(p, depth - 1), {}, {}};
    for (int64_t head = 0; depth < blocks.size() && head < blocks[depth].n_heads; ++head) {
      const Block& block = blocks[depth];
      state.keys.push_back(project(block, state.stream, block.W_K, head));
      state.values.push_back(project(block, state.stream, block.W_V, head));
    }
    return known_[{p, depth}] = std::move(state);
  }

  Vector after(size_t p, size_t depth) {
    const Block& block = blocks[depth];
    Vector x = at(p, depth).stream;
    for (int64_t head = 0; head < block.n_heads; ++head) {
      const Vector q = project(block, at(p, depth).stream, block.W_Q, head);
      Vector z(block.d_head);
      Interval sum;
      for (size_t j = 0; j <= p; ++j) {
        const Interval weight = attention(block, q, at(j, depth).keys[head]);
        const Vector& value = at(j, depth).values[head];
        for (size_t i = 0; i < z.size(); ++i) z[i] += weight * value[i];
        sum += weight;
      }
      for (Interval& each : z) each = each / sum;
      add(x, write(block, z, head).data());
    }
    Vector hidden = times(x, block.W_in.data(), d_mlp);
    add(hidden, block.b_in.data()), rectify(hidden);
    add(x, times(hidden, block.W_out.data(), d_model).data()), add(x, block.b_out.data());
    return x;
  }

  Integers tokens_;
  std::map<std::pair<size_t, size_t>, State> known_;  // by position and depth
};

}  // namespace checker
