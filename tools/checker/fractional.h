#pragma once
// node = program, for every input of a domain too large to be listed: alpha, the nearest prototype
// to the residual stream after the first block, gives h's label at every read position.
//
// A case is a read position p and an alternative of its slot, which fixes the query and the label.
// A head of block 0 writes Z = Σ_j e^s_j o_j / Σ_j e^s_j over the positions j ≤ p, where s_j and
// o_j depend on the token at j alone. So for a direction d and a number λ
//     Z·d ≥ λ for every input   iff   Σ over slots of min over alternatives of Σ_j e^s_j (o_j·d -
//     λ) ≥ 0,
// as slots are chosen independently: the certificate brings λ, and one sum per λ is all there is to
// check (`holds`). That bounds each hidden neuron's input, by two λ per head; each ReLU is then
// bounded below by a line over that range; what is left of the margin to a wrong prototype is
// affine in Z, and one more λ per head bounds it.

#include "proofs.h"

namespace checker {

class NearestPrototype {
 public:
  NearestPrototype(Subject& subject, const Node& node)
      : network_(subject.network), domain_(subject.domain), block_(network_.blocks[0]) {
    node.alpha.require("nearest_prototype", {}, {"labels", "prototypes"});
    node.h.require("tokens_at", {"positions"});
    any_order_ = node.equality.name == "equal_up_to_order";
    node.equality.require(any_order_ ? "equal_up_to_order" : "equal", {});
    const std::string prefix = "blocks.0.hook_resid_post[pos=";
    const std::string reads = node.reads.size() == 1 ? text(node.reads[0]) : "";
    require<CannotCheck>(reads.starts_with(prefix) && node.parents == Json::array({"tokens"}),
                         "the node does not relate tokens to blocks.0.hook_resid_post");
    read_ = integers(parse_json("[" + reads.substr(prefix.size())), 0, domain_.length - 1);
    for (const Json& group : list(node.h.parameters["positions"]))
      label_at_.push_back(integers(group, 0, domain_.length - 1));
    require<CannotCheck>(label_at_.size() == read_.size(), "h has not one value per read position");
    labels_ = node.alpha.tensor("labels", {-1, -1});
    prototypes_ = node.alpha.tensor("prototypes", {labels_.shape[0], network_.d_model});
    heads_ = static_cast<size_t>(block_.n_heads);
    for (size_t i = 0; i < read_.size(); ++i) {
      const size_t s = domain_.slot_of[read_[i]];
      const std::string name = node.name + "." + std::to_string(read_[i]);
      const auto alternatives = std::ssize(domain_.slots[s].alternatives);
      neurons_.push_back(take(subject.hints, name + ".neurons",
                              {alternatives, block_.n_heads, 2, network_.d_mlp}));
      margins_.push_back(
          take(subject.hints, name + ".margins", {alternatives, block_.n_heads, labels_.shape[0]}));
      require<CannotCheck>(std::ssize(label_at_[i]) == labels_.shape[1],
                           "labels of another length");
      for (const int64_t position : label_at_[i])
        require<CannotCheck>(domain_.slot_of[position] == s, "a label from another slot");
    }
    tabulate();
  }

  std::string check(const Json& proof, bool proved) {
    require_members(proof, {"kind", "cases"});
    std::set<std::pair<size_t, size_t>> seen;
    size_t expected = 0, refuted = 0;
    double least = INFINITY;
    for (const int64_t position : read_) expected += slots_[domain_.slot_of[position]].size();
    for (const Json& item : list(proof["cases"])) try {
        const double margin = check_case(item, seen);
        refuted += std::isnan(margin);
        least = std::fmin(least, margin);
      } catch (const Rejected& why) {
        throw Rejected("position " + item["position"].dump() + ", alternative " +
                       item["alternative"].dump() + ": " + why.what());
      }
    require(seen.size() == expected,
            std::to_string(seen.size()) + " cases of " + std::to_string(expected));
    require(proved == (refuted == 0), std::to_string(refuted) + " cases are refuted");
    return std::to_string(expected - refuted) + " of " + std::to_string(expected) +
           " cases by a margin of at least " + decimals(least) +
           (refuted ? ", the others are refuted by an input each" : "");
  }

 private:
  struct Range {
    double low, high;
  };
  // A read position with the tokens of its slot.
  struct Case {
    size_t at, slot, alternative;  // which read position, …
    Integers label;
    size_t visible = 0;           // places at positions up to it, which come first
    Vector stream, constant;      // residual stream before block 0; what it gives each neuron
    std::vector<Vector> weights;  // [head][place]: e^s
  };

  // Everything about block 0 that depends on one token at one position, or on none.
  void tabulate() {
    const auto d_mlp = static_cast<size_t>(network_.d_mlp),
               d = static_cast<size_t>(network_.d_model);
    std::map<std::pair<int64_t, int64_t>, size_t> index;
    for (const Slot& slot : domain_.slots)
      for (const Integers& tokens : slot.alternatives)
        for (size_t i = 0; i < tokens.size(); ++i) index[{slot.positions[i], tokens[i]}];
    for (auto& [place, i] : index) i = places_.size(), places_.push_back(place);
    for (const Slot& slot : domain_.slots) {
      auto& places = slots_.emplace_back();
      for (const Integers& tokens : slot.alternatives) {
        places.emplace_back();
        for (size_t i = 0; i < tokens.size(); ++i)
          places.back().push_back(index.at({slot.positions[i], tokens[i]}));
      }
    }
    for (auto row = prototypes_.data.begin(); row != prototypes_.data.end();
         row += network_.d_model) {
      Vector unit(row, row + network_.d_model), near_neurons;
      const Interval square = dot(unit, unit);
      require(square.low() > 0, "a prototype is zero");
      for (Interval& x : unit) x = x / square_root(square);
      for (size_t n = 0; n < d_mlp; ++n) {
        const double* out = &block_.W_out[n * d];
        near_neurons.push_back(dot(unit, Vector(out, out + d)));
      }
      neuron_to_prototype_.push_back(near_neurons), units_.push_back(unit);
    }
    to_neuron_.assign(heads_, {d_mlp, Vector()}),
        to_prototype_.assign(heads_, {units_.size(), Vector()});
    keys_.resize(heads_);
    for (size_t head = 0; head < heads_; ++head)
      for (const auto& [position, token] : places_) {
        const Vector x = network_.embed(token, position);
        keys_[head].push_back(network_.project(block_, x, block_.W_K, head));
        const Vector o =
            network_.write(block_, network_.project(block_, x, block_.W_V, head), head);
        const Vector to_neurons = times(o, block_.W_in.data(), d_mlp);
        for (size_t n = 0; n < d_mlp; ++n) to_neuron_[head][n].push_back(to_neurons[n]);
        for (size_t r = 0; r < units_.size(); ++r)
          to_prototype_[head][r].push_back(dot(o, units_[r]));
      }
  }

  // What a case's query gives: its residual stream and how it attends to every place.
  void enter(Case& c) const {
    const Slot& slot = domain_.slots[c.slot];
    const size_t own = std::ranges::find(slot.positions, read_[c.at]) - slot.positions.begin();
    c.stream = network_.embed(slot.alternatives[c.alternative][own], read_[c.at]);
    c.constant = times(c.stream, block_.W_in.data(), network_.d_mlp);
    add(c.constant, block_.b_in.data());
    while (c.visible < places_.size() && places_[c.visible].first <= read_[c.at]) ++c.visible;
    c.weights.resize(heads_);
    for (size_t head = 0; head < heads_; ++head) {
      const Vector q = network_.project(block_, c.stream, block_.W_Q, head);
      for (size_t i = 0; i < c.visible; ++i)
        c.weights[head].push_back(Network::attention(block_, q, keys_[head][i]));
    }
  }

  bool wrong(size_t prototype, const Integers& label) const {
    const auto begin = labels_.data.begin() + static_cast<long>(prototype * label.size());
    return !(any_order_ ? std::is_permutation(label.begin(), label.end(), begin)
                        : std::equal(label.begin(), label.end(), begin));
  }

  // Z·d ≥ λ (or ≤ λ) for every input of the case, where along[place] is o·d. The sum at the top of
  // this file with its sign changed, rounded up: minima become maxima, and it must not be positive.
  bool holds(const Case& c, size_t head, const Vector& along, double lambda, bool below) const {
    std::vector<double> terms(c.visible);  // e^s (λ - o·d); for an upper bound e^s (o·d - λ)
    for (size_t i = 0; i < c.visible; ++i) {
      const double away = below ? lambda + along[i].minus_low : along[i].high - lambda;
      terms[i] = away * (away >= 0 ? c.weights[head][i].high : c.weights[head][i].low());
    }
    double sum = 0;
    for (size_t s = 0; s < slots_.size(); ++s) {
      double worst = -INFINITY;
      for (size_t a = 0; a < slots_[s].size(); ++a) {
        if (s == c.slot && a != c.alternative) continue;
        double alternative = 0;
        for (const size_t i : slots_[s][a])
          if (i < c.visible) alternative += terms[i];
        worst = std::max(worst, alternative);
      }
      sum += worst;
    }
    return sum <= 0;
  }

  std::vector<Range> ranges_of_neurons(const Case& c) const {
    const size_t d_mlp = c.constant.size();
    const double* lambdas = &neurons_[c.at].data[c.alternative * heads_ * 2 * d_mlp];
    std::vector<Range> ranges;
    for (size_t n = 0; n < d_mlp; ++n) {
      Interval low = c.constant[n], high = c.constant[n];
      for (size_t head = 0; head < heads_; ++head) {
        const double least = lambdas[head * 2 * d_mlp + n],
                     most = lambdas[(head * 2 + 1) * d_mlp + n];
        require(holds(c, head, to_neuron_[head][n], least, true) &&
                    holds(c, head, to_neuron_[head][n], most, false),
                "the bounds of neuron " + std::to_string(n) + " do not hold");
        low += least, high += most;
      }
      ranges.push_back({low.low(), high.high});
    }
    return ranges;
  }

  // c·relu(x) ≥ slope·x + offset for every x in the range. Any slope is sound with the offset given
  // here, as a piecewise linear function is least at an end or at its kink; these lose little: the
  // chord where c < 0, else whichever of relu(x) ≥ x and relu(x) ≥ 0 loses less.
  // @return {slope, offset}
  static std::pair<double, double> line_below(const Interval& c, const Range& range) {
    const auto [l, u] = range;
    double slope = c.high;
    if (u <= 0 || (l < 0 && c.high > 0 && u < -l)) slope = 0;
    if (l < 0 && u > 0 && c.high < 0) slope *= u / (u - l);
    const auto gap = [&](double x) { return (c * std::max(x, 0.0) - Interval(slope) * x).low(); };
    return {slope, std::min({gap(l), gap(u), l < 0 && u > 0 ? gap(0) : INFINITY})};
  }

  // A lower bound of (unit of right - unit of wrong) · residual stream, for every input of the
  // case.
  double margin(const Case& c, const std::vector<Range>& ranges, size_t right, size_t wrong) const {
    Interval bound;
    for (size_t i = 0; i < c.stream.size(); ++i)
      bound += (units_[right][i] - units_[wrong][i]) * (c.stream[i] + block_.b_out[i]);
    std::vector<Vector> along(heads_, Vector(c.visible));
    for (size_t head = 0; head < heads_; ++head)
      for (size_t i = 0; i < c.visible; ++i)
        along[head][i] = to_prototype_[head][right][i] - to_prototype_[head][wrong][i];
    for (size_t n = 0; n < ranges.size(); ++n) {
      const auto [slope, offset] =
          line_below(neuron_to_prototype_[right][n] - neuron_to_prototype_[wrong][n], ranges[n]);
      bound += offset;
      if (slope == 0) continue;
      add_product(bound, slope, c.constant[n]);
      for (size_t head = 0; head < heads_; ++head)
        for (size_t i = 0; i < c.visible; ++i)
          add_product(along[head][i], slope, to_neuron_[head][n][i]);
    }
    const double* lambdas = &margins_[c.at].data[c.alternative * heads_ * units_.size() + wrong];
    for (size_t head = 0; head < heads_; ++head) {
      const double lambda = lambdas[head * units_.size()];
      require(holds(c, head, along[head], lambda, true),
              "the bound of the margin to prototype " + std::to_string(wrong) + " does not hold");
      bound += lambda;
    }
    return bound.low();
  }

  // An upper bound of the margin on one input, by the network itself: negative if alpha is wrong
  // there.
  double true_margin(const Case& c, const Integers& tokens) {
    const Vector stream = network_.residual({tokens.begin(), tokens.begin() + read_[c.at] + 1}, 1);
    double of_right = -INFINITY, of_wrong = -INFINITY;
    for (size_t r = 0; r < units_.size(); ++r) {
      const Interval value = dot(stream, units_[r]);
      if (wrong(r, c.label)) of_wrong = std::max(of_wrong, value.low());
      if (!wrong(r, c.label)) of_right = std::max(of_right, value.high);
    }
    return of_right - of_wrong;
  }

  double prove(const Json& item, Case& c) const {
    enter(c);
    const std::vector<Range> ranges = ranges_of_neurons(c);
    const auto last = std::ssize(units_) - 1;
    const size_t right = integer(item["right"], 0, last),
                 nearest = integer(item["nearest_wrong"], 0, last);
    require(!wrong(right, c.label), "'right' is a prototype of another label");
    double least = INFINITY, of_nearest = INFINITY;
    for (size_t w = 0; w < units_.size(); ++w) {
      if (!wrong(w, c.label)) continue;
      const double bound = margin(c, ranges, right, w);
      least = std::min(least, bound);
      if (w == nearest) of_nearest = bound;
    }
    require(least > 0, "the margin may be " + decimals(least));
    require(of_nearest <= least + 1e-6, "'nearest_wrong' is not the nearest");
    require(real(item["margin"]) <= least + 1e-9,
            "a margin of " + decimals(least) + " is shown, not " + item["margin"].dump());
    return least;
  }

  // @return the margin shown; NaN if the case is refuted.
  double check_case(const Json& item, std::set<std::pair<size_t, size_t>>& seen) {
    require_members(item, {"position", "slot", "alternative", "verdict", "right", "margin",
                           "nearest_wrong", "worst"});
    const int64_t position = integer(item["position"], 0, domain_.length - 1);
    Case c{};
    c.at = std::ranges::find(read_, position) - read_.begin(), c.slot = domain_.slot_of[position];
    c.alternative = integer(item["alternative"], 0, std::ssize(slots_[c.slot]) - 1);
    require(c.at < read_.size(), "alpha does not read this position");
    require(item["slot"] == c.slot, "another slot holds the position");
    require(seen.emplace(c.at, c.alternative).second, "the case stands twice");
    const auto worst = integers(item["worst"], 0, network_.d_vocab - 1);
    require(domain_.choice_of(worst)[c.slot] == c.alternative, "'worst' has another alternative");
    for (const int64_t p : label_at_[c.at]) c.label.push_back(worst[p]);
    const double there = true_margin(c, worst);
    if (item["verdict"] == "refuted") {
      require(there < 0, "the witness is none: alpha gives what h gives");
      return NAN;
    }
    require(item["verdict"] == "proved", "it is neither proved nor refuted");
    require(real(item["margin"]) <= there, "the margin stated is larger than that at 'worst'");
    return prove(item, c);
  }

  Network& network_;
  const Domain& domain_;
  const Block& block_;
  size_t heads_;
  Tensor labels_, prototypes_;
  bool any_order_;
  Integers read_;                          // positions that alpha reads
  std::vector<Integers> label_at_;         // [read position]: where h finds the label's tokens
  std::vector<Tensor> neurons_, margins_;  // [read position]: the λ
  std::vector<std::pair<int64_t, int64_t>> places_;      // (position, token), by position
  std::vector<std::vector<std::vector<size_t>>> slots_;  // [slot][alternative]: places
  std::vector<std::vector<Vector>> keys_;                // [head][place]
  std::vector<std::vector<Vector>> to_neuron_;     // [head][neuron][place]: o · W_in[:, neuron]
  std::vector<std::vector<Vector>> to_prototype_;  // [head][prototype][place]: o · unit
  std::vector<Vector> units_;                      // prototypes of length 1
  std::vector<Vector> neuron_to_prototype_;        // [prototype][neuron]: W_out[neuron] · unit
};

}  // namespace checker
