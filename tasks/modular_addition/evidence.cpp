#include "tasks/modular_addition/evidence.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "interp/doubles.h"

namespace assay::tasks::modular_addition {
namespace {

using at::Tensor;

constexpr double kClearGap = 3;         // between the weakest key frequency and the strongest other
constexpr double kOneFrequency = 0.85;  // from here a neuron counts as one of a single frequency

std::string percent(double share) {
  return fmt::format("{:.2f}%", 100 * share);
}

double loss(const Tensor& logits, const Tensor& labels) {
  return at::cross_entropy_loss(logits.to(torch::kFloat64), labels).item<double>();
}

// Unit vectors of cos w_k(a + b) and sin w_k(a + b) over all pairs: [p², 2 · frequencies].
Tensor sum_waves(int64_t p, const std::vector<int64_t>& frequencies) {
  const Tensor n = at::arange(p, torch::kInt64);
  const Tensor sums = (n.unsqueeze(1) + n).remainder(p).flatten();
  return waves(p, frequencies).index_select(0, sums) * (std::sqrt(2.0) / static_cast<double>(p));
}

}  // namespace

Tensor along_sums(const Tensor& values, int64_t p, const std::vector<int64_t>& frequencies) {
  const Tensor unit = sum_waves(p, frequencies);
  return at::matmul(unit, at::matmul(unit.t(), values.to(torch::kFloat64)));
}

ColumnFrequencies column_frequencies(const Tensor& values, int64_t p) {
  const int64_t half = (p - 1) / 2, columns = values.size(1);
  const Tensor constant = at::full({p, 1}, 1 / std::sqrt(static_cast<double>(p)), torch::kFloat64);
  const Tensor unit = at::cat(
      {constant, waves(p, all_frequencies(p)) * std::sqrt(2.0 / static_cast<double>(p))}, 1);
  // Components along products of a wave of a and a wave of b: first over b, then over a.
  const Tensor grid = values.view({p, p, columns}).permute({2, 0, 1});  // [column, a, b]
  const Tensor components =
      at::matmul(unit.t(), at::matmul(grid.to(torch::kFloat64), unit)).square();  // [column, a, b]
  const Tensor total = components.flatten(1).sum(1) - components.select(1, 0).select(1, 0);

  // Rows and columns 0 (constant), k (cos) and half + k (sin) belong to frequency k.
  const auto of = [&](int64_t row, int64_t column) {  // [column, frequency]
    const auto diagonal = [&](int64_t r, int64_t c) {
      return components.narrow(1, r, half).narrow(2, c, half).diagonal(0, 1, 2);
    };
    return diagonal(row, column);
  };
  Tensor power = components.select(1, 0).narrow(1, 1, half) +
                 components.select(1, 0).narrow(1, 1 + half, half) +
                 components.select(2, 0).narrow(1, 1, half) +
                 components.select(2, 0).narrow(1, 1 + half, half);
  for (const int64_t row : {int64_t{1}, 1 + half})
    for (const int64_t column : {int64_t{1}, 1 + half}) power = power + of(row, column);
  const auto [best, index] = power.max(1);
  const Tensor living = total.gt(1e-12 * components.flatten(1).sum(1).clamp_min(1e-300));
  return {.share = at::where(living, best / total.clamp_min(1e-300), at::zeros_like(best)),
          .frequency = index + 1};
}

// Functions of (pair, c) that depend on a pair by its sum s alone: p pairs have each sum, so a
// product of unit waves of s and of c has norm √p, and cos w_k(s - c) = cos cos + sin sin.
LogitShares shares_of_logits(const Tensor& logits, int64_t p,
                             const std::vector<int64_t>& frequencies) {
  Tensor centred = logits.to(torch::kFloat64);
  for (const int64_t axis : {1, 0}) centred = centred - centred.mean(axis, true);
  const Tensor n = at::arange(p, torch::kInt64);
  const Tensor sums = (n.unsqueeze(1) + n).remainder(p).flatten();
  const Tensor by_sum =
      at::zeros({p, p}, torch::kFloat64).index_add(0, sums, centred);  // Σ over pairs [s, c]
  const double all = static_cast<double>(p) * centred.square().sum().item<double>();
  LogitShares shares;
  for (const int64_t k : frequencies) {
    const Tensor unit = waves(p, {k}) * std::sqrt(2.0 / static_cast<double>(p));  // [p, cos sin]
    const Tensor products = at::matmul(unit.t(), at::matmul(by_sum, unit));       // [of s, of c]
    shares.products += products.square().sum().item<double>() / all;
    shares.differences += std::pow(products.trace().item<double>(), 2) / 2 / all;
  }
  return shares;
}

std::vector<Evidence> fourier_evidence(const interp::Transformer& model, int64_t p,
                                       const KeyFrequencies& key, const LinearMap& back) {
  const Tensor numbers = model.W_E().detach().cpu().narrow(0, 0, p).to(torch::kFloat64);
  const Tensor power = spectrum(numbers);
  const std::vector<double> powers = interp::doubles_of(power);
  std::vector<Evidence> evidence;
  evidence.push_back(
      {"fourier",
       fmt::format("{} key frequencies ({}) carry {} of the embedding's power over all {} "
                   "frequencies; the weakest has {:.3g} times the power of the strongest other",
                   key.frequencies.size(), fmt::join(key.frequencies, ", "), percent(key.share),
                   powers.size(), key.gap),
       {{"frequencies", key.frequencies},
        {"share", key.share},
        {"gap", key.frequencies.size() < powers.size() ? nlohmann::json(key.gap) : nullptr},
        {"power", powers}},
       key.gap >= kClearGap && key.share >= 0.9});
  // α has as many free numbers as the embedding: that it reads the waves right says nothing then.
  // What says something is whether the waves are found along the directions that γ writes.
  const Tensor components =
      at::matmul(numbers - back.bias, at::linalg_pinv(back.weight));  // [p, 2 · frequencies]
  const double error = (components - waves(p, key.frequencies)).abs().max().item<double>();
  evidence.push_back(
      {"fourier",
       fmt::format("read along the directions that gamma writes, the waves of every number are off "
                   "by at most {:.3g}",
                   error),
       {{"largest_error", error}},
       error < 0.1});
  const bool any_function = model.config().d_model >= p - 1;
  evidence.push_back(
      {"fourier",
       any_function ? fmt::format("alpha is a linear map from {} dimensions, fitted to {} numbers: "
                                  "it could read any function of a number, so that it reads these "
                                  "is no finding",
                                  model.config().d_model, p)
                    : fmt::format("alpha is a linear map from {} dimensions, fitted to {} numbers",
                                  model.config().d_model, p),
       {{"d_model", model.config().d_model}, {"numbers", p}},
       !any_function});
  return evidence;
}

std::vector<Evidence> sum_evidence(const Observations& all, int64_t p, const KeyFrequencies& key) {
  const ColumnFrequencies found = column_frequencies(all.hidden, p);
  std::map<int64_t, int64_t> clusters;  // frequency -> neurons
  int64_t living = 0, key_neurons = 0;
  for (int64_t i = 0; i < found.share.numel(); ++i) {
    const double share = found.share[i].item<double>();
    living += share > 0;
    if (share >= kOneFrequency) ++clusters[found.frequency[i].item<int64_t>()];
  }
  std::string text;
  nlohmann::json by_frequency = nlohmann::json::object();
  for (const auto& [frequency, neurons] : clusters) {
    const bool is_key = std::ranges::binary_search(key.frequencies, frequency);
    key_neurons += is_key ? neurons : 0;
    text += fmt::format("{}{} of {}{}", text.empty() ? "" : ", ", neurons, frequency,
                        is_key ? "" : " (not key)");
    by_frequency[fmt::format("{}", frequency)] = neurons;
  }
  const double share = living ? static_cast<double>(key_neurons) / static_cast<double>(living) : 0;
  return {
      {"sum",
       fmt::format("{} of {} living neurons are at least {:.0f}% of one key frequency (neurons "
                   "of frequency: {})",
                   key_neurons, living, 100 * kOneFrequency, text.empty() ? "none" : text),
       {{"living", living}, {"of_one_key_frequency", key_neurons}, {"by_frequency", by_frequency}},
       share >= 0.5}};
}

std::vector<Evidence> answer_evidence(const interp::Transformer& model, const Observations& all,
                                      const Tensor& labels, int64_t p, const KeyFrequencies& key) {
  const LogitShares shares = shares_of_logits(all.logits.narrow(1, 0, p), p, key.frequencies);
  std::vector<Evidence> evidence;
  evidence.push_back(
      {"answer",
       fmt::format("cos w_k(a + b - c) of the key frequencies explain {} of the logits' variance; "
                   "with cos·cos and sin·sin weighed apart they explain {}",
                   percent(shares.differences), percent(shares.products)),
       {{"share", shares.differences}, {"products", shares.products}},
       shares.differences >= 0.95});

  const auto loss_with = [&](const Tensor& mlp_out) {
    return loss(logits_with(model, all.mid, mlp_out), labels);
  };
  const Tensor mlp_out = all.mlp_out.to(torch::kFloat64);
  const double whole = loss(all.logits, labels), by_chance = std::log(static_cast<double>(p));
  const double restricted = loss_with(mlp_out.mean(0) + along_sums(mlp_out, p, key.frequencies));
  evidence.push_back(
      {"answer",
       fmt::format("restricted loss: with nothing but the key frequencies of a + b in the MLP's "
                   "output the loss over all pairs goes from {:.3g} to {:.3g}",
                   whole, restricted),
       {{"loss", whole}, {"restricted", restricted}},
       restricted <= whole && restricted < by_chance});
  nlohmann::json excluded = nlohmann::json::object();
  double least = std::numeric_limits<double>::infinity();
  for (const int64_t k : key.frequencies) {
    const double without = loss_with(mlp_out - along_sums(mlp_out, p, {k}));
    excluded[fmt::format("{}", k)] = without;
    least = std::min(least, without);
  }
  const double without_all = loss_with(mlp_out - along_sums(mlp_out, p, key.frequencies));
  evidence.push_back(
      {"answer",
       fmt::format("excluded loss: without one key frequency it is at least {:.3g}, without all of "
                   "them {:.3g} (by chance: {:.3g})",
                   least, without_all, by_chance),
       {{"by_frequency", excluded}, {"all", without_all}},
       least > 2 * whole && without_all > by_chance});
  return evidence;
}

}  // namespace assay::tasks::modular_addition
