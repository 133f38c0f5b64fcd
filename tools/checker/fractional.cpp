// node = program, for every input of a domain too large to be listed: alpha, the nearest prototype
// to the residual stream after the first block, gives h's label at every read position.
//
// A case is a read position p and an alternative of its slot, which fixes the query and the label.
// A head of block 0 writes Z = Σ_j e^s_j o_j / Σ_j e^s_j over the positions j ≤ p, where s_j and
// o_j depend on the token at j alone. So for a direction d and a number λ
//     Z·d ≥ λ for every input   iff   Σ over slots of min over alternatives of Σ_j e^s_j (o_j·d -
//     λ) ≥ 0,
// as slots are chosen independently: the certificate brings λ, and one sum per λ is all there is to
// check (at_least). That bounds each hidden neuron's input, by two λ per head; each ReLU is then
// bounded below by a line over that range; what is left of the margin to a wrong prototype is
// affine in Z, and one more λ per head bounds it.

#include "proofs.h"

namespace checker {
namespace {

struct Place {  // one token at one position
  int64_t position, token;
};

class FirstBlock {
 public:
  FirstBlock(const Subject& subject, const std::vector<double>& prototypes);

  const Network& network;
  const Domain& domain;
  const Block& block;
  std::vector<Place> places;  // all that the domain allows, by position
  std::map<std::pair<int64_t, int64_t>, size_t> place_of;
  std::vector<std::vector<std::vector<size_t>>> slots;  // [slot][alternative]: places, by position
  std::vector<std::vector<Vector>> keys;                // [head][place]
  std::vector<std::vector<Vector>> to_neuron;     // [head][neuron][place]: o · W_in[:, neuron]
  std::vector<std::vector<Vector>> to_prototype;  // [head][prototype][place]: o · unit prototype
  std::vector<Vector> units;                      // [prototype]: prototypes of length 1
  std::vector<Vector> neuron_to_prototype;        // [prototype][neuron]: W_out[neuron] · unit
};

FirstBlock::FirstBlock(const Subject& subject, const std::vector<double>& prototypes)
    : network(subject.network), domain(subject.domain), block(subject.network.blocks[0]) {
  for (const Slot& slot : domain.slots)
    for (const auto& tokens : slot.alternatives)
      for (size_t i = 0; i < tokens.size(); ++i) place_of[{slot.positions[i], tokens[i]}] = 0;
  for (auto& [place, index] : place_of) {
    index = places.size();
    places.push_back({place.first, place.second});
  }
  for (const Slot& slot : domain.slots) {
    slots.emplace_back();
    for (const auto& tokens : slot.alternatives) {
      slots.back().emplace_back();
      for (size_t i = 0; i < tokens.size(); ++i)
        slots.back().back().push_back(place_of[{slot.positions[i], tokens[i]}]);
    }
  }
  const int64_t d = network.d_model;
  for (size_t r = 0; r < prototypes.size() / d; ++r) {
    Vector unit(prototypes.begin() + r * d, prototypes.begin() + (r + 1) * d);
    const Interval square = dot(unit.data(), unit.data(), d);
    if (!(square.low() > 0)) throw Rejected("fractional: a prototype is zero");
    for (Interval& x : unit) x = x / square_root(square);
    neuron_to_prototype.emplace_back();
    for (int64_t n = 0; n < network.d_mlp; ++n) {
      const Vector out(&block.W_out[n * d], &block.W_out[n * d] + d);
      neuron_to_prototype.back().push_back(dot(unit.data(), out.data(), d));
    }
    units.push_back(std::move(unit));
  }
  for (int64_t head = 0; head < block.n_heads; ++head) {
    keys.emplace_back();
    to_neuron.emplace_back(network.d_mlp, Vector(places.size()));
    to_prototype.emplace_back(units.size(), Vector(places.size()));
    for (size_t i = 0; i < places.size(); ++i) {
      const Vector x = network.embed(places[i].token, places[i].position);
      keys[head].push_back(network.project(block, x, block.W_K, block.b_K, head));
      const Vector v = network.project(block, x, block.W_V, block.b_V, head);
      const Vector o = times(v, &block.W_O[head * block.d_head * d], d);
      const Vector neurons = times(o, block.W_in.data(), network.d_mlp);
      for (int64_t n = 0; n < network.d_mlp; ++n) to_neuron[head][n][i] = neurons[n];
      for (size_t r = 0; r < units.size(); ++r)
        to_prototype[head][r][i] = dot(o.data(), units[r].data(), d);
    }
  }
}

// Read position p with the tokens of its slot.
class Case {
 public:
  Case(const FirstBlock& first, int64_t position, size_t slot, size_t alternative);

  /// Z·d ≥ λ (or ≤ λ) for every input, where along[place] is o·d: see the top of the file.
  bool at_least(int64_t head, const Vector& along, double lambda) const {
    return shown(head, along, lambda, true);
  }
  bool at_most(int64_t head, const Vector& along, double lambda) const {
    return shown(head, along, lambda, false);
  }

  Vector stream;    ///< the residual stream at p before block 0, and what no input changes: + b_O
  Vector constant;  ///< what the stream gives to each hidden neuron, with b_in
  size_t visible;   ///< places at positions up to p come first

 private:
  bool shown(int64_t head, const Vector& along, double lambda, bool below) const;

  const FirstBlock& first_;
  size_t slot_, alternative_;
  std::vector<Vector> weights_;  // [head][place]: e^s
};

Case::Case(const FirstBlock& first, int64_t position, size_t slot, size_t alternative)
    : first_(first), slot_(slot), alternative_(alternative) {
  const Network& network = first.network;
  const auto& own = first.slots[slot][alternative];
  const auto query = std::find_if(own.begin(), own.end(),
                                  [&](size_t i) { return first.places[i].position == position; });
  stream = network.embed(first.places[*query].token, position);
  visible = 0;
  while (visible < first.places.size() && first.places[visible].position <= position) ++visible;
  for (int64_t head = 0; head < first.block.n_heads; ++head) {
    const Vector q = network.project(first.block, stream, first.block.W_Q, first.block.b_Q, head);
    weights_.emplace_back();
    for (size_t i = 0; i < visible; ++i)
      weights_[head].push_back(exponential(network.score(first.block, q, first.keys[head][i])));
  }
  for (int64_t i = 0; i < network.d_model; ++i) stream[i] += Interval(first.block.b_O[i]);
  constant = times(stream, first.block.W_in.data(), network.d_mlp);
  for (int64_t n = 0; n < network.d_mlp; ++n) constant[n] += Interval(first.block.b_in[n]);
}

// The sum with its sign changed, rounded up: minima become maxima. It must not be positive.
bool Case::shown(int64_t head, const Vector& along, double lambda, bool below) const {
  std::vector<double> terms(visible);  // e^s (λ - o·d), or with both signs changed
  for (size_t i = 0; i < visible; ++i) {
    const double away = below ? lambda + along[i].minus_low : along[i].high - lambda;
    terms[i] = away * (away >= 0 ? weights_[head][i].high : weights_[head][i].low());
  }
  double sum = 0;
  for (size_t s = 0; s < first_.slots.size(); ++s) {
    double worst = -INFINITY;
    for (size_t a = 0; a < first_.slots[s].size(); ++a) {
      if (s == slot_ && a != alternative_) continue;
      double alternative = 0;
      for (const size_t i : first_.slots[s][a])
        if (i < visible) alternative += terms[i];
      worst = std::max(worst, alternative);
    }
    sum += worst;
  }
  return sum <= 0;
}

struct Range {
  double low, high;
};

// c·relu(x) ≥ a·x + k for every x in the range: a line below it. Any `a` is sound with the k given
// here, as a piecewise linear function is least at an end or at its kink; this one loses little.
struct Line {
  double a, k;
};
Line line_below(const Interval& c, const Range& range) {
  const auto [l, u] = range;
  const double a = u <= 0       ? 0
                   : l >= 0     ? c.high
                   : c.high > 0 ? (u >= -l ? c.high : 0)
                                : c.high * (u / (u - l));
  const auto gap = [&](double x) {
    return (c * Interval(std::max(x, 0.0)) - Interval(a) * Interval(x)).low();
  };
  double k = std::min(gap(l), gap(u));
  if (l < 0 && u > 0) k = std::min(k, 0.0);
  return {a, k};
}

// A lower bound of the margin between two prototypes, by the λ of each head.
double margin_bound(const FirstBlock& first, const Case& c, const std::vector<Range>& ranges,
                    size_t right, size_t wrong, const double* lambdas, size_t stride) {
  const int64_t d = first.network.d_model;
  Interval bound;
  for (int64_t i = 0; i < d; ++i)
    bound += (first.units[right][i] - first.units[wrong][i]) *
             (c.stream[i] + Interval(first.block.b_out[i]));
  std::vector<Vector> along;
  for (int64_t head = 0; head < first.block.n_heads; ++head) {
    along.emplace_back(c.visible);
    for (size_t i = 0; i < c.visible; ++i)
      along[head][i] = first.to_prototype[head][right][i] - first.to_prototype[head][wrong][i];
  }
  for (size_t n = 0; n < ranges.size(); ++n) {
    const Line line = line_below(
        first.neuron_to_prototype[right][n] - first.neuron_to_prototype[wrong][n], ranges[n]);
    bound += Interval(line.k);
    if (line.a == 0) continue;
    bound += Interval(line.a) * c.constant[n];
    for (int64_t head = 0; head < first.block.n_heads; ++head)
      add_multiple(along[head].data(), line.a, first.to_neuron[head][n].data(), c.visible);
  }
  for (int64_t head = 0; head < first.block.n_heads; ++head) {
    const double lambda = lambdas[head * stride];
    if (!c.at_least(head, along[head], lambda))
      throw Rejected("the bound of the margin to prototype " + std::to_string(wrong) +
                     " does not hold");
    bound += Interval(lambda);
  }
  return bound.low();
}

std::vector<int64_t> positions_read(const Node& node, int64_t length) {
  const std::string prefix = "blocks.0.hook_resid_post[pos=";
  if (node.reads.size() != 1 || !node.reads[0].starts_with(prefix) || !node.reads[0].ends_with("]"))
    throw CannotCheck("fractional: alpha does not read positions of blocks.0.hook_resid_post");
  const std::string list =
      node.reads[0].substr(prefix.size(), node.reads[0].size() - prefix.size() - 1);
  return integers(parse_json("[" + list + "]", "reads"), 0, length - 1, "reads");
}

}  // namespace

// Everything that the cases of one node share.
class NearestPrototype {
 public:
  NearestPrototype(Subject& subject, const Node& node);
  /// Checks one case. @return its margin, or NaN where it is refuted.
  double check(const Json& item, bool& proved);
  const std::vector<int64_t>& positions() const { return positions_; }

 private:
  bool wrong(size_t prototype, const std::vector<int64_t>& label) const;
  double prove(const Json& item, size_t at, size_t alternative,
               const std::vector<int64_t>& label) const;

  const Subject& subject_;
  Tensor labels_, prototypes_;
  bool any_order_;
  std::vector<int64_t> positions_;
  std::vector<std::vector<int64_t>>
      groups_;  // [read position]: positions of the tokens that are its label
  std::vector<Tensor> neurons_, margins_;  // [read position]: hints
  FirstBlock first_;
};

namespace {

Tensor tensor_of(const Operation& operation, const std::string& name,
                 const std::vector<int64_t>& shape) {
  std::map<std::string, Tensor> tensors = operation.tensors;
  return take(tensors, name, shape);
}

}  // namespace

NearestPrototype::NearestPrototype(Subject& subject, const Node& node)
    : subject_(subject),
      labels_((node.alpha.require("nearest_prototype", {}, {"labels", "prototypes"}),
               tensor_of(node.alpha, "labels", {-1, -1}))),
      prototypes_(tensor_of(node.alpha, "prototypes", {labels_.shape[0], subject.network.d_model})),
      any_order_(node.equality.name == "equal_up_to_order"),
      positions_(positions_read(node, subject.domain.length)),
      first_(subject, prototypes_.data) {
  node.equality.require(any_order_ ? "equal_up_to_order" : "equal", {}, {});
  node.h.require("tokens_at", {"positions"}, {});
  if (node.parents != std::vector<std::string>{"tokens"})
    throw CannotCheck("fractional: the node does not read tokens");
  for (const Json& group : list(node.h.parameters.at("positions"), "tokens_at"))
    groups_.push_back(integers(group, 0, subject.domain.length - 1, "tokens_at"));
  if (groups_.size() != positions_.size())
    throw CannotCheck("fractional: not one value of h per read position");
  for (size_t i = 0; i < positions_.size(); ++i) {
    const std::string name = node.name + "." + std::to_string(positions_[i]);
    const int64_t heads = first_.block.n_heads;
    const auto alternatives =
        static_cast<int64_t>(first_.slots[subject.domain.slot_of(positions_[i])].size());
    neurons_.push_back(
        take(subject.hints, name + ".neurons", {alternatives, heads, 2, subject.network.d_mlp}));
    margins_.push_back(
        take(subject.hints, name + ".margins", {alternatives, heads, labels_.shape[0]}));
    if (static_cast<int64_t>(groups_[i].size()) != labels_.shape[1])
      throw CannotCheck("fractional: labels of another length");
  }
}

bool NearestPrototype::wrong(size_t prototype, const std::vector<int64_t>& label) const {
  const size_t k = label.size();
  std::vector<int64_t> own, right = label;
  for (size_t i = 0; i < k; ++i)
    own.push_back(static_cast<int64_t>(labels_.data[prototype * k + i]));
  if (any_order_) {
    std::sort(own.begin(), own.end());
    std::sort(right.begin(), right.end());
  }
  return own != right;
}

double NearestPrototype::prove(const Json& item, size_t at, size_t alternative,
                               const std::vector<int64_t>& label) const {
  const Case c(first_, positions_[at], subject_.domain.slot_of(positions_[at]), alternative);
  const auto heads = static_cast<size_t>(first_.block.n_heads),
             d_mlp = static_cast<size_t>(subject_.network.d_mlp);
  const double* hints = &neurons_[at].data[alternative * heads * 2 * d_mlp];
  std::vector<Range> ranges;
  for (size_t n = 0; n < d_mlp; ++n) {
    Interval low = c.constant[n], high = c.constant[n];
    for (size_t head = 0; head < heads; ++head) {
      const double least = hints[head * 2 * d_mlp + n], most = hints[(head * 2 + 1) * d_mlp + n];
      if (!c.at_least(head, first_.to_neuron[head][n], least) ||
          !c.at_most(head, first_.to_neuron[head][n], most))
        throw Rejected("the bounds of neuron " + std::to_string(n) + " do not hold");
      low += Interval(least);
      high += Interval(most);
    }
    ranges.push_back({low.low(), high.high});
  }
  const size_t prototypes = first_.units.size();
  const auto right =
      static_cast<size_t>(integer(item["right"], 0, static_cast<int64_t>(prototypes) - 1, "right"));
  if (wrong(right, label)) throw Rejected("'right' is a prototype of another label");
  const auto nearest = static_cast<size_t>(
      integer(item["nearest_wrong"], 0, static_cast<int64_t>(prototypes) - 1, "nearest_wrong"));
  double least = INFINITY, of_nearest = INFINITY;
  for (size_t w = 0; w < prototypes; ++w) {
    if (!wrong(w, label)) continue;
    const double margin =
        margin_bound(first_, c, ranges, right, w,
                     &margins_[at].data[alternative * heads * prototypes + w], prototypes);
    least = std::min(least, margin);
    if (w == nearest) of_nearest = margin;
  }
  if (!(least > 0)) throw Rejected("the margin may be " + decimals(least));
  if (!(of_nearest <= least + 1e-6)) throw Rejected("'nearest_wrong' is not the nearest");
  const double stated = real(item["margin"], "margin");
  if (!(stated <= least + 1e-9))
    throw Rejected("the margin is at least " + decimals(least) + ", which does not show " +
                   decimals(stated));
  return least;
}

double NearestPrototype::check(const Json& item, bool& proved) {
  require_members(
      item,
      {"position", "slot", "alternative", "verdict", "right", "margin", "nearest_wrong", "worst"},
      "case");
  const int64_t position =
      integer(item["position"], 0, subject_.domain.length - 1, "case: position");
  const size_t at = std::find(positions_.begin(), positions_.end(), position) - positions_.begin();
  if (at == positions_.size()) throw Rejected("no position that alpha reads");
  const size_t s = subject_.domain.slot_of(position);
  const Slot& slot = subject_.domain.slots[s];
  const auto alternatives = static_cast<int64_t>(slot.alternatives.size());
  const auto alternative =
      static_cast<size_t>(integer(item["alternative"], 0, alternatives - 1, "case: alternative"));
  if (static_cast<size_t>(integer(item["slot"], 0, INT64_MAX, "case: slot")) != s)
    throw Rejected("another slot holds the position");
  const auto worst = integers(item["worst"], 0, subject_.network.d_vocab - 1, "case: worst");
  if (subject_.domain.choice_of(worst)[s] != alternative)
    throw Rejected("'worst' has another alternative");
  std::vector<int64_t> label;
  for (const int64_t p : groups_[at]) {
    if (subject_.domain.slot_of(p) != s) throw CannotCheck("fractional: a label from another slot");
    label.push_back(worst[p]);
  }
  const std::string& verdict = text(item["verdict"], "case: verdict");
  proved = verdict == "proved";
  if (!proved && verdict != "refuted") throw Rejected("a case is neither proved nor refuted");

  // The network itself, on the input that is said to be worst.
  const Vector stream = subject_.network.residual({worst.begin(), worst.begin() + position + 1}, 1);
  Vector nearness;
  Interval of_right(-INFINITY, -INFINITY), of_wrong(-INFINITY, -INFINITY);
  for (size_t r = 0; r < first_.units.size(); ++r) {
    const Interval value = dot(stream.data(), first_.units[r].data(), stream.size());
    Interval& best = wrong(r, label) ? of_wrong : of_right;
    best = Interval(std::max(best.low(), value.low()), std::max(best.high, value.high));
  }
  const double true_high = of_right.high + of_wrong.minus_low;  // of the margin there
  if (!proved) {
    if (!(true_high < 0)) throw Rejected("the witness is none: alpha gives what h gives");
    return NAN;
  }
  if (!(real(item["margin"], "margin") <= true_high))
    throw Rejected("the margin stated is larger than that at 'worst'");
  return prove(item, at, alternative, label);
}

std::string check_fractional(Subject& subject, const Node& node, const Json& proof, bool proved) {
  require_members(proof, {"kind", "cases"}, "proof");
  NearestPrototype nearest(subject, node);
  std::set<std::pair<int64_t, int64_t>> seen;
  size_t expected = 0, refuted = 0;
  double least = INFINITY;
  for (const int64_t position : nearest.positions())
    expected += subject.domain.slots[subject.domain.slot_of(position)].alternatives.size();
  for (const Json& item : list(proof["cases"], "cases")) {
    bool case_proved = false;
    double margin = 0;
    try {
      margin = nearest.check(item, case_proved);
    } catch (const Rejected& why) {
      throw Rejected("case " + std::to_string(seen.size()) + " (position " +
                     item["position"].dump() + ", alternative " + item["alternative"].dump() +
                     "): " + why.what());
    }
    if (!seen.emplace(item["position"].get<int64_t>(), item["alternative"].get<int64_t>()).second)
      throw Rejected("fractional: a case stands twice");
    if (case_proved) least = std::min(least, margin);
    refuted += !case_proved;
  }
  if (seen.size() != expected)
    throw Rejected("fractional: " + std::to_string(seen.size()) + " cases of " +
                   std::to_string(expected));
  if (proved != (refuted == 0)) throw Rejected("fractional: the verdict is another");
  return std::to_string(expected - refuted) + " of " + std::to_string(expected) +
         " cases by a margin of at least " + decimals(least) +
         (refuted ? ", the others are refuted by an input each" : "");
}

}  // namespace checker
