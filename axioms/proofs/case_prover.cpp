#include "axioms/proofs/case_prover.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "axioms/proofs/exponential.h"

namespace assay::proofs {
namespace {

using at::Tensor;

std::vector<double> numbers(const Tensor& row) {
  const Tensor flat = row.contiguous();
  return {flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel()};
}

Tensor largest(const Tensor& values) {  // over the keys
  return std::get<0>(values.abs().max(0));
}

// [head, …] of double vectors
Tensor stacked(const std::vector<std::vector<double>>& rows) {
  std::vector<Tensor> tensors;
  for (const auto& row : rows) tensors.push_back(torch::tensor(row, torch::kFloat64));
  return at::stack(tensors);
}

double weight_error(const FirstBlock::View& view) {
  constexpr double kMostScoreError = 1e-3;
  if (!(view.score_error < kMostScoreError))
    throw Untreated("rounding errors of attention scores are too large for a bound");
  return 2 * (view.score_error + kExponentialError);  // e^x - 1 < 1.01 x here
}

bool is_right(const PrototypeReading& reading, std::vector<int64_t> label, int64_t prototype) {
  const Tensor row = reading.labels[prototype].contiguous();
  std::vector<int64_t> of(row.data_ptr<int64_t>(), row.data_ptr<int64_t>() + row.numel());
  if (reading.up_to_order) std::ranges::sort(label), std::ranges::sort(of);
  return label == of;
}

// The label that the interpretation computes where slot and alternative are given.
std::vector<int64_t> label_of(const PrototypeReading& reading, const Domain& domain, size_t i,
                              const Case& of) {
  const Slot& slot = domain.slots[of.slot];
  std::vector<int64_t> label;
  for (const int64_t position : reading.tokens_at[i]) {
    const auto found = std::ranges::find(slot.positions, position);
    if (found == slot.positions.end() || position > of.position)
      throw Untreated(fmt::format(
          "the label at position {} is not determined by the slot it stands in", of.position));
    label.push_back(
        slot.alternatives[of.alternative][static_cast<size_t>(found - slot.positions.begin())]);
  }
  return label;
}

}  // namespace

CaseProver::CaseProver(const Weights& weights, const Domain& domain,
                       const PrototypeReading& reading)
    : reading_(reading), first_(weights, domain), float32_(first_, reading) {
  const BlockWeights& b = first_.block();
  const Tensor towards = reading.units.t(), towards_size = towards.abs();
  for (int64_t h = 0; h < first_.heads(); ++h) {
    const HeadTables& t = first_.head(h);
    HeadMaps maps;
    maps.neurons = at::matmul(b.W_O[h], b.W_in);
    maps.prototypes = at::matmul(b.W_O[h], towards);
    const Tensor values = at::matmul(t.v, maps.neurons);
    const Tensor written_size = at::matmul(t.v_size, b.W_O[h].abs());
    maps.neuron_size = largest(at::matmul(written_size, b.W_in.abs()));
    maps.prototype_size = largest(at::matmul(written_size, towards_size));
    maps.neuron_values = Directions(values);
    maps.neuron_magnitude = numbers(largest(values));
    maps.neuron_error = numbers(maps.neuron_size * kShare);
    maps.prototype_values = at::matmul(t.v, maps.prototypes);
    maps_.push_back(std::move(maps));
  }
  written_ = at::matmul(b.W_out, towards);
  written_size_ = at::matmul(b.W_out.abs(), towards_size);
}

void find_least(Case& of) {
  const auto nearest = std::ranges::min_element(of.margin_to);
  of.margin = nearest != of.margin_to.end() ? *nearest : std::numeric_limits<double>::infinity();
}

std::vector<Case> CaseProver::begun(size_t i) const {
  const int64_t position = reading_.positions[i];
  const size_t slot = first_.domain().slot_at(position);
  std::vector<Case> cases;
  for (int64_t a = 0; a < std::ssize(first_.domain().slots[slot].alternatives); ++a) {
    Case of{.position = position, .slot = slot, .alternative = a};
    const std::vector<int64_t> label = label_of(reading_, first_.domain(), i, of);
    for (int64_t p = 0; p < reading_.labels.size(0); ++p)
      (is_right(reading_, label, p) ? of.right_prototypes : of.wrong).push_back(p);
    std::ranges::stable_sort(of.right_prototypes, {}, [&](int64_t p) {
      return !is_right({.labels = reading_.labels}, label, p);  // that very label comes first
    });
    if (of.right_prototypes.empty()) of.margin = -std::numeric_limits<double>::infinity();
    cases.push_back(std::move(of));
  }
  return cases;
}

std::vector<Case> CaseProver::at_position(size_t i, const std::function<void()>& on_case,
                                          const std::atomic<bool>* stop) const {
  std::vector<Case> cases = begun(i);
  Guesses guesses;
  guesses.least.resize(maps_.size());
  guesses.most.resize(maps_.size());
  guesses.margins.resize(maps_.size());
  for (Case& of : cases) {
    if (stop && *stop) break;
    prove(of, guesses);
    if (on_case) on_case();
  }
  return cases;
}

void CaseProver::prove(Case& of, Guesses& guesses) const {
  Views views;
  for (int64_t h = 0; h < first_.heads(); ++h)
    views.push_back(first_.view(h, of.position, of.slot, of.alternative));
  if (of.right_prototypes.empty()) {
    const std::vector<int64_t> first(views[0].slots.size(), 0);
    of.worst = first_.input(views[0], first, of.slot, of.alternative);
    of.verdict = Verdict::Refuted;
    return;
  }
  const auto place = std::ranges::find(first_.domain().slots[of.slot].positions, of.position) -
                     first_.domain().slots[of.slot].positions.begin();
  const int query =
      first_.key(of.position, first_.domain().slots[of.slot].alternatives[of.alternative][place]);
  const Fixed numbers = fixed(query);
  bound_neurons(of, views, guesses);
  for (const int64_t prototype : of.right_prototypes) {
    of.right = prototype;
    const auto closest = bound_margins(of, views, numbers, guesses);
    decide(of, closest);
    if (of.verdict != Verdict::Open) break;
  }
  if (of.verdict == Verdict::Proved) bound_rounding(of, views, query);
}

void CaseProver::bound_rounding(Case& of, const Views& views, int query) const {
  const std::vector<double> errors = float32_.errors(of, views, query, of.wrong);
  of.float32_margin = of.margin;
  for (size_t i = 0; i < errors.size(); ++i) {
    of.float32_error = std::max(of.float32_error, errors[i]);
    of.float32_margin = std::min(of.float32_margin, of.margin_to[i] - errors[i]);
  }
}

CaseProver::Fixed CaseProver::fixed(int query) const {
  const BlockWeights& b = first_.block();
  const Tensor base = first_.x()[query] + b.b_O, base_size = first_.x()[query].abs() + b.b_O.abs();
  const Tensor towards = reading_.units.t();
  return {.pre = at::matmul(base, b.W_in) + b.b_in,
          .pre_size = at::matmul(base_size, b.W_in.abs()) + b.b_in.abs(),
          .score = at::matmul(base + b.b_out, towards),
          .score_size = at::matmul(base_size + b.b_out.abs(), towards.abs())};
}

void CaseProver::bound_neurons(Case& of, const Views& views, Guesses& guesses) const {
  std::vector<Tensor> bounds;
  for (size_t h = 0; h < maps_.size(); ++h) {
    const ProgramErrors errors{.weight = weight_error(views[h]),
                               .magnitude = maps_[h].neuron_magnitude,
                               .value = maps_[h].neuron_error};
    const auto bound = [&](Side side, std::vector<double>& guess) {
      return certified_ratios(views[h].attended, maps_[h].neuron_values, side, errors, guess);
    };
    bounds.push_back(
        stacked({bound(Side::Least, guesses.least[h]), bound(Side::Most, guesses.most[h])}));
  }
  of.neurons = at::stack(bounds);  // [head, 2, d_mlp]
}

// With c = (u_r - u_w) · W_out[n] and pre in [l, u], c relu(pre) is at least
//   c pre                          if l >= 0, and for c > 0 also if u >= -l (relu(x) >= x),
//   0                              if u <= 0, and for c > 0 else (relu(x) >= 0),
//   c u (pre - l) / (u - l)        for c < 0 (relu is convex, so it lies below its chord).
CaseProver::Lines CaseProver::lines(const Case& of, const Fixed& fixed) const {
  const int64_t d_mlp = written_.size(0);
  Lines lines;
  const auto n_wrong = static_cast<int64_t>(of.wrong.size());
  lines.slopes = at::zeros({d_mlp, n_wrong}, torch::kFloat64);
  lines.constant.resize(n_wrong);
  lines.error.resize(n_wrong);
  const Tensor added = of.neurons.sum(0);  // over heads: [2, d_mlp]
  const auto bound = added.accessor<double, 2>();
  const auto c = written_.accessor<double, 2>(), c_size = written_size_.accessor<double, 2>();
  const auto score = fixed.score.accessor<double, 1>();
  const auto score_size = fixed.score_size.accessor<double, 1>();
  const auto pre = fixed.pre.accessor<double, 1>(), pre_size = fixed.pre_size.accessor<double, 1>();
  auto slope = lines.slopes.accessor<double, 2>();
  std::vector<double> value_size(d_mlp);
  for (const HeadMaps& maps : maps_)
    for (int64_t n = 0; n < d_mlp; ++n) value_size[n] += maps.neuron_size.data_ptr<double>()[n];
  for (int64_t i = 0; i < n_wrong; ++i) {
    const int64_t w = of.wrong[i];
    lines.constant[i] = score[of.right] - score[w];
    lines.error[i] = score_size[of.right] + score_size[w];
  }
  for (int64_t n = 0; n < d_mlp; ++n) {
    const double away = kShare * pre_size[n];
    const double l = pre[n] + bound[0][n] - away, u = pre[n] + bound[1][n] + away;
    if (u <= 0) continue;
    const double chord = l >= 0 ? 1 : u / (u - l);
    for (int64_t i = 0; i < n_wrong; ++i) {
      const double towards = c[n][of.right] - c[n][of.wrong[i]];
      double s = towards;
      if (l < 0) s = towards < 0 ? towards * chord : (u >= -l ? towards : 0);
      slope[n][i] = s;
      lines.constant[i] += s * pre[n] - (l < 0 && towards < 0 ? s * l : 0);
      lines.error[i] +=
          std::abs(s) * (pre_size[n] + value_size[n]) +
          (c_size[n][of.right] + c_size[n][of.wrong[i]]) * (std::abs(l) + std::abs(u));
    }
  }
  for (double& error : lines.error) error *= 2 * kShare;
  return lines;
}

std::vector<Tensor> CaseProver::bound_margins(Case& of, const Views& views, const Fixed& fixed,
                                              Guesses& guesses) const {
  const Lines lines = this->lines(of, fixed);
  const auto n_wrong = static_cast<int64_t>(of.wrong.size());
  const Tensor wrong = torch::tensor(of.wrong);
  std::vector<double>& margin = of.margin_to;
  margin.resize(n_wrong);
  for (int64_t i = 0; i < n_wrong; ++i) margin[i] = lines.constant[i] - lines.error[i];
  of.margins = at::zeros({std::ssize(maps_), reading_.labels.size(0)}, torch::kFloat64);
  std::vector<Directions> directions;
  const Tensor slope_size = lines.slopes.abs();
  for (size_t h = 0; h < maps_.size(); ++h) {
    const HeadMaps& maps = maps_[h];
    const Tensor ahead = maps.prototype_values.select(1, of.right).unsqueeze(1) -
                         maps.prototype_values.index_select(1, wrong);
    const Tensor values =
        ahead + at::matmul(first_.head(h).v, at::matmul(maps.neurons, lines.slopes));
    const Tensor size = maps.prototype_size[of.right] + maps.prototype_size.index_select(0, wrong) +
                        at::matmul(maps.neuron_size, slope_size);
    directions.emplace_back(values);
    std::vector<double>& guess = guesses.margins[h];
    if (std::ssize(guess) != n_wrong) guess.clear();
    const std::vector<double> least =
        certified_ratios(views[h].attended, directions.back(), Side::Least,
                         {.weight = weight_error(views[h]),
                          .magnitude = numbers(largest(values)),
                          .value = numbers(size * kShare)},
                         guess);
    for (int64_t i = 0; i < n_wrong; ++i) {
      of.margins[h][of.wrong[i]] = least[i];
      margin[i] += least[i];
    }
  }

  std::vector<Tensor> closest;
  find_least(of);
  const auto nearest = std::ranges::min_element(margin) - margin.begin();
  for (int64_t i = 0; i < n_wrong; ++i)
    if (i == nearest || margin[i] <= 0) {
      const auto chosen =
          attaining(views[0].attended, directions[0], i, Side::Least, guesses.margins[0][i]);
      closest.insert(i == nearest ? closest.begin() : closest.end(),
                     first_.input(views[0], chosen, of.slot, of.alternative));
    }
  return closest;
}

void CaseProver::decide(Case& of, const std::vector<Tensor>& closest) const {
  if (closest.empty() || of.margin > 0) {
    of.verdict = Verdict::Proved;
    if (!closest.empty()) of.worst = closest.front();
    return;
  }
  double least = std::numeric_limits<double>::infinity();
  for (const Tensor& input : closest) {
    const double margin = margin_on(of, input);
    if (margin < least) least = margin, of.worst = input;
  }
  // What is called refuted is so by more than rounding, and the network is run on it later.
  constexpr double kClear = 1e-6;
  if (least < -kClear) of.verdict = Verdict::Refuted;
}

Tensor CaseProver::scores(int64_t position, const Tensor& input) const {
  const BlockWeights& b = first_.block();
  const auto token = input.accessor<int64_t, 1>();
  std::vector<int64_t> keys;
  for (int64_t p = 0; p <= position; ++p) keys.push_back(first_.key(p, token[p]));
  const Tensor rows = torch::tensor(keys);
  Tensor mid = first_.x()[keys.back()] + b.b_O;
  for (int64_t h = 0; h < first_.heads(); ++h) {
    const HeadTables& t = first_.head(h);
    const Tensor score = at::matmul(t.k.index_select(0, rows), t.q[keys.back()]) * b.scale;
    const Tensor z = at::matmul(at::softmax(score, 0), t.v.index_select(0, rows));
    mid = mid + at::matmul(z, b.W_O[h]);
  }
  const Tensor hidden = at::relu(at::matmul(mid, b.W_in) + b.b_in);
  return at::matmul(reading_.units, mid + at::matmul(hidden, b.W_out) + b.b_out);
}

double CaseProver::margin_on(const Case& of, const Tensor& input) const {
  const Tensor all = scores(of.position, input);
  double right = -std::numeric_limits<double>::infinity(), wrong = right;
  for (int64_t p = 0; p < all.size(0); ++p) {
    double& best = std::ranges::count(of.right_prototypes, p) > 0 ? right : wrong;
    best = std::max(best, all.data_ptr<double>()[p]);
  }
  return right - wrong;
}

}  // namespace assay::proofs
