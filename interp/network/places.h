#pragma once
// What a network computes, as data: a list of places, each after those that it is computed from.
//
// Axis glossary, used in every comment of the project:
//   batch    inputs                      head     attention heads of one layer
//   pos      positions (query side)      d_head   width of one head
//   key      positions (key side)        d_model  width of the residual stream
//   vocab    tokens                      d_mlp    hidden neurons of one MLP
//
// A place has a name (TransformerLens' where it has one), axes, the places that it reads, and the
// primitive by which it is computed from them. Whoever needs to know how a network is put together
// reads this list: sites are checked against it, plans walk it backwards, cuts are searched in it.
// An architecture is a function that builds such a list (build.h) and, rarely, a new primitive.

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace assay::interp {

/// Gelu is GPT-2's tanh form, GeluExact x Φ(x); they differ by up to 5e-4. Silu is x σ(x).
enum class Activation { Relu, Gelu, GeluExact, Silu, Tanh };

/// What the head in front of the logits reads: every position by itself, the first one, or the mean
/// or sum over all. A pooled network has logits at one position, `logits[pos=0]`.
enum class Pooling { None, First, Mean, Sum };

enum class Axis { Head, Position, Key, DHead, Model, Neuron, Output };

/// The positions of what is read that a position of the reader needs.
enum class Reach {
  Same,
  UpToHere,  ///< its own and those before it
  Window,    ///< its own and those less than `window` before it
  All,
};

struct Read {
  int from = 0;  ///< index among the places
  Reach reach = Reach::Same;
  int64_t window = 0;  ///< positions, of Reach::Window
};

/// How a place is computed from those that it reads, in order.
enum class Primitive {
  Opaque,    ///< nobody here knows: a place of somebody else's network
  Token,     ///< the rows of its weight that the tokens name
  Position,  ///< the rows of its weight that the positions name; a batch of 1
  Sum,       ///< of one or more
  Norm,      ///< over the last axis; weights: gain and bias, as far as there are any
  Project,   ///< x W, or x W + b; the head axis appears or disappears with its weight's
  Rotate,    ///< of queries or keys, by the angles of their positions
  Scores,    ///< queries, keys: products, scaled; a key's head may serve several queries' heads
  Softmax,   ///< of scores, over the keys within reach
  Mix,       ///< pattern, values: sums of the values, weighted by the pattern
  Activate,  ///< elementwise; of two, the function of the first times the second
  Pool,      ///< over the positions within reach
};

/// Layer: centred and divided by the standard deviation; Rms: divided by the root of the mean
/// square.
enum class NormKind { Layer, Rms };
struct NormForm {
  NormKind kind = NormKind::Layer;
  double eps = 0;
};
/// The first `dims` entries of a head form pairs, neighbours or (i, i + dims/2); pair i is turned
/// by position · base^(-2i/dims) (arXiv 2104.09864, section 3.4.2).
struct RotaryForm {
  int64_t dims = 0;
  double base = 10000;
  bool interleaved = false;
};
struct ScoresForm {
  double scale = 1;
  /// Less slope · distance, a slope per head (arXiv 2108.12409, section 3).
  bool alibi = false;
};
struct ActivationForm {
  Activation activation = Activation::Relu;
};
struct PoolForm {
  Pooling pooling = Pooling::First;
};
using Form =
    std::variant<std::monostate, NormForm, RotaryForm, ScoresForm, ActivationForm, PoolForm>;

struct Place {
  std::string name;  ///< `blocks.1.attn.hook_z`
  /// Behind the batch; -1: as long as the input.
  std::vector<std::pair<Axis, int64_t>> axes;
  std::vector<Read> reads = {};
  Primitive by = Primitive::Opaque;
  Form form = {};
  std::vector<int> weights = {};  ///< indices among the weights
  int component = -1;             ///< that computes it, if one does

  /// Which axis of the value, the batch being 0. Empty if there is none of this kind.
  std::optional<int64_t> axis(Axis axis) const;
  /// 1 where there is no axis of this kind.
  int64_t size(Axis axis) const;
  bool is_attention_map() const { return axis(Axis::Key).has_value(); }
  /// Of what a site can be narrowed to beside positions: heads, neurons, or 1.
  int64_t parts() const;
  /// How many positions it has in a sequence of `n_pos` tokens: as many, or 1 behind a pooling.
  int64_t positions(int64_t n_pos) const;
};

/// What a weight is before training: a constant, or normal numbers whose scale hangs on its part.
enum class Initial { Zero, One, Embedding, Position, Reader, Writer, Unembedding };

struct Weight {
  std::string name;  ///< `blocks.0.attn.W_Q`, as in the files
  std::vector<int64_t> shape;
  Initial initial = Initial::Reader;
};

enum class Kind { Input, Head, Mlp, Logits };

/// What writes to the residual stream and reads from it: the embeddings, all heads of one
/// attention, an MLP, the unembedding.
struct ComponentPlaces {
  Kind kind = Kind::Input;
  int64_t layer = 0;  ///< 0 for the input; the number of blocks for the logits
  int64_t count = 1;  ///< heads
  int reads = -1;     ///< the stream in front of it
  int acts = -1;      ///< the first place that is not linear in what it reads
  int output = -1;    ///< what it writes
  int joins = -1;     ///< the sum that takes it in
};

struct Places {
  std::vector<Place> all;
  std::vector<Weight> weights;  ///< in the order in which they are drawn, so that seeds hang on it
  std::vector<ComponentPlaces> components;  ///< in order of computation
  int embedding = -1;  ///< what the tokens are replaced by first; -1: nobody knows
  int logits = -1;
  int64_t n_ctx = 0, n_tokens = 0;
  bool causal = true;    ///< no position attends to a later one
  bool additive = true;  ///< every stream is the sum of what components have written

  const Place& operator[](int index) const { return all[static_cast<size_t>(index)]; }
  int size() const { return static_cast<int>(all.size()); }
  std::optional<int> find(std::string_view name) const;
  /// @throws std::invalid_argument listing the places.
  int at(std::string_view name) const;
  std::string list_of_names() const;
};

/// Components that may have had a part in the value of a place: indices, ascending.
std::set<int> contributors(const Places& places, int place);

/// How scores, a pattern or a mix of values reads the positions that are attended to; nothing for
/// other places.
std::optional<Read> attended(const Places& places, int place);

/// Places that are computed from nothing but the token and the position at the same place in the
/// sequence, and that no component has acted on: the embeddings, their projection and sum, its
/// norm.
bool is_embedding(const Places& places, int place);

/// TransformerLens' names.
namespace hook {
std::string embed();
std::string embed_projected();
std::string pos_embed();
std::string embed_sum();
std::string embed_ln();
std::string resid_pre(int64_t layer);
std::string ln1(int64_t layer);
std::string q(int64_t layer);
std::string k(int64_t layer);
std::string v(int64_t layer);
std::string rot_q(int64_t layer);
std::string rot_k(int64_t layer);
std::string attn_scores(int64_t layer);
std::string pattern(int64_t layer);
std::string z(int64_t layer);
std::string attn_out(int64_t layer);
std::string resid_mid(int64_t layer);
std::string ln2(int64_t layer);
std::string mlp_pre(int64_t layer);
std::string mlp_pre_linear(int64_t layer);
std::string mlp_post(int64_t layer);
std::string mlp_out(int64_t layer);
std::string resid_post(int64_t layer);
std::string ln_final();
std::string pooled();
std::string head_pre();
std::string head_post();
std::string head_ln();
std::string unembed_projected();
std::string logits();
}  // namespace hook

}  // namespace assay::interp
