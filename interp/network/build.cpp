#include "interp/network/build.h"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

// Each function appends the places of one sublayer, in order of computation, and returns the place
// that the next one reads. Nothing else in the project knows an architecture.

namespace assay::interp {
namespace {

class Builder {
 public:
  explicit Builder(const TransformerConfig& config) : config_(config) {
    places_.n_ctx = config.n_ctx;
    places_.n_tokens = config.d_vocab;
    places_.causal = config.causal;
  }

  Places operator()() && {
    int stream = embeddings();
    for (int64_t layer = 0; layer < config_.n_layers(); ++layer) stream = block(stream, layer);
    unembedding(stream);
    return std::move(places_);
  }

 private:
  using Axes = std::vector<std::pair<Axis, int64_t>>;

  Axes stream_axes() const { return {{Axis::Position, -1}, {Axis::Model, config_.d_model}}; }

  int weight(std::string name, std::vector<int64_t> shape, Initial initial) {
    places_.weights.push_back({std::move(name), std::move(shape), initial});
    return static_cast<int>(places_.weights.size()) - 1;
  }

  int component(Kind kind, int64_t layer, int64_t count, int reads) {
    places_.components.push_back({.kind = kind, .layer = layer, .count = count, .reads = reads});
    return static_cast<int>(places_.components.size()) - 1;
  }

  int add(Place place) {
    places_.all.push_back(std::move(place));
    return places_.size() - 1;
  }

  int embeddings() {
    const int input = component(Kind::Input, 0, 1, -1);
    const int W_E = weight("embed.W_E", {config_.d_vocab, config_.d_model}, Initial::Embedding);
    const int W_pos =
        weight("pos_embed.W_pos", {config_.n_ctx, config_.d_model}, Initial::Position);
    const int token = add({.name = hook::embed(),
                           .axes = stream_axes(),
                           .by = Primitive::Token,
                           .weights = {W_E},
                           .component = input});
    const int position = add({.name = hook::pos_embed(),
                              .axes = stream_axes(),
                              .by = Primitive::Position,
                              .weights = {W_pos},
                              .component = input});
    places_.embedding = token;
    const int stream = sum(hook::resid_pre(0), {token, position});
    places_.components[input].output = places_.components[input].joins = stream;
    return stream;
  }

  int block(int stream, int64_t layer) {
    const int before = layer == 0 ? stream : sum(hook::resid_pre(layer), {stream});
    const BlockWeights weights = weights_of(layer);
    const auto [heads, attn_out] = attention(before, layer, weights);
    const int mid = sum(hook::resid_mid(layer), {before, attn_out});
    places_.components[heads].joins = mid;
    const auto [mlp, mlp_out] = this->mlp(mid, layer, weights);
    const int post = sum(hook::resid_post(layer), {mid, mlp_out});
    places_.components[mlp].joins = post;
    return post;
  }

  /// A block's weights, all of attention's before the MLP's before the norms'.
  struct BlockWeights {
    std::vector<int> Q, K, V, O, in, out, ln1, ln2;
  };
  BlockWeights weights_of(int64_t layer) {
    const std::string block = "blocks." + std::to_string(layer);
    const int64_t d_model = config_.d_model, d_mlp = config_.d_mlp;
    const int64_t heads = config_.n_heads[layer], d_head = config_.d_head[layer];
    BlockWeights w;
    for (const auto& [side, list] : {std::pair{"Q", &w.Q}, {"K", &w.K}, {"V", &w.V}})
      list->push_back(weight(block + ".attn.W_" + side, {heads, d_model, d_head}, Initial::Reader));
    w.O.push_back(weight(block + ".attn.W_O", {heads, d_head, d_model}, Initial::Writer));
    if (config_.attention_biases) {
      for (const auto& [side, list] : {std::pair{"Q", &w.Q}, {"K", &w.K}, {"V", &w.V}})
        list->push_back(weight(block + ".attn.b_" + side, {heads, d_head}, Initial::Zero));
      w.O.push_back(weight(block + ".attn.b_O", {d_model}, Initial::Zero));
    }
    w.in.push_back(weight(block + ".mlp.W_in", {d_model, d_mlp}, Initial::Reader));
    w.out.push_back(weight(block + ".mlp.W_out", {d_mlp, d_model}, Initial::Writer));
    if (config_.mlp_biases) {
      w.in.push_back(weight(block + ".mlp.b_in", {d_mlp}, Initial::Zero));
      w.out.push_back(weight(block + ".mlp.b_out", {d_model}, Initial::Zero));
    }
    if (config_.norm == Norm::Pre) {
      w.ln1 = norm_weights(block + ".ln1");
      w.ln2 = norm_weights(block + ".ln2");
    }
    return w;
  }
  std::vector<int> norm_weights(const std::string& norm) {
    return {weight(norm + ".w", {config_.d_model}, Initial::One),
            weight(norm + ".b", {config_.d_model}, Initial::Zero)};
  }

  /// @return the component and what it writes.
  std::pair<int, int> attention(int stream, int64_t layer, const BlockWeights& w) {
    const int64_t heads = config_.n_heads[layer], d_head = config_.d_head[layer];
    const int self = component(Kind::Head, layer, heads, stream);
    const int x = normalised(hook::ln1(layer), stream, w.ln1);
    const Axes of_heads = {{Axis::Position, -1}, {Axis::Head, heads}, {Axis::DHead, d_head}};
    const Axes map = {{Axis::Head, heads}, {Axis::Position, -1}, {Axis::Key, -1}};
    const Reach attended = config_.causal ? Reach::UpToHere : Reach::All;
    const auto project = [&](std::string name, const std::vector<int>& weights) {
      return add({.name = std::move(name),
                  .axes = of_heads,
                  .reads = {{x}},
                  .by = Primitive::Project,
                  .weights = weights,
                  .component = self});
    };
    const int q = project(hook::q(layer), w.Q);
    const int k = project(hook::k(layer), w.K);
    const int v = project(hook::v(layer), w.V);
    const int scores = add({.name = hook::attn_scores(layer),
                            .axes = map,
                            .reads = {{q}, {k, attended}},
                            .by = Primitive::Scores,
                            .form = ScoresForm{1 / std::sqrt(static_cast<double>(d_head))},
                            .component = self});
    const int pattern = add({.name = hook::pattern(layer),
                             .axes = map,
                             .reads = {{scores}},
                             .by = Primitive::Softmax,
                             .component = self});
    const int z = add({.name = hook::z(layer),
                       .axes = of_heads,
                       .reads = {{pattern}, {v, attended}},
                       .by = Primitive::Mix,
                       .component = self});
    const int out = add({.name = hook::attn_out(layer),
                         .axes = stream_axes(),
                         .reads = {{z}},
                         .by = Primitive::Project,
                         .weights = w.O,
                         .component = self});
    places_.components[self].acts = scores;
    places_.components[self].output = out;
    return {self, out};
  }

  std::pair<int, int> mlp(int stream, int64_t layer, const BlockWeights& w) {
    const int self = component(Kind::Mlp, layer, 1, stream);
    const int x = normalised(hook::ln2(layer), stream, w.ln2);
    const Axes neurons = {{Axis::Position, -1}, {Axis::Neuron, config_.d_mlp}};
    const int pre = add({.name = hook::mlp_pre(layer),
                         .axes = neurons,
                         .reads = {{x}},
                         .by = Primitive::Project,
                         .weights = w.in,
                         .component = self});
    const int post = add({.name = hook::mlp_post(layer),
                          .axes = neurons,
                          .reads = {{pre}},
                          .by = Primitive::Activate,
                          .form = ActivationForm{config_.activation},
                          .component = self});
    const int out = add({.name = hook::mlp_out(layer),
                         .axes = stream_axes(),
                         .reads = {{post}},
                         .by = Primitive::Project,
                         .weights = w.out,
                         .component = self});
    places_.components[self].acts = post;
    places_.components[self].output = out;
    return {self, out};
  }

  void unembedding(int stream) {
    const int self = component(Kind::Logits, config_.n_layers(), 1, stream);
    const std::vector<int> norm =
        config_.norm == Norm::Pre ? norm_weights("ln_final") : std::vector<int>();
    const int x = normalised(hook::ln_final(), stream, norm);
    std::vector<int> weights = {
        weight("unembed.W_U", {config_.d_model, config_.d_vocab}, Initial::Unembedding)};
    if (config_.unembed_bias)
      weights.push_back(weight("unembed.b_U", {config_.d_vocab}, Initial::Zero));
    places_.logits = add({.name = hook::logits(),
                          .axes = {{Axis::Position, -1}, {Axis::Output, config_.d_vocab}},
                          .reads = {{x}},
                          .by = Primitive::Project,
                          .weights = std::move(weights),
                          .component = self});
    places_.components[self].acts = places_.components[self].output = places_.logits;
  }

  int sum(std::string name, const std::vector<int>& terms) {
    Place place{.name = std::move(name), .axes = stream_axes(), .by = Primitive::Sum};
    for (const int term : terms) place.reads.push_back({term});
    return add(std::move(place));
  }

  /// `stream` itself where the network has no norms.
  int normalised(std::string name, int stream, const std::vector<int>& weights) {
    if (config_.norm == Norm::None) return stream;
    return add({.name = std::move(name),
                .axes = stream_axes(),
                .reads = {{stream}},
                .by = Primitive::Norm,
                .form = NormForm{config_.norm_eps},
                .weights = weights});
  }

  const TransformerConfig& config_;
  Places places_;
};

void refuse_what_is_not_built(const TransformerConfig& config) {
  const TransformerConfig usual;
  const auto refuse_unless = [](bool built, const char* what) {
    if (!built)
      throw std::invalid_argument(fmt::format("configuration: {} cannot be run yet", what));
  };
  refuse_unless(config.norm == Norm::None || config.norm == Norm::Pre, "this norm");
  refuse_unless(config.d_mlp > 0, "d_mlp 0");
  refuse_unless(!config.gated_mlp, "gated_mlp");
  refuse_unless(!config.embedding_norm, "embedding_norm");
  refuse_unless(config.positions == usual.positions, "positions other than learned");
  refuse_unless(config.n_kv_heads.empty(), "n_kv_heads");
  refuse_unless(config.scores == usual.scores, "scores unscaled");
  refuse_unless(config.windows.empty(), "windows");
  refuse_unless(config.blocks == usual.blocks, "blocks beside one another");
  refuse_unless(config.d_output == 0, "d_output");
  refuse_unless(config.d_embed == 0, "d_embed");
  refuse_unless(config.pool == usual.pool, "pool");
  refuse_unless(!config.head_dense, "head_dense");
  refuse_unless(!config.head_norm, "head_norm");
}

}  // namespace

Places describe(const TransformerConfig& config) {
  validate(config);
  refuse_what_is_not_built(config);
  return Builder(config)();
}

}  // namespace assay::interp
