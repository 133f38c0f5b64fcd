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
    Json metadata = Json::object();
    Tensors tensors = read_safetensors(bytes, &metadata);
    require<BadInput>(metadata.is_object() && metadata.contains("config"),
                      "the model has no configuration in it");
    const Json given = parse_json(text(metadata["config"]));
    expect(given.is_object(), given, "an object");
    Json config =
        parse_json(R"({"causal": true, "pool": "none", "head_dense": "none", "d_output": 0})");
    config.update(given);
    const Json known = parse_json(R"({"activation": ["relu"], "attention_biases": [false],
      "causal": [true], "d_head": [], "d_mlp": [], "d_model": [], "d_output": [], "d_vocab": [],
      "head_dense": ["none", "relu"], "mlp_biases": [true], "n_ctx": [], "n_heads": [],
      "norm": ["none"], "norm_eps": [], "pool": ["none", "sum"], "unembed_bias": [false, true]})");
    for (const auto& [name, value] : config.items()) {
      const Json values = known.value(name, Json::array({nullptr}));
      const bool any = values.empty() || std::count(values.begin(), values.end(), value);
      require<CannotCheck>(any, "architecture: " + name + " " + value.dump());
    }
    expect(config.size() == known.size(), config, "a value for every setting");
    const auto size = [&](const char* name) { return integer(config[name], 1, 1 << 16); };
    d_vocab = size("d_vocab"), n_ctx = size("n_ctx"), d_model = size("d_model"),
    d_mlp = size("d_mlp");
    d_output = config["d_output"] == 0 ? d_vocab : size("d_output");
    summed = config["pool"] == "sum";
    const auto heads = integers(config["n_heads"], 1, 1 << 16),
               widths = integers(config["d_head"], 1, 1 << 16);
    expect(!heads.empty() && heads.size() == widths.size(), config, "as many n_heads as d_head");
    const auto weight = [&](const std::string& name, const Integers& shape) {
      Weight data = take(tensors, name, shape).data;
      require<CannotCheck>(std::ranges::all_of(data, [](double x) { return std::fabs(x) <= 1e6; }),
                           "architecture: a weight of " + name + " beyond 1e6");
      return data;
    };
    W_E = weight("embed.W_E", {d_vocab, d_model}),
    W_pos = weight("pos_embed.W_pos", {n_ctx, d_model});
    W_U = weight("unembed.W_U", {d_model, d_output});
    b_U = config["unembed_bias"] == true ? weight("unembed.b_U", {d_output}) : Weight(d_output);
    if (config["head_dense"] == "relu")
      W_head = weight("head.W", {d_model, d_model}), b_head = weight("head.b", {d_model});
    for (size_t i = 0; i < heads.size(); ++i) {
      const int64_t h = heads[i], d = widths[i];
      const std::string block = "blocks." + std::to_string(i), attn = block + ".attn.",
                        mlp = block + ".mlp.";
      blocks.push_back(
          {h, d, weight(attn + "W_Q", {h, d_model, d}), weight(attn + "W_K", {h, d_model, d}),
           weight(attn + "W_V", {h, d_model, d}), weight(attn + "W_O", {h, d, d_model}),
           weight(mlp + "W_in", {d_model, d_mlp}), weight(mlp + "b_in", {d_mlp}),
           weight(mlp + "W_out", {d_mlp, d_model}), weight(mlp + "b_out", {d_model})});
    }
    require<CannotCheck>(tensors.empty(), "architecture: tensor '" +
                                              (tensors.empty() ? "" : tensors.begin()->first) +
                                              "' has no place in it");
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
  const Vector& residual(const Integers& tokens, size_t depth) {
    read(tokens);
    return stream(tokens.size() - 1, depth);
  }

  /// [d_output], at the last of the tokens or of their sum.
  Vector logits(const Integers& tokens) {
    Vector x = residual(tokens, blocks.size());
    for (size_t p = 0; summed && p + 1 < tokens.size(); ++p)
      add(x, stream(p, blocks.size()).data());
    if (!W_head.empty()) {
      x = times(x, W_head.data(), d_model);
      add(x, b_head.data()), rectify(x);
    }
    x = times(x, W_U.data(), d_output);
    add(x, b_U.data());
    return x;
  }

 private:
  // What is known at a position. Later tokens do not change it, so inputs that begin alike share
  // it.
  struct Place {
    int64_t token;
    std::vector<Vector> streams = {};                         // by depth
    std::vector<std::vector<Vector>> keys = {}, values = {};  // [block][head]
  };

  void read(const Integers& tokens) {
    size_t common = 0;
    while (common < std::min(tokens.size(), places_.size()) &&
           tokens[common] == places_[common].token)
      ++common;
    places_.resize(common, Place{0});
    for (size_t p = common; p < tokens.size(); ++p) places_.push_back({tokens[p]});
  }

  // Each function below computes what it gives on the first call, and the steps before it.
  const Vector& stream(size_t p, size_t depth) {
    if (places_[p].streams.size() <= depth) {
      Vector x =
          depth == 0 ? embed(places_[p].token, static_cast<int64_t>(p)) : after(depth - 1, p);
      places_[p].streams.push_back(std::move(x));
    }
    return places_[p].streams[depth];
  }

  const Place& attended(size_t block, size_t p) {
    if (places_[p].keys.size() <= block) {
      if (block > 0) attended(block - 1, p);
      const Vector x = stream(p, block);
      std::vector<Vector> keys, values;
      for (int64_t head = 0; head < blocks[block].n_heads; ++head) {
        keys.push_back(project(blocks[block], x, blocks[block].W_K, head));
        values.push_back(project(blocks[block], x, blocks[block].W_V, head));
      }
      places_[p].keys.push_back(std::move(keys)), places_[p].values.push_back(std::move(values));
    }
    return places_[p];
  }

  Vector after(size_t index, size_t p) {
    const Block& block = blocks[index];
    const Vector before = stream(p, index);
    Vector x = before;
    for (int64_t head = 0; head < block.n_heads; ++head) {
      const Vector q = project(block, before, block.W_Q, head);
      Vector z(block.d_head);
      Interval sum;
      for (size_t j = 0; j <= p; ++j) {
        const Place& place = attended(index, j);
        const Interval weight = attention(block, q, place.keys[index][head]);
        sum += weight;
        for (int64_t i = 0; i < block.d_head; ++i) z[i] += weight * place.values[index][head][i];
      }
      for (Interval& each : z) each = each / sum;
      add(x, write(block, z, head).data());
    }
    Vector hidden = times(x, block.W_in.data(), d_mlp);
    add(hidden, block.b_in.data()), rectify(hidden);
    add(x, times(hidden, block.W_out.data(), d_model).data()), add(x, block.b_out.data());
    return x;
  }

  std::vector<Place> places_;
};

}  // namespace checker
