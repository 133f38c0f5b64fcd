#include "tools/self_check.h"

#include <ATen/CPUGeneratorImpl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "interp/network/transformer.h"

namespace assay::tools {
namespace {

using at::Tensor;
using interp::Axis;
using interp::Place;
using interp::Places;
using interp::Primitive;

constexpr int64_t kProbes = 4, kLongest = 64;
constexpr int64_t kLongestFinite = 1024;
constexpr double kMostProducts = 5e10;     // a second or so
constexpr int64_t kMostNumbers = 1 << 24;  // recorded at once: 64 MiB

/// Numbers at all places of one input of this length.
double numbers_at(const Places& places, int64_t length) {
  double sum = 0;
  for (const Place& place : places.all) {
    double numbers = 1;
    for (const auto& [axis, size] : place.axes)
      numbers *= static_cast<double>(size < 0 ? length : size);
    sum += numbers;
  }
  return sum;
}

/// The longest input of which `inputs` fit into memory, at most `longest`.
int64_t fitting_length(const Places& places, int64_t inputs, int64_t longest) {
  int64_t length = std::min(longest, places.n_ctx);
  while (length > 1 && static_cast<double>(inputs) * numbers_at(places, length) > kMostNumbers) {
    length /= 2;
  }
  return length;
}

/// std::max would lose a NaN.
double larger(double left, double right) {
  return std::isnan(left) || left > right ? left : right;
}

/// `blocks.1.attn.hook_z` -> `attn.z`, `ln_final.hook_normalized` -> `ln_final`.
std::string short_name(std::string name) {
  if (name.starts_with("blocks.")) name = name.substr(name.find('.', 7) + 1);
  if (const size_t norm = name.find(".hook_normalized"); norm != name.npos) name.resize(norm);
  if (const size_t hook = name.find("hook_"); hook != name.npos) name.erase(hook, 5);
  return name;
}

std::string short_weight(const Places& places, int weight) {
  const std::string& name = places.weights[weight].name;
  return name.substr(name.rfind('.') + 1);
}

/// How a place is computed, in the terms of its recording: `resid_mid = resid_pre + attn_out`.
std::string formula_of(const Places& places, const Place& place) {
  std::vector<std::string> reads;
  for (const interp::Read& read : place.reads) reads.push_back(short_name(places[read.from].name));
  const auto weight = [&](size_t i) { return short_weight(places, place.weights[i]); };
  const auto right = [&]() -> std::string {
    switch (place.by) {
      case Primitive::Token:
      case Primitive::Position:
        return "rows of " + weight(0);
      case Primitive::Sum:
        return fmt::format("{}", fmt::join(reads, " + "));
      case Primitive::Norm: {
        const bool rms = std::get<interp::NormForm>(place.form).kind == interp::NormKind::Rms;
        return (rms ? "RMS norm of " : "layer norm of ") + reads[0];
      }
      case Primitive::Project:
        return fmt::format("{} {}{}", reads[0], weight(0),
                           place.weights.size() > 1 ? " + " + weight(1) : "");
      case Primitive::Rotate:
        return reads[0] + " turned by its position";
      case Primitive::Scores: {
        const auto& form = std::get<interp::ScoresForm>(place.form);
        return fmt::format("{} · {}{}{}", reads[0], reads[1], form.scale == 1 ? "" : " / √d_head",
                           form.alibi ? " - slope · distance" : "");
      }
      case Primitive::Softmax:
        return "softmax of " + reads[0];
      case Primitive::Mix:
        return fmt::format("Σ {} · {}", reads[0], reads[1]);
      case Primitive::Activate:
        return "activation of " + reads[0] + (reads.size() == 1 ? "" : " · " + reads[1]);
      case Primitive::Pool: {
        const auto pooling = std::get<interp::PoolForm>(place.form).pooling;
        return fmt::format("{} of {}",
                           pooling == interp::Pooling::First  ? "first position"
                           : pooling == interp::Pooling::Mean ? "mean over positions"
                                                              : "sum over positions",
                           reads[0]);
      }
      case Primitive::Opaque:
        break;
    }
    return "?";
  };
  return fmt::format("{} = {}", short_name(place.name), right());
}

Tensor normalised(const Tensor& x, const interp::NormForm& form) {
  const bool centring = form.kind == interp::NormKind::Layer;
  const Tensor centred = centring ? x - x.mean(-1, true) : x;
  return centred / (centred.square().mean(-1, true) + form.eps).sqrt();
}

Tensor activated(const Tensor& x, interp::Activation activation) {
  switch (activation) {
    case interp::Activation::Relu:
      return x * x.gt(0);
    case interp::Activation::GeluExact:
      return 0.5 * x * (1 + at::erf(x / std::numbers::sqrt2));
    case interp::Activation::Silu:
      return x / (1 + (-x).exp());
    case interp::Activation::Tanh:
      return 1 - 2 / (1 + (2 * x).exp());
    case interp::Activation::Gelu:
      break;
  }
  const Tensor inner = std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x);
  return 0.5 * x * (1 + at::tanh(inner));
}

/// Pair by pair. x: [batch, pos, head, d_head].
Tensor turned(const Tensor& x, const interp::RotaryForm& form) {
  Tensor y = x.clone();
  const Tensor position = at::arange(x.size(1), x.options()).unsqueeze(1);
  for (int64_t i = 0; i < form.dims / 2; ++i) {
    const int64_t first = form.interleaved ? 2 * i : i;
    const int64_t second = form.interleaved ? 2 * i + 1 : i + form.dims / 2;
    const double power = 2 * static_cast<double>(i) / static_cast<double>(form.dims);
    const Tensor angle = position / std::pow(form.base, power);
    const Tensor a = x.select(-1, first), b = x.select(-1, second);
    y.select(-1, first).copy_(a * angle.cos() - b * angle.sin());
    y.select(-1, second).copy_(a * angle.sin() + b * angle.cos());
  }
  return y;
}

/// How far each key lies before each query: [pos, key].
Tensor distances(const Tensor& map) {
  const Tensor position = at::arange(map.size(-1), map.options());
  return position.unsqueeze(1) - position;
}

/// slope · distance, with the slopes of arXiv 2108.12409: 2^(-8 i / n) for n heads, a power of two,
/// and behind those of the next such n below, every other one of 2 n.
Tensor linear_bias(const Tensor& map) {
  const int64_t heads = map.size(1);
  const auto n = static_cast<int64_t>(std::exp2(std::floor(std::log2(heads))));
  std::vector<Tensor> biases;
  for (int64_t head = 0; head < heads; ++head) {
    const double power =
        head < n ? 8.0 * static_cast<double>(head + 1) / static_cast<double>(n)
                 : 4.0 * static_cast<double>(2 * (head - n) + 1) / static_cast<double>(n);
    biases.push_back(distances(map) * std::exp2(-power));
  }
  return at::stack(biases);
}

/// The keys' or values' heads once for each head of the queries. x: [batch, key, kv head, d_head].
Tensor shared(const Tensor& x, int64_t heads) {
  return x.repeat_interleave(heads / x.size(2), 2);
}

/// The axes that a value and its weight share are summed over.
Tensor projected(const Places& places, const Place& place, const Tensor& x, const Tensor& W) {
  const bool into = place.axis(Axis::Head).has_value();
  const bool from = places[place.reads[0].from].axis(Axis::Head).has_value();
  if (into) return at::einsum("bpm,hmd->bphd", {x, W});
  if (from) return at::einsum("bphd,hdm->bpm", {x, W});
  return at::einsum("bpm,mn->bpn", {x, W});
}

/// Every place of one run, read in float64.
class Recording {
 public:
  Recording(const interp::Transformer& model, const Tensor& tokens) : places_(model.places()) {
    interp::TraceRequest request;
    for (const Place& place : places_.all) request.record.push_back({.place = place.name});
    values_ = model.trace(tokens, request);
    for (const Tensor& weight : model.weights()) weights_.push_back(weight.to(torch::kFloat64));
    tokens_ = tokens;
  }

  Tensor value(int place) const { return values_[place].to(torch::kFloat64); }

  /// From the definitions, and from what is recorded of the places that it reads.
  Tensor recomputed(const Place& place) const {
    std::vector<Tensor> reads;
    for (const interp::Read& read : place.reads) reads.push_back(value(read.from));
    return computed(place, reads);
  }

  /// The logits as made of everything that was ever written into the residual stream.
  Tensor logits_from_writers() const {
    Tensor stream;
    for (const interp::ComponentPlaces& component : places_.components)
      if (component.joins >= 0)
        stream = stream.defined() ? stream + value(component.output) : value(component.output);
    return made_of(stream, places_.logits);
  }

 private:
  /// What a place would be if the last stream were this.
  Tensor made_of(const Tensor& stream, int place) const {
    if (place == places_.components.back().reads) return stream;
    std::vector<Tensor> reads;
    for (const interp::Read& read : places_[place].reads)
      reads.push_back(made_of(stream, read.from));
    return computed(places_[place], reads);
  }

  Tensor computed(const Place& place, const std::vector<Tensor>& reads) const {
    const auto weight = [&](size_t i) { return weights_[place.weights[i]]; };
    switch (place.by) {
      case Primitive::Token:
        return weight(0).index({tokens_});
      case Primitive::Position:
        return weight(0).slice(0, 0, tokens_.size(1)).expand({tokens_.size(0), -1, -1});
      case Primitive::Sum:
        return at::stack(reads).sum(0);
      case Primitive::Norm: {
        Tensor y = normalised(reads[0], std::get<interp::NormForm>(place.form));
        if (!place.weights.empty()) y = y * weight(0);
        return place.weights.size() > 1 ? y + weight(1) : y;
      }
      case Primitive::Project: {
        const Tensor y = projected(places_, place, reads[0], weight(0));
        return place.weights.size() > 1 ? y + weight(1) : y;
      }
      case Primitive::Rotate:
        return turned(reads[0], std::get<interp::RotaryForm>(place.form));
      case Primitive::Scores:
        return scores(place, reads[0], shared(reads[1], reads[0].size(2)));
      case Primitive::Softmax: {
        const Tensor weights = (reads[0] - reads[0].amax(-1, true)).exp();  // far from overflow
        return weights / weights.sum(-1, true);
      }
      case Primitive::Mix:
        return at::einsum("bhqk,bkhd->bqhd", {reads[0], shared(reads[1], reads[0].size(1))});
      case Primitive::Activate: {
        const auto& form = std::get<interp::ActivationForm>(place.form);
        const Tensor y = activated(reads[0], form.activation);
        return reads.size() == 1 ? y : y * reads[1];
      }
      case Primitive::Pool: {
        const auto pooling = std::get<interp::PoolForm>(place.form).pooling;
        if (pooling == interp::Pooling::First) return reads[0].slice(1, 0, 1);
        const Tensor sum = reads[0].sum(1, true);
        const auto n = static_cast<double>(reads[0].size(1));
        return pooling == interp::Pooling::Mean ? sum / n : sum;
      }
      case Primitive::Opaque:
        break;
    }
    return {};
  }

  Tensor scores(const Place& place, const Tensor& q, const Tensor& k) const {
    const auto& form = std::get<interp::ScoresForm>(place.form);
    Tensor scores = at::einsum("bqhd,bkhd->bhqk", {q, k}) * form.scale;
    if (form.alibi) scores = scores - linear_bias(scores);
    const interp::Read& read = place.reads[1];
    if (read.reach == interp::Reach::All) return scores;
    const Tensor distance = distances(scores);
    const auto farthest = static_cast<double>(
        read.reach == interp::Reach::Window ? read.window - 1 : scores.size(-1));
    return scores.masked_fill(distance.lt(0).logical_or(distance.gt(farthest)),
                              -std::numeric_limits<double>::infinity());
  }

  const Places& places_;
  Tensor tokens_;
  std::vector<Tensor> values_, weights_;
};

void compare(std::vector<Identity>& identities, const std::string& formula, const Tensor& recorded,
             const Tensor& recomputed) {
  auto entry = std::ranges::find(identities, formula, &Identity::formula);
  if (entry == identities.end()) entry = identities.insert(entry, Identity{.formula = formula});
  // Scores of keys that are not seen are minus infinity, on both sides.
  const Tensor same = recorded.eq(recomputed);
  const Tensor error = (recorded - recomputed).masked_fill(same, 0);
  const Tensor value = recomputed.masked_fill(same.logical_and(recomputed.isinf()), 0);
  entry->largest_error = larger(entry->largest_error, error.abs().max().item<double>());
  entry->largest_value = larger(entry->largest_value, value.abs().max().item<double>());
}

}  // namespace

std::vector<Identity> check_identities(const interp::Transformer& model, uint64_t seed) {
  const at::NoGradGuard no_grad;
  const Places& places = model.places();
  const int64_t length = fitting_length(places, kProbes, kLongest);
  const Tensor tokens = at::randint(places.n_tokens, {kProbes, length},
                                    at::make_generator<at::CPUGeneratorImpl>(seed), torch::kInt64);
  const Recording run(model, tokens.to(model.device()));
  std::vector<Identity> identities;
  for (int p = 0; p < places.size(); ++p)
    compare(identities, formula_of(places, places[p]), run.value(p), run.recomputed(places[p]));
  if (places.additive)
    compare(identities, "logits = all that components have written, unembedded",
            run.value(places.logits), run.logits_from_writers());
  return identities;
}

int64_t inputs_without_finite_logits(const interp::Transformer& model, uint64_t seed) {
  const at::NoGradGuard no_grad;
  const interp::Places& places = model.places();
  double weights = 0;
  for (const Tensor& weight : model.parameters()) weights += static_cast<double>(weight.numel());
  const auto affordable = static_cast<int64_t>(std::max(1.0, kMostProducts / weights));  // tokens
  const int64_t length = fitting_length(places, 1, std::min(kLongestFinite, affordable));
  const int64_t rows = std::clamp((places.n_tokens + length - 1) / length, int64_t{1},
                                  std::max<int64_t>(1, affordable / length));
  const Tensor each = at::arange(rows * length, torch::kInt64).remainder(places.n_tokens);
  const Tensor random = at::randint(places.n_tokens, {kProbes, length},
                                    at::make_generator<at::CPUGeneratorImpl>(seed), torch::kInt64);
  const Tensor tokens = at::cat({each.view({rows, length}), random});
  int64_t found = 0;
  for (int64_t row = 0; row < tokens.size(0); ++row) {
    const Tensor input = tokens.narrow(0, row, 1).to(model.device());
    const Tensor all = model.trace(input, {.record = {{.place = places[places.logits].name}}})[0];
    if (!at::isfinite(all).all().item<bool>()) ++found;
  }
  return found;
}

}  // namespace assay::tools
