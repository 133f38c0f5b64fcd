#pragma once
// node = program, for every input of a domain too large to be listed: alpha, the nearest prototype
// to the residual stream after the first block, gives h's label at every read position.
//
// A case is a read position p and an alternative of its slot, which fixes the query and the label.
// A head of block 0 writes Z = Σ_j e^s_j o_j / Σ_j e^s_j over the positions j ≤ p, where s_j and
// o_j depend on the token at j alone. So for a direction d and a number λ
//     Z·d ≥ λ for every input   iff
//     Σ over slots of min over alternatives of Σ_j e^s_j (o_j·d - λ) ≥ 0,
// as slots are chosen independently: the certificate brings λ, and one sum per λ is all there is to
// check (`holds`). That bounds each hidden neuron's input, by two λ per head; each ReLU is then
// bounded below by a line over that range; what is left of the margin to a wrong prototype is
// affine in Z, and one more λ per head bounds it.

#include "proofs.h"

namespace checker {

class NearestPrototype {
 public:
  NearestPrototype(const Subject& subject, const Json& node)
      : network_(subject.network), domain_(subject.domain), block_(network_.blocks[0]) {
    const Json &alpha = node["alpha"], &reads = list(node["reads"]);
    const std::string prefix = "blocks.0.hook_resid_post[pos=",
                      place = reads.size() == 1 ? text(reads[0]) : "";
    any_order_ = node["equality"]["operation"] == "equal_up_to_order";
    require_operation(node["equality"], any_order_ ? "equal_up_to_order" : "equal", {});
    require_operation(alpha, "nearest_prototype", {}, {"labels", "prototypes"});
    const Json& labels_at = require_operation(node["h"], "tokens_at", {"positions"})["positions"];
    require<CannotCheck>(place.starts_with(prefix) && node["parents"] == Json::array({"tokens"}),
                         "the node does not relate tokens to blocks.0.hook_resid_post");
    const auto read =
        integers(parse_json(std::string("[").append(place, prefix.size())), 0, domain_.length - 1);
    labels_ = subject.claim.tensor_of(alpha, "labels", {-1, -1});
    require<CannotCheck>(list(labels_at).size() == read.size(),
                         "h has not one value per read position");
    for (size_t i = 0; i < read.size(); ++i) {
      Case c{read[i], domain_.slot_of[read[i]], 0, integers(labels_at[i], 0, domain_.length - 1)};
      const auto inside = [&](int64_t position) { return domain_.slot_of[position] == c.slot; };
      require<CannotCheck>(
          std::ssize(c.label_at) == labels_.shape[1] && std::ranges::all_of(c.label_at, inside),
          "labels of another length, or a label from another slot");
      for (; c.alternative < domain_.slots[c.slot].alternatives.size(); ++c.alternative)
        cases_.push_back(c);
    }
    const Integers shape = {labels_.shape[0], network_.d_model};
    tabulate(subject.claim.tensor_of(alpha, "prototypes", shape).data);
    lambdas_ = tensor(subject.hints, text(node["name"]) + ".bounds",
                      {std::ssize(cases_), block_.n_heads, directions()});
  }

  std::string check(const Json& proof, bool proved) {
    require_members(proof, {"kind", "cases"});
    const size_t of = cases_.size();
    size_t refuted = 0;
    double least = INFINITY;
    require(list(proof["cases"]).size() == of, proof["cases"].size(), " cases of ", of);
    for (size_t i = 0; i < of; ++i) try {
        const double margin = check_case(proof["cases"][i], cases_[i]);
        refuted += std::isnan(margin), least = std::fmin(least, margin);
      } catch (const Failure& why) {
        throw Failure(why.problem, words("position ", cases_[i].position, ", alternative ",
                                         cases_[i].alternative, ": ", why.what()));
      }
    require(proved == (refuted == 0), refuted, " cases are refuted");
    return words(of - refuted, " of ", of, " cases by a margin of at least ", decimals(least),
                 refuted ? ", the others are refuted by an input each" : "");
  }

 private:
  struct Case {
    int64_t position;  // that is read
    size_t slot, alternative;
    Integers label_at, label = {};     // positions of the label's tokens; the label
    Vector fixed = {};                 // effects of the position's own embedding, and of biases
    std::vector<Vector> weights = {};  // [head][place]: e^s, for the places at positions up to it
    size_t visible() const { return weights[0].size(); }
  };

  // What a part of the residual stream does: to the input of each neuron, then along the unit of
  // each prototype.
  Vector effects(const Vector& stream) const {
    Vector all = times(stream, &block_.W_in[0], network_.d_mlp);
    for (const Vector& unit : units_) all.push_back(dot(stream, unit));
    return all;
  }

  // Everything about block 0 that depends on one token at one position, or on none.
  void tabulate(const std::vector<double>& prototypes) {
    for (auto row = prototypes.begin(); row != prototypes.end(); row += network_.d_model) {
      Vector unit(row, row + network_.d_model);
      const Interval square = dot(unit, unit);
      require(square.low() > 0, "a prototype is zero");
      for (Interval& x : unit) x = x / square_root(square);
      units_.push_back(unit);
    }
    std::map<std::pair<int64_t, int64_t>, size_t> index;
    for (const Slot& slot : domain_.slots)
      for (const Integers& tokens : slot.alternatives)
        for (size_t i = 0; i < tokens.size(); ++i) index[{slot.positions[i], tokens[i]}];
    for (auto& [place, i] : index) i = places_.size(), places_.push_back(place);
    for (const Slot& slot : domain_.slots)
      for (auto& of_slot = slots_.emplace_back(); const Integers& tokens : slot.alternatives)
        for (auto& places = of_slot.emplace_back(); const int64_t token : tokens)
          places.push_back(index.at({slot.positions[places.size()], token}));
    biases_ = effects(Vector(block_.b_out.begin(), block_.b_out.end()));
    std::ranges::copy(block_.b_in, biases_.begin());  // b_out comes after the neurons
    for (int64_t n = 0; n < network_.d_mlp; ++n) {
      const double* row = &block_.W_out[n * network_.d_model];
      of_neurons_.push_back(effects(Vector(row, row + network_.d_model)));
    }
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

  // What the case's query gives.
  void enter(Case& c, int64_t token) const {
    const Vector x = network_.embed(token, c.position);
    c.fixed = effects(x);
    add(c.fixed, biases_.data());
    for (int64_t head = 0; head < block_.n_heads; ++head) {
      const Vector q = network_.project(block_, x, block_.W_Q, head);
      Vector& weights = c.weights.emplace_back();
      for (size_t i = 0; i < places_.size() && places_[i].first <= c.position; ++i)
        weights.push_back(Network::attention(block_, q, keys_[head][i]));
    }
  }

  bool wrong(size_t prototype, const Integers& label) const {
    const auto begin = labels_.data.begin() + static_cast<long>(prototype * label.size());
    return !(any_order_ ? std::is_permutation(label.begin(), label.end(), begin)
                        : std::equal(label.begin(), label.end(), begin));
  }

  // The λ in front of: neurons, neurons in the opposite direction, margins to prototypes.
  int64_t directions() const { return 2 * network_.d_mlp + std::ssize(units_); }

  // The certificate's λ, once it is sure that Z·d ≥ λ for every input of the case, where
  // along[place] is o·d. The sum at the top of this file with its sign changed, rounded up: minima
  // become maxima, and it must not be positive.
  double bound(const Case& c, int64_t head, int64_t direction, const Vector& along) const {
    const int64_t index = &c - cases_.data();
    const double lambda = lambdas_.data[(index * block_.n_heads + head) * directions() + direction];
    std::vector<double> terms;  // e^s (λ - o·d)
    for (size_t i = 0; i < c.visible(); ++i) {
      const double below = lambda + along[i].minus_low;
      const Interval& weight = c.weights[head][i];
      terms.push_back(below * (below >= 0 ? weight.high : weight.low()));
    }
    double sum = 0;
    for (size_t s = 0; s < slots_.size(); ++s) {
      double worst = -INFINITY;
      for (size_t a = 0; a < slots_[s].size(); ++a) {
        if (s == c.slot && a != c.alternative) continue;
        double alternative = 0;
        for (const size_t i : slots_[s][a])
          if (i < terms.size()) alternative += terms[i];
        worst = std::max(worst, alternative);
      }
      sum += worst;
    }
    const int64_t neurons = 2 * network_.d_mlp, n = direction % network_.d_mlp;
    if (sum > 0 && direction < neurons) require(false, "the bounds of neuron ", n, " do not hold");
    require(sum <= 0, "the bound of the margin to prototype ", direction - neurons,
            " does not hold");
    return lambda;
  }

  // The input of each neuron, over every input of the case.
  Vector ranges_of_neurons(const Case& c) const {
    Vector ranges(c.fixed.begin(), c.fixed.begin() + network_.d_mlp);
    for (int64_t n = 0; n < network_.d_mlp; ++n)
      for (int64_t head = 0; head < block_.n_heads; ++head) {
        const Vector& along = written_[head][n];
        Vector against;
        for (size_t i = 0; i < c.visible(); ++i) against.push_back(-along[i]);
        ranges[n] +=
            Interval(bound(c, head, n, along), -bound(c, head, network_.d_mlp + n, against));
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
  double margin(const Case& c, const Vector& ranges, size_t right, size_t wrong) const {
    const size_t d_mlp = ranges.size(), r = d_mlp + right, w = d_mlp + wrong;
    Interval least = c.fixed[r] - c.fixed[w];
    std::vector<double> slopes;
    for (size_t n = 0; n < d_mlp; ++n) {
      const auto [slope, offset] = line_below(of_neurons_[n][r] - of_neurons_[n][w], ranges[n]);
      least += offset;
      add_product(least, slope, c.fixed[n]);
      slopes.push_back(slope);
    }
    for (int64_t head = 0; head < block_.n_heads; ++head) {
      const std::vector<Vector>& written = written_[head];
      Vector along(c.visible());
      for (size_t i = 0; i < along.size(); ++i) along[i] = written[r][i] - written[w][i];
      for (size_t n = 0; n < d_mlp; ++n)
        for (size_t i = 0; slopes[n] != 0 && i < along.size(); ++i)
          add_product(along[i], slopes[n], written[n][i]);
      least += bound(c, head, static_cast<int64_t>(d_mlp + w), along);
    }
    return least.low();
  }

  // An upper bound of the margin on one input, by the network itself: negative if alpha is wrong
  // there.
  double true_margin(const Case& c, const Integers& tokens) {
    const Vector stream = network_.residual({tokens.begin(), tokens.begin() + c.position + 1}, 1);
    double of_right = -INFINITY, of_wrong = -INFINITY;
    for (size_t r = 0; r < units_.size(); ++r) {
      const Interval value = dot(stream, units_[r]);
      if (wrong(r, c.label)) of_wrong = std::max(of_wrong, value.low());
      if (!wrong(r, c.label)) of_right = std::max(of_right, value.high);
    }
    return of_right - of_wrong;
  }

  // @return the margin shown; NaN if the case is refuted.
  double check_case(const Json& json, Case& c) {
    require_members(json,
                    {"position", "slot", "alternative", "verdict", "right", "margin", "worst"});
    require(json["position"] == c.position && json["slot"] == c.slot &&
                json["alternative"] == c.alternative,
            "another case is in its place");
    const Integers worst = domain_.input(json["worst"]);
    require(domain_.part(worst, c.slot) == domain_.slots[c.slot].alternatives[c.alternative],
            "'worst' has another alternative");
    for (const int64_t p : c.label_at) c.label.push_back(worst[p]);
    const double there = true_margin(c, worst);
    if (json["verdict"] == "refuted") {
      require(there < 0, "the witness is none: alpha gives what h gives");
      return NAN;
    }
    const double stated = real(json["margin"]);
    require(json["verdict"] == "proved", "it is neither proved nor refuted");
    require(stated <= there, "the margin stated is larger than that at 'worst'");
    enter(c, worst[c.position]);
    const Vector ranges = ranges_of_neurons(c);
    const size_t right = integer(json["right"], 0, std::ssize(units_) - 1);
    require(!wrong(right, c.label), "'right' is a prototype of another label");
    double least = INFINITY;
    for (size_t w = 0; w < units_.size(); ++w)
      if (wrong(w, c.label)) least = std::min(least, margin(c, ranges, right, w));
    require(least > 0, "the margin may be ", decimals(least));
    require(stated <= least + 1e-9, "a margin of ", decimals(least), " is shown, not ",
            json["margin"]);
    return least;
  }

  Network& network_;
  const Domain& domain_;
  const Block& block_;
  Tensor labels_;
  bool any_order_;
  std::vector<Case> cases_;                              // by read position, then by alternative
  Tensor lambdas_;                                       // [case, head, direction]
  std::vector<std::pair<int64_t, int64_t>> places_;      // (position, token), by position
  std::vector<std::vector<std::vector<size_t>>> slots_;  // [slot][alternative]: places
  Vector biases_;                                        // effects of b_in and b_out
  std::vector<Vector> units_;                            // prototypes of length 1
  std::vector<Vector> of_neurons_;                       // [neuron]: effects of its row of W_out
  std::vector<std::vector<Vector>> keys_, written_;  // [head][place]; [head][effect][place], of o
};

}  // namespace checker
