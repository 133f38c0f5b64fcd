#include "network.h"

namespace checker {
namespace {

constexpr int64_t kMost = 1 << 16;  // of every size
constexpr double kLargestWeight = 1e6;

bool flag(const Json& value, const std::string& where) {
  if (!value.is_boolean()) throw BadInput(where + ": expected true or false");
  return value.get<bool>();
}

// Takes the weights of one name. What the network does not have stays zero.
class Weights {
 public:
  explicit Weights(std::map<std::string, Tensor> tensors) : tensors_(std::move(tensors)) {}

  std::vector<double> take(const std::string& name, const std::vector<int64_t>& shape) {
    const Tensor tensor = checker::take(tensors_, name, shape);
    if (tensor.type != "F32") throw BadInput("tensor '" + name + "': expected float32");
    for (const double value : tensor.data)
      if (std::fabs(value) > kLargestWeight) throw CannotCheck("tensor '" + name + "': beyond 1e6");
    return tensor.data;
  }
  std::vector<double> take_if(bool has, const std::string& name,
                              const std::vector<int64_t>& shape) {
    if (has) return take(name, shape);
    size_t size = 1;
    for (const int64_t axis : shape) size *= static_cast<size_t>(axis);
    return std::vector<double>(size);
  }
  void require_none_left() const {
    for (const auto& [name, tensor] : tensors_)
      throw CannotCheck("architecture: tensor '" + name + "' has no place in it");
  }

 private:
  std::map<std::string, Tensor> tensors_;
};

void add(Vector& to, const Vector& x) {
  for (size_t i = 0; i < to.size(); ++i) to[i] += x[i];
}
void add(Vector& to, const double* exact) {
  for (size_t i = 0; i < to.size(); ++i) to[i] += Interval(exact[i]);
}

}  // namespace

Network::Network(const std::string& bytes, const std::string& where) {
  Safetensors file = read_safetensors(bytes, where);
  if (!file.metadata.contains("config")) throw BadInput(where + ": no configuration in it");
  Json config = parse_json(file.metadata["config"], where + ": configuration");
  const std::string here = where + ": configuration";
  if (config.is_object() && config.contains("causal")) {  // left out by networks that are
    if (!flag(config["causal"], here)) throw CannotCheck("architecture: attention is not causal");
    config.erase("causal");
  }
  require_members(config,
                  {"activation", "attention_biases", "d_head", "d_mlp", "d_model", "d_vocab",
                   "mlp_biases", "n_ctx", "n_heads", "norm", "norm_eps", "unembed_bias"},
                  here);
  if (text(config["activation"], here) != "relu")
    throw CannotCheck("architecture: activation '" + text(config["activation"], here) + "'");
  if (text(config["norm"], here) != "none")
    throw CannotCheck("architecture: norm '" + text(config["norm"], here) + "'");
  d_vocab = integer(config["d_vocab"], 1, kMost, here);
  n_ctx = integer(config["n_ctx"], 1, kMost, here);
  d_model = integer(config["d_model"], 1, kMost, here);
  d_mlp = integer(config["d_mlp"], 1, kMost, here);
  const auto n_heads = integers(config["n_heads"], 1, kMost, here);
  const auto d_head = integers(config["d_head"], 1, kMost, here);
  if (n_heads.empty() || n_heads.size() != d_head.size()) throw BadInput(here + ": blocks");

  Weights weights(std::move(file.tensors));
  W_E = weights.take("embed.W_E", {d_vocab, d_model});
  W_pos = weights.take("pos_embed.W_pos", {n_ctx, d_model});
  W_U = weights.take("unembed.W_U", {d_model, d_vocab});
  b_U = weights.take_if(flag(config["unembed_bias"], here), "unembed.b_U", {d_vocab});
  const bool attention_biases = flag(config["attention_biases"], here);
  const bool mlp_biases = flag(config["mlp_biases"], here);
  for (size_t i = 0; i < n_heads.size(); ++i) {
    const int64_t h = n_heads[i], d = d_head[i];
    const std::string attn = "blocks." + std::to_string(i) + ".attn.";
    const std::string mlp = "blocks." + std::to_string(i) + ".mlp.";
    Block block;
    block.n_heads = h;
    block.d_head = d;
    block.W_Q = weights.take(attn + "W_Q", {h, d_model, d});
    block.W_K = weights.take(attn + "W_K", {h, d_model, d});
    block.W_V = weights.take(attn + "W_V", {h, d_model, d});
    block.W_O = weights.take(attn + "W_O", {h, d, d_model});
    block.b_Q = weights.take_if(attention_biases, attn + "b_Q", {h, d});
    block.b_K = weights.take_if(attention_biases, attn + "b_K", {h, d});
    block.b_V = weights.take_if(attention_biases, attn + "b_V", {h, d});
    block.b_O = weights.take_if(attention_biases, attn + "b_O", {d_model});
    block.W_in = weights.take(mlp + "W_in", {d_model, d_mlp});
    block.b_in = weights.take_if(mlp_biases, mlp + "b_in", {d_mlp});
    block.W_out = weights.take(mlp + "W_out", {d_mlp, d_model});
    block.b_out = weights.take_if(mlp_biases, mlp + "b_out", {d_model});
    blocks.push_back(std::move(block));
  }
  weights.require_none_left();
}

Vector Network::embed(int64_t token, int64_t position) const {
  Vector x(d_model);
  add(x, &W_E[token * d_model]);
  add(x, &W_pos[position * d_model]);
  return x;
}

Vector Network::project(const Block& block, const Vector& x, const std::vector<double>& weight,
                        const std::vector<double>& bias, int64_t head) const {
  Vector y = times(x, &weight[head * d_model * block.d_head], block.d_head);
  add(y, &bias[head * block.d_head]);
  return y;
}

Interval Network::score(const Block& block, const Vector& q, const Vector& k) const {
  return dot(q.data(), k.data(), q.size()) /
         square_root(Interval(static_cast<double>(block.d_head)));
}

Vector Network::after_mlp(const Block& block, const Vector& x) const {
  Vector hidden = times(x, block.W_in.data(), d_mlp);
  add(hidden, block.b_in.data());
  for (Interval& value : hidden)
    value = Interval(std::max(value.low(), 0.0), std::max(value.high, 0.0));
  Vector y = times(hidden, block.W_out.data(), d_model);
  add(y, block.b_out.data());
  add(y, x);
  return y;
}

// The residual stream at one position after a block's attention. Keys and values: [head][position].
Vector Network::attend(const Block& block, const std::vector<Vector>& stream,
                       const std::vector<std::vector<Vector>>& keys,
                       const std::vector<std::vector<Vector>>& values, size_t position) const {
  Vector x = stream[position];
  for (int64_t head = 0; head < block.n_heads; ++head) {
    const Vector q = project(block, stream[position], block.W_Q, block.b_Q, head);
    Vector z(block.d_head);
    Interval sum;
    for (size_t j = 0; j <= position; ++j) {
      const Interval weight = exponential(score(block, q, keys[head][j]));
      sum += weight;
      for (int64_t i = 0; i < block.d_head; ++i) z[i] += weight * values[head][j][i];
    }
    for (Interval& value : z) value = value / sum;
    add(x, times(z, &block.W_O[head * block.d_head * d_model], d_model));
  }
  add(x, block.b_O.data());
  return x;
}

Vector Network::residual(const std::vector<int64_t>& tokens, size_t depth) const {
  std::vector<Vector> stream;
  for (size_t j = 0; j < tokens.size(); ++j)
    stream.push_back(embed(tokens[j], static_cast<int64_t>(j)));
  for (size_t i = 0; i < depth; ++i) {
    const Block& block = blocks[i];
    std::vector<std::vector<Vector>> keys(block.n_heads), values(block.n_heads);
    for (int64_t head = 0; head < block.n_heads; ++head)
      for (const Vector& x : stream) {
        keys[head].push_back(project(block, x, block.W_K, block.b_K, head));
        values[head].push_back(project(block, x, block.W_V, block.b_V, head));
      }
    // Of the last block nothing but the last position is read.
    std::vector<Vector> next(stream.size());
    for (size_t j = i + 1 < depth ? 0 : stream.size() - 1; j < stream.size(); ++j)
      next[j] = after_mlp(block, attend(block, stream, keys, values, j));
    stream = std::move(next);
  }
  return stream.back();
}

Vector Network::logits(const std::vector<int64_t>& tokens) const {
  Vector logits = times(residual(tokens, blocks.size()), W_U.data(), d_vocab);
  add(logits, b_U.data());
  return logits;
}

}  // namespace checker
