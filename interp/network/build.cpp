#include "interp/network/build.h"

#include <cmath>
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

  Axes stream_axes() const { return stream_axes(config_.d_model); }
  Axes stream_axes(int64_t width) const {
    return {{Axis::Position, positions_}, {Axis::Model, width}};
  }

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

  int64_t embedding_width() const {
    return config_.d_embed == 0 ? config_.d_model : config_.d_embed;
  }

  int embeddings() {
    const int input = component(Kind::Input, 0, 1, -1);
    const int64_t width = embedding_width();
    const int W_E = weight("embed.W_E", {config_.d_vocab, width}, Initial::Embedding);
    const int token = add({.name = hook::embed(),
                           .axes = stream_axes(width),
                           .by = Primitive::Token,
                           .weights = {W_E},
                           .component = input});
    places_.embedding = token;
    std::vector<int> terms = {token};
    if (config_.d_embed != 0) {
      const int W = weight("embed.W_project", {width, config_.d_model}, Initial::Reader);
      terms = {project(hook::embed_projected(), token, stream_axes(), {W}, input)};
    }
    const std::vector<int> norm =
        config_.embedding_norm ? norm_weights("embed.ln", true) : std::vector<int>();
    if (config_.positions == PositionEncoding::Learned) {
      const int W_pos =
          weight("pos_embed.W_pos", {config_.n_ctx, config_.d_model}, Initial::Position);
      terms.push_back(add({.name = hook::pos_embed(),
                           .axes = stream_axes(),
                           .by = Primitive::Position,
                           .weights = {W_pos},
                           .component = input}));
    }
    if (config_.embedding_norm) {
      const int whole = sum(hook::embed_sum(), terms);
      terms = {add_norm(hook::embed_ln(), whole, NormKind::Layer, norm)};
    }
    const int stream = sum(hook::resid_pre(0), terms);
    places_.components[input].output = places_.components[input].joins = stream;
    return stream;
  }

  /// A block's weights, all of attention's before the MLP's before the norms'.
  struct BlockWeights {
    std::vector<int> Q, K, V, O, gate, in, out, ln1, ln2;
  };

  /// @return the stream behind the block.
  int block(int stream, int64_t layer) {
    const int before = layer == 0 ? stream : sum(hook::resid_pre(layer), {stream});
    const BlockWeights weights = weights_of(layer);
    if (config_.blocks != BlockForm::Sequential) return parallel_block(before, layer, weights);
    const int read = in_front(hook::ln1(layer), before, weights.ln1);
    const auto [heads, attn_out] = attention(before, read, layer, weights);
    if (config_.d_mlp == 0) return join(hook::resid_post(layer), before, {{heads, attn_out}});
    int mid = join(hook::resid_mid(layer), before, {{heads, attn_out}});
    if (config_.norm == Norm::Post) mid = behind(hook::ln1(layer), mid, weights.ln1);
    const int hidden = in_front(hook::ln2(layer), mid, weights.ln2);
    const auto [mlp, mlp_out] = this->mlp(mid, hidden, layer, weights);
    const int post = join(hook::resid_post(layer), mid, {{mlp, mlp_out}});
    return config_.norm == Norm::Post ? behind(hook::ln2(layer), post, weights.ln2) : post;
  }

  int parallel_block(int before, int64_t layer, const BlockWeights& weights) {
    const int read = in_front(hook::ln1(layer), before, weights.ln1);
    const auto [heads, attn_out] = attention(before, read, layer, weights);
    const int hidden = config_.blocks == BlockForm::ParallelOneNorm
                           ? read
                           : in_front(hook::ln2(layer), before, weights.ln2);
    const auto [mlp, mlp_out] = this->mlp(before, hidden, layer, weights);
    return join(hook::resid_post(layer), before, {{heads, attn_out}, {mlp, mlp_out}});
  }

  BlockWeights weights_of(int64_t layer) {
    const std::string block = "blocks." + std::to_string(layer);
    BlockWeights w;
    add_attention_weights(w, block, layer);
    if (config_.d_mlp != 0) add_mlp_weights(w, block);
    if (config_.norm == Norm::None) return w;
    w.ln1 = norm_weights(block + ".ln1");
    if (config_.d_mlp != 0 && config_.blocks != BlockForm::ParallelOneNorm)
      w.ln2 = norm_weights(block + ".ln2");
    return w;
  }
  void add_attention_weights(BlockWeights& w, const std::string& block, int64_t layer) {
    const int64_t d_model = config_.d_model, d_head = config_.d_head[layer];
    const int64_t heads = config_.n_heads[layer], kv = config_.kv_heads(layer);
    struct Side {
      const char* name;
      std::vector<int>& list;
      int64_t heads;
    };
    const Side sides[] = {{"Q", w.Q, heads}, {"K", w.K, kv}, {"V", w.V, kv}};
    for (const auto& [side, list, n] : sides)
      list.push_back(weight(block + ".attn.W_" + side, {n, d_model, d_head}, Initial::Reader));
    w.O.push_back(weight(block + ".attn.W_O", {heads, d_head, d_model}, Initial::Writer));
    if (!config_.attention_biases) return;
    for (const auto& [side, list, n] : sides)
      list.push_back(weight(block + ".attn.b_" + side, {n, d_head}, Initial::Zero));
    w.O.push_back(weight(block + ".attn.b_O", {d_model}, Initial::Zero));
  }
  void add_mlp_weights(BlockWeights& w, const std::string& block) {
    const int64_t d_model = config_.d_model, d_mlp = config_.d_mlp;
    if (config_.gated_mlp)
      w.gate.push_back(weight(block + ".mlp.W_gate", {d_model, d_mlp}, Initial::Reader));
    w.in.push_back(weight(block + ".mlp.W_in", {d_model, d_mlp}, Initial::Reader));
    w.out.push_back(weight(block + ".mlp.W_out", {d_mlp, d_model}, Initial::Writer));
    if (!config_.mlp_biases) return;
    w.in.push_back(weight(block + ".mlp.b_in", {d_mlp}, Initial::Zero));
    w.out.push_back(weight(block + ".mlp.b_out", {d_model}, Initial::Zero));
  }

  bool has_rms() const { return config_.norm == Norm::Rms || config_.norm == Norm::RmsUnweighted; }
  /// Of the norms that `norm` speaks of; none where they have no weights.
  std::vector<int> norm_weights(const std::string& norm) {
    if (config_.norm == Norm::PreUnweighted || config_.norm == Norm::RmsUnweighted) return {};
    return norm_weights(norm, config_.norm != Norm::Rms);
  }
  std::vector<int> norm_weights(const std::string& norm, bool bias) {
    std::vector<int> weights = {weight(norm + ".w", {config_.d_model}, Initial::One)};
    if (bias) weights.push_back(weight(norm + ".b", {config_.d_model}, Initial::Zero));
    return weights;
  }

  Reach attention_reach(int64_t layer) const {
    if (!config_.causal) return Reach::All;
    return config_.window(layer) == 0 ? Reach::UpToHere : Reach::Window;
  }

  /// @param stream  in front of the sublayer; @param x  what it reads of it, perhaps normalised.
  /// @return the component and what it writes.
  std::pair<int, int> attention(int stream, int x, int64_t layer, const BlockWeights& w) {
    const int64_t heads = config_.n_heads[layer], d_head = config_.d_head[layer];
    const int self = component(Kind::Head, layer, heads, stream);
    const auto of_heads = [&](int64_t n) {
      return Axes{{Axis::Position, -1}, {Axis::Head, n}, {Axis::DHead, d_head}};
    };
    const Axes map = {{Axis::Head, heads}, {Axis::Position, -1}, {Axis::Key, -1}};
    const int64_t kv = config_.kv_heads(layer);
    int q = project(hook::q(layer), x, of_heads(heads), w.Q, self);
    int k = project(hook::k(layer), x, of_heads(kv), w.K, self);
    const int v = project(hook::v(layer), x, of_heads(kv), w.V, self);
    if (config_.positions == PositionEncoding::Rotary) {
      q = rotate(hook::rot_q(layer), q, of_heads(heads), self);
      k = rotate(hook::rot_k(layer), k, of_heads(kv), self);
    }
    const auto attended = [&](int from) {
      return Read{from, attention_reach(layer), config_.window(layer)};
    };
    const double scale =
        config_.scores == ScoreScale::Scaled ? 1 / std::sqrt(static_cast<double>(d_head)) : 1;
    const bool alibi = config_.positions == PositionEncoding::Alibi;
    const int scores = add({.name = hook::attn_scores(layer),
                            .axes = map,
                            .reads = {{q}, attended(k)},
                            .by = Primitive::Scores,
                            .form = ScoresForm{scale, alibi},
                            .component = self});
    const int pattern = add({.name = hook::pattern(layer),
                             .axes = map,
                             .reads = {{scores}},
                             .by = Primitive::Softmax,
                             .component = self});
    const int z = add({.name = hook::z(layer),
                       .axes = of_heads(heads),
                       .reads = {{pattern}, attended(v)},
                       .by = Primitive::Mix,
                       .component = self});
    const int out = project(hook::attn_out(layer), z, stream_axes(), w.O, self);
    places_.components[self].acts = scores;
    places_.components[self].output = out;
    return {self, out};
  }

  int rotate(std::string name, int x, Axes axes, int component) {
    const int64_t d_head = axes.back().second;
    const RotaryForm form{.dims = config_.rotary_dims == 0 ? d_head : config_.rotary_dims,
                          .base = config_.rotary_base,
                          .interleaved = config_.rotary_interleaved};
    return add({.name = std::move(name),
                .axes = std::move(axes),
                .reads = {{x}},
                .by = Primitive::Rotate,
                .form = form,
                .component = component});
  }

  /// As attention().
  std::pair<int, int> mlp(int stream, int x, int64_t layer, const BlockWeights& w) {
    const int self = component(Kind::Mlp, layer, 1, stream);
    const Axes neurons = {{Axis::Position, -1}, {Axis::Neuron, config_.d_mlp}};
    const int pre =
        project(hook::mlp_pre(layer), x, neurons, config_.gated_mlp ? w.gate : w.in, self);
    std::vector<Read> reads = {{pre}};
    if (config_.gated_mlp)
      reads.push_back({project(hook::mlp_pre_linear(layer), x, neurons, w.in, self)});
    const int post = add({.name = hook::mlp_post(layer),
                          .axes = neurons,
                          .reads = std::move(reads),
                          .by = Primitive::Activate,
                          .form = ActivationForm{config_.activation},
                          .component = self});
    const int out = project(hook::mlp_out(layer), post, stream_axes(), w.out, self);
    places_.components[self].acts = post;
    places_.components[self].output = out;
    return {self, out};
  }

  /// Final norm, pooling, the head's dense layer and norm, projections, each as far as there is
  /// one.
  void unembedding(int stream) {
    const int self = component(Kind::Logits, config_.n_layers(), 1, stream);
    int x = stream, acts = -1;
    if (config_.final_norm()) x = in_front(hook::ln_final(), x, norm_weights("ln_final"));
    if (config_.pool != Pooling::None) x = pool(x, self);
    if (config_.head_dense) x = acts = dense_head(x, self);
    if (config_.head_norm)
      x = add_norm(hook::head_ln(), x, NormKind::Layer, norm_weights("head.ln", true));
    if (config_.d_embed != 0) {
      const int W =
          weight("unembed.W_project", {config_.d_model, config_.d_embed}, Initial::Writer);
      x = project(hook::unembed_projected(), x, stream_axes(config_.d_embed), {W}, self);
    }
    std::vector<int> weights = {
        weight("unembed.W_U", {embedding_width(), config_.outputs()}, Initial::Unembedding)};
    if (config_.unembed_bias)
      weights.push_back(weight("unembed.b_U", {config_.outputs()}, Initial::Zero));
    const Axes outputs = {{Axis::Position, positions_}, {Axis::Output, config_.outputs()}};
    places_.logits = project(hook::logits(), x, outputs, std::move(weights), self);
    places_.components[self].output = places_.logits;
    places_.components[self].acts = acts < 0 ? places_.logits : acts;
  }

  int pool(int x, int component) {
    positions_ = 1;
    const bool first = config_.pool == Pooling::First;
    return add({.name = hook::pooled(),
                .axes = stream_axes(),
                .reads = {{x, first ? Reach::Same : Reach::All}},
                .by = Primitive::Pool,
                .form = PoolForm{config_.pool},
                .component = component});
  }

  int dense_head(int x, int component) {
    const int W = weight("head.W", {config_.d_model, config_.d_model}, Initial::Reader);
    const int b = weight("head.b", {config_.d_model}, Initial::Zero);
    const int pre = project(hook::head_pre(), x, stream_axes(), {W, b}, component);
    return add({.name = hook::head_post(),
                .axes = stream_axes(),
                .reads = {{pre}},
                .by = Primitive::Activate,
                .form = ActivationForm{*config_.head_dense},
                .component = component});
  }

  int project(std::string name, int x, Axes axes, std::vector<int> weights, int component) {
    return add({.name = std::move(name),
                .axes = std::move(axes),
                .reads = {{x}},
                .by = Primitive::Project,
                .weights = std::move(weights),
                .component = component});
  }

  int sum(std::string name, const std::vector<int>& terms) {
    Place place{.name = std::move(name), .axes = stream_axes(), .by = Primitive::Sum};
    for (const int term : terms) place.reads.push_back({term});
    return add(std::move(place));
  }

  /// The stream after components have written to it. @param written  each component, and what it
  /// writes.
  int join(std::string name, int stream, const std::vector<std::pair<int, int>>& written) {
    std::vector<int> terms = {stream};
    for (const auto& [component, output] : written) terms.push_back(output);
    const int joined = sum(std::move(name), terms);
    for (const auto& [component, output] : written) places_.components[component].joins = joined;
    return joined;
  }

  /// What a sublayer reads: `stream` itself where nothing is normalised in front.
  int in_front(std::string name, int stream, const std::vector<int>& weights) {
    if (!config_.final_norm()) return stream;
    return add_norm(std::move(name), stream, has_rms() ? NormKind::Rms : NormKind::Layer, weights);
  }

  /// The stream that goes on where each sum is normalised: no longer what was written, added up.
  int behind(std::string name, int joined, const std::vector<int>& weights) {
    places_.additive = false;
    return add_norm(std::move(name), joined, NormKind::Layer, weights);
  }

  int add_norm(std::string name, int x, NormKind kind, const std::vector<int>& weights) {
    return add({.name = std::move(name),
                .axes = stream_axes(),
                .reads = {{x}},
                .by = Primitive::Norm,
                .form = NormForm{kind, config_.norm_eps},
                .weights = weights});
  }

  const TransformerConfig& config_;
  Places places_;
  int64_t positions_ = -1;  // of the places to come: 1 behind a pooling
};

}  // namespace

Places describe(const TransformerConfig& config) {
  validate(config);
  return Builder(config)();
}

}  // namespace assay::interp
