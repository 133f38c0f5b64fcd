#include "axioms/proofs/float32_bound.h"

#include <torch/types.h>

#include <algorithm>
#include <cmath>

#include "axioms/proofs/ratio.h"

namespace assay::proofs {
namespace {

using at::Tensor;

constexpr double kUnit = 0x1p-24;
constexpr double kUp = 1.001;         // covers float64's own rounding here
constexpr double kUnderflow = 1e-30;  // products that float32 takes for zero

/// What n roundings in a row can do, relatively.
double share(int64_t n) {
  const double nu = static_cast<double>(n) * kUnit;
  return nu / (1 - nu);
}

Tensor largest(const Tensor& rows) {
  return std::get<0>(rows.max(0));
}

}  // namespace

// One head at one position: which keys it may attend to, and how much at most to those of the
// position's own slot, one by one, and to all others together.
struct Float32Bound::Attention {
  Tensor seen;        // keys that may be attended to
  Tensor own;         // int64, places in `seen` of the own slot's keys
  Tensor own_most;    // float64, the most attention that each of them can get
  Tensor own_weight;  // e^s of each
  double others_most = 0;
  double pattern = 0;  // relative error of attention weights
  double sum = 0;      // by which they may not add up to 1
  int64_t keys = 0;

  /// Σ attention · |values|, at most. values: [seen, m].
  Tensor at_most(const Tensor& values) const {
    const Tensor size = values.abs();
    return at::matmul(own_most, size.index_select(0, own)) + largest(size) * others_most;
  }
  /// What errors of the attention weights do to Σ attention · values. Only how far values lie from
  /// one another matters, since weights add up to 1.
  Tensor moved(const Tensor& values) const {
    const Tensor center = at::matmul(own_weight, values.index_select(0, own)) / own_weight.sum();
    return at_most(values - center) * pattern + center.abs() * sum;
  }
};

Float32Bound::Float32Bound(const FirstBlock& first, const PrototypeReading& reading)
    : first_(first), reading_(reading) {
  const BlockWeights& b = first.block();
  for (int64_t h = 0; h < first.heads(); ++h)
    tables_.push_back(
        {at::matmul(first.head(h).v, b.W_O[h]), at::matmul(first.head(h).v_size, b.W_O[h].abs())});
  W_in_size_ = b.W_in.abs();
  W_out_size_ = b.W_out.abs();
}

Float32Bound::Attention Float32Bound::attention(const FirstBlock::View& view, int64_t head,
                                                int query) const {
  const proofs::HeadTables& t = first_.head(head);
  const int64_t d_model = first_.x().size(1), d_head = t.k.size(1);
  Attention a;
  std::vector<int64_t> seen;
  std::vector<int> own;
  for (const auto& alternatives : view.attended.slots)
    for (const auto& keys : alternatives)
      for (const int key : keys) {
        if (std::ranges::count(keys, query) > 0) own.push_back(key);
        if (std::ranges::count(seen, key) == 0) seen.push_back(key);
      }
  a.keys = std::ssize(view.attended.slots) * 8 + 64;
  a.seen = torch::tensor(seen);
  std::vector<int64_t> places;
  std::vector<double> weights;
  Tensor indicators = at::zeros({first_.x().size(0), std::ssize(own) + 1}, torch::kFloat64);
  indicators.select(1, std::ssize(own)).fill_(1);
  for (size_t i = 0; i < own.size(); ++i) {
    places.push_back(std::ranges::find(seen, own[i]) - seen.begin());
    weights.push_back(view.attended.weights[own[i]]);
    indicators[own[i]][static_cast<int64_t>(i)] = 1;
    indicators[own[i]][std::ssize(own)] = 0;
  }
  a.own = torch::tensor(places);
  a.own_weight = torch::tensor(weights, torch::kFloat64);
  std::vector<double> most = extreme_ratios(view.attended, Directions(indicators), Side::Most);
  for (double& share : most) share = std::min(1.0, share + 1e-6);
  a.others_most = most.back();
  most.pop_back();
  a.own_most = torch::tensor(most, torch::kFloat64);

  // Scores: q · k with both formed, or (W_K q) · x.
  const Tensor q = t.q[query].abs(), q_error = t.q_size[query] * share(d_model + 4);
  const Tensor k = t.k.index_select(0, a.seen).abs(), k_size = t.k_size.index_select(0, a.seen);
  const Tensor q_most = q + q_error;
  const Tensor error = at::matmul(k + k_size * share(d_model + 4), q_error) +
                       at::matmul(k_size, q_most) * share(d_model + d_head + 12);
  const double score =
      first_.block().scale * error.max().item<double>() * kUp +
      share(4) * first_.block().scale * at::matmul(k_size, q_most).max().item<double>();
  a.sum = share(a.keys + 24);
  a.pattern = std::expm1(2 * score) * (1 + a.sum) + a.sum;
  return a;
}

std::vector<double> Float32Bound::errors(const Case& of, const std::vector<FirstBlock::View>& views,
                                         int query, const std::vector<int64_t>& wrong) const {
  const BlockWeights& b = first_.block();
  const int64_t d_model = first_.x().size(1), d_mlp = b.W_in.size(1);
  const Tensor others = torch::tensor(wrong);
  const Tensor& units = reading_.units;
  const Tensor ahead = (units[of.right].unsqueeze(0) - units.index_select(0, others)).t();
  const Tensor units_size =
      (units[of.right].abs().unsqueeze(0) + units.index_select(0, others).abs()).t();

  // What the heads write, and the stream behind it: magnitudes and fresh errors, [d_model].
  std::vector<Attention> heads;
  const Tensor x = first_.x()[query].abs();
  Tensor written = b.b_O.abs(), stream_error = at::zeros_like(written);
  for (size_t h = 0; h < views.size(); ++h) {
    heads.push_back(attention(views[h], static_cast<int64_t>(h), query));
    const Attention& a = heads.back();
    const int64_t roundings = d_model + b.W_O.size(1) + a.keys + 16;
    stream_error = stream_error + a.at_most(tables_[h].written_size.index_select(0, a.seen)) *
                                      ((1 + a.pattern) * share(roundings));
    written = written + a.at_most(tables_[h].written.index_select(0, a.seen)) * (1 + a.pattern);
  }
  stream_error = stream_error + (x + written) * share(std::ssize(views) + 4);
  const Tensor stream = x + written + stream_error;

  // Pre-activations: [d_mlp].
  const Tensor fresh = (at::matmul(stream, W_in_size_) + b.b_in.abs()) * share(d_model + 4);
  Tensor pre_error = fresh + at::matmul(stream_error, W_in_size_);
  std::vector<Tensor> values;  // of what each head writes, in the directions of the neurons
  for (size_t h = 0; h < heads.size(); ++h) {
    values.push_back(at::matmul(tables_[h].written.index_select(0, heads[h].seen), b.W_in));
    pre_error = pre_error + heads[h].moved(values[h]);
  }
  const Tensor fixed = at::matmul(first_.x()[query] + b.b_O, b.W_in) + b.b_in;
  const Tensor added = of.neurons.sum(0);
  const Tensor least = fixed + added[0] - pre_error * kUp,
               most = fixed + added[1] + pre_error * kUp;
  const Tensor on = least.gt(0).to(torch::kFloat64);
  const Tensor between = least.le(0).logical_and(most.gt(0)).to(torch::kFloat64);

  // The margins: through neurons that are on as part of one linear map, [d_model, wrong].
  const Tensor per_neuron = at::matmul(b.W_out, ahead);  // [d_mlp, wrong]
  const Tensor through_on = per_neuron * on.unsqueeze(1);
  const Tensor from_stream = ahead + at::matmul(b.W_in, through_on);
  Tensor error = at::matmul(stream_error, from_stream.abs()) +
                 at::matmul(fresh * on, per_neuron.abs()) +
                 at::matmul(pre_error * between, per_neuron.abs());
  for (size_t h = 0; h < heads.size(); ++h)
    error = error + heads[h].moved(
                        at::matmul(tables_[h].written.index_select(0, heads[h].seen), from_stream));

  // What neurons write, the sum, and α with its unit vectors in float32.
  const Tensor post = most.clamp_min(0);
  const Tensor out = at::matmul(post, W_out_size_) + b.b_out.abs();
  error = error + at::matmul(out * share(d_mlp + 4) + (stream + out) * share(4), ahead.abs());
  error = error + at::matmul((stream + out) * share(2 * d_model + 16), units_size);
  error = error * kUp + kUnderflow;
  const Tensor list = error.contiguous();
  return {list.data_ptr<double>(), list.data_ptr<double>() + list.numel()};
}

}  // namespace assay::proofs
