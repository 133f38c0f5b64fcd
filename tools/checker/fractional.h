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
    const std::string prefix = "blocks.0.hook_resid_post[pos=";
    const std::string reads = node.reads.size() == 1 ? text(node.reads[0]) : "";
    any_order_ = node.equality.name == "equal_up_to_order";
    node.alpha.require("nearest_prototype", {}, {"labels", "prototypes"});
    node.h.require("tokens_at", {"positions"});
    node.equality.require(any_order_ ? "equal_up_to_order" : "equal", {});
    require<CannotCheck>(reads.starts_with(prefix) && node.parents == Json::array({"tokens"}),
                         "the node does not relate tokens to blocks.0.hook_resid_post");
    read_ = integers(parse_json("[" + reads.substr(prefix.size())), 0, domain_.length - 1);
    labels_ = node.alpha.tensor("labels", {-1, -1});
    for (const Json& group : list(node.h.parameters["positions"]))
      label_at_.push_back(integers(group, 0, domain_.length - 1));
    require<CannotCheck>(label_at_.size() == read_.size(), "h has not one value per read position");
    const int64_t heads = block_.n_heads, d_mlp = network_.d_mlp, labels = labels_.shape[0];
    for (size_t i = 0; i < read_.size(); ++i) {
      const size_t s = domain_.slot_of[read_[i]];
      const auto from_slot = [&](int64_t position) { return domain_.slot_of[position] == s; };
      require<CannotCheck>(std::ssize(label_at_[i]) == labels_.shape[1] &&
                               std::ranges::all_of(label_at_[i], from_slot),
                           "labels of another length, or a label from another slot");
      const std::string name = node.name + "." + std::to_string(read_[i]);
      const int64_t alternatives = std::ssize(domain_.slots[s].alternatives);
      neurons_.push_back(take(subject.hints, name + ".neurons", {alternatives, heads, 2, d_mlp}));
      margins_.push_back(take(subject.hints, name + ".margins", {alternatives, heads, labels}));
    }
    tabulate(node.alpha.tensor("prototypes", {labels, network_.d_model}));
  }

  std::string check(const Json& proof, bool proved) {
    require_members(proof, {"kind", "cases"});
    std::set<std::pair<size_t, size_t>> seen;
    size_t expected = 0, refuted = 0;
    double least = INFINITY;
    for (const int64_t position : read_) expected += slots_[domain_.slot_of[position]].size();
    for (const Json& item : list(proof["cases"])) try {
        const double margin = check_case(item, seen);
        refuted += std::isnan(margin), least = std::fmin(least, margin);
      } catch (const Rejected& why) {
        throw Rejected("position " + item["position"].dump() + ", alternative " +
                       item["alternative"].dump() + ": " + why.what());
      }
    const std::string of = " of " + std::to_string(expected);
    require(seen.size() == expected, std::to_string(seen.size()) + " cases" + of);
    require(proved == (refuted == 0), std::to_string(refuted) + " cases are refuted");
    return std::to_string(expected - refuted) + of + " cases by a margin of at least " +
           decimals(least) + (refuted ? ", the others are refuted by an input each" : "");
  }

 private:
  // A read position with the tokens of its slot.
  struct Case {
    size_t at, slot, alternative;  // which read position, …
    Integers label;
    size_t visible = 0;           // places at positions up to it, which come first
    Vector stream, constant;      // residual stream before block 0; its effects
    std::vector<Vector> weights;  // [head][place]: e^s
  };

  // What a part of the residual stream does: to the input of each neuron, then along the unit of
  // each prototype.
  Vector effects(const Vector& stream) const {
    Vector all = times(stream, block_.W_in.data(), network_.d_mlp);
    for (const Vector& unit : units_) all.push_back(dot(stream, unit));
    return all;
  }

  // Everything about block 0 that depends on one token at one position, or on none.
  void tabulate(const Tensor& prototypes) {
    const int64_t d = network_.d_model;
    std::map<std::pair<int64_t, int64_t>, size_t> index;
    for (const Slot& slot : domain_.slots)
      for (const Integers& tokens : slot.alternatives)
        for (size_t i = 0; i < tokens.size(); ++i) index[{slot.positions[i], tokens[i]}];
    for (auto& [place, i] : index) i = places_.size(), places_.push_back(place);
    for (const Slot& slot : domain_.slots) {
      auto& of_slot = slots_.emplace_back();
      for (const Integers& tokens : slot.alternatives) {
        auto& of_alternative = of_slot.emplace_back();
        for (size_t i = 0; i < tokens.size(); ++i)
          of_alternative.push_back(index.at({slot.positions[i], tokens[i]}));
      }
    }
    for (auto row = prototypes.data.begin(); row != prototypes.data.end(); row += d) {
      Vector unit(row, row + d);
      const Interval square = dot(unit, unit);
      require(square.low() > 0, "a prototype is zero");
      for (Interval& x : unit) x = x / square_root(square);
      units_.push_back(unit);
    }
    for (auto row = block_.W_out.begin(); row != block_.W_out.end(); row += d)
      of_neurons_.push_back(effects(Vector(row, row + d)));
    for (int64_t head = 0; head < block_.n_heads; ++head) {
      auto& keys = keys_.emplace_back();
      auto& written = written_.emplace_back(network_.d_mlp + units_.size());
      for (const auto& [position, token] : places_) {
        const Vector x = network_.embed(token, position);
        const Vector value = network_.project(block_, x, block_.W_V, head);
        const Vector all = effects(network_.write(block_, value, head));
        for (size_t i = 0; i < all.size(); ++i) written[i].push_back(all[i]);
        keys.push_back(network_.project(block_, x, block_.W_K, head));
      }
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
    for (int64_t head = 0; head < block_.n_heads; ++head) {
      const Vector q = network_.project(block_, c.stream, block_.W_Q, head);
      Vector& weights = c.weights.emplace_back();
      for (size_t i = 0; i < c.visible; ++i)
        weights.push_back(Network::attention(block_, q, keys_[head][i]));
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

  // The input of each neuron, over every input of the case.
  std::vector<Interval> ranges_of_neurons(const Case& c) const {
    const size_t d_mlp = c.constant.size(), heads = block_.n_heads;
    const double* lambdas = &neurons_[c.at].data[c.alternative * heads * 2 * d_mlp];
    std::vector<Interval> ranges = c.constant;
    for (size_t n = 0; n < d_mlp; ++n)
      for (size_t head = 0; head < heads; ++head) {
        const double *least = lambdas + head * 2 * d_mlp + n, *most = least + d_mlp;
        const Vector& along = written_[head][n];
        if (!holds(c, head, along, *least, true) || !holds(c, head, along, *most, false))
          throw Rejected("the bounds of neuron " + std::to_string(n) + " do not hold");
        ranges[n] += Interval(*least, *most);
      }
    return ranges;
  }

  // c·relu(x) ≥ slope·x + offset for every x in the range. Any slope is sound with the offset given
  // here, as a piecewise linear function is least at an end or at its kink; these lose little: the
  // chord where c < 0, else whichever of relu(x) ≥ x and relu(x) ≥ 0 loses less.
  // @return {slope, offset}
  static std::pair<double, double> line_below(const Interval& c, const Interval& range) {
    const double l = range.low(), u = range.high;
    double slope = c.high;
    if (u <= 0 || (l < 0 && c.high > 0 && u < -l)) slope = 0;
    if (l < 0 && u > 0 && c.high < 0) slope *= u / (u - l);
    const auto gap = [&](double x) { return (c * std::max(x, 0.0) - Interval(slope) * x).low(); };
    return {slope, std::min({gap(l), gap(u), l < 0 && u > 0 ? gap(0) : INFINITY})};
  }

  // A lower bound of (unit of right - unit of wrong) · residual stream, for every input of the
  // case.
  double margin(const Case& c, const std::vector<Interval>& ranges, size_t right,
                size_t wrong) const {
    const size_t d_mlp = ranges.size();
    Interval bound;
    for (size_t i = 0; i < c.stream.size(); ++i)
      bound += (units_[right][i] - units_[wrong][i]) * (c.stream[i] + block_.b_out[i]);
    std::vector<double> slopes;
    for (size_t n = 0; n < d_mlp; ++n) {
      const auto [slope, offset] =
          line_below(of_neurons_[n][d_mlp + right] - of_neurons_[n][d_mlp + wrong], ranges[n]);
      bound += offset;
      add_product(bound, slope, c.constant[n]);
      slopes.push_back(slope);
    }
    const double* lambdas = &margins_[c.at].data[c.alternative * block_.n_heads * units_.size()];
    for (int64_t head = 0; head < block_.n_heads; ++head) {
      const std::vector<Vector>& written = written_[head];
      Vector along(c.visible);
      for (size_t i = 0; i < c.visible; ++i)
        along[i] = written[d_mlp + right][i] - written[d_mlp + wrong][i];
      for (size_t n = 0; n < d_mlp; ++n)
        for (size_t i = 0; slopes[n] != 0 && i < c.visible; ++i)
          add_product(along[i], slopes[n], written[n][i]);
      const double lambda = lambdas[head * units_.size() + wrong];
      if (!holds(c, head, along, lambda, true))
        throw Rejected("the bound of the margin to prototype " + std::to_string(wrong) +
                       " does not hold");
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
    enter(c);
    const std::vector<Interval> ranges = ranges_of_neurons(c);
    const size_t right = integer(item["right"], 0, std::ssize(units_) - 1);
    const size_t nearest = integer(item["nearest_wrong"], 0, std::ssize(units_) - 1);
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

  Network& network_;
  const Domain& domain_;
  const Block& block_;
  Tensor labels_;
  bool any_order_;
  Integers read_;                                        // positions that alpha reads
  std::vector<Integers> label_at_;                       // [read position]: of the label's tokens
  std::vector<Tensor> neurons_, margins_;                // [read position]: the λ
  std::vector<std::pair<int64_t, int64_t>> places_;      // (position, token), by position
  std::vector<std::vector<std::vector<size_t>>> slots_;  // [slot][alternative]: places
  std::vector<Vector> units_;                            // prototypes of length 1
  std::vector<Vector> of_neurons_;                       // [neuron]: effects of its row of W_out
  std::vector<std::vector<Vector>> keys_, written_;  // [head][place]; [head][effect][place], of o
};

}  // namespace checker
