#include "axioms/value_probes.h"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "interp/execution/chunks.h"
#include "interp/network/network.h"

namespace assay::axioms {
namespace {

using at::Tensor;
using interp::Site;

constexpr double kRidge = 1e-3;  // of the activations' mean variance
// An element is read elsewhere than the others if that explains so much more of its variance.
constexpr double kWorthAnotherPosition = .1;

/// Places with one vector per position on the way to the logits.
std::vector<std::string> places_of(const interp::Network& network, const Site& logits) {
  std::vector<std::string> names;
  for (const interp::Place& place : network.places().all) {
    const bool vector_per_position =
        place.axes.size() == 2 && place.axes[0].first == interp::Axis::Position &&
        (place.axes[1].first == interp::Axis::Model || place.axes[1].first == interp::Axis::Neuron);
    if (vector_per_position && place.name != logits.place &&
        network.reaches({{.place = place.name}}, logits) != interp::Found::No)
      names.push_back(place.name);
  }
  return names;
}

/// Sums of squares of each element: float64 [elements].
Tensor by_element(const Tensor& numbers, int64_t per_element) {
  return numbers.square().sum(0).view({-1, per_element}).sum(1);
}

double share(const Tensor& residual, const Tensor& whole) {
  const double of = whole.sum().item<double>();
  return of == 0 ? 0 : 1 - residual.sum().item<double>() / of;
}

/// Probes at the positions of one place.
struct Probed {
  std::string place;
  Tensor whole;                         // of each element
  std::vector<int64_t> positions = {};  // those that vary
  std::vector<Tensor> residuals = {};   // of each element, by position

  Reading alone(int64_t i) const {
    return {.site = {.place = place, .positions = {positions[i]}},
            .read_at = std::vector<int64_t>(whole.size(0), 0),
            .explained = share(residuals[i], whole)};
  }
  /// Each element where it is read best; as the best one alone where nothing is gained.
  Reading together() const;
};

Reading Probed::together() const {
  const Tensor all = at::stack(residuals);  // [positions, elements]
  const int64_t single = all.sum(1).argmin().item<int64_t>();
  const Tensor best = all.argmin(0), least = std::get<0>(all.min(0));
  const Tensor worth = (all[single] - least).gt(whole * kWorthAnotherPosition);
  const Tensor chosen = at::where(worth, best, at::full_like(best, single)).contiguous();
  const int64_t* of = chosen.data_ptr<int64_t>();
  const std::set<int64_t> used(of, of + chosen.numel());
  Reading reading{.site = {.place = place, .positions = {}},
                  .read_at = {},
                  .explained = share(all.gather(0, chosen.unsqueeze(0)), whole)};
  for (const int64_t i : used) reading.site.positions.push_back(positions[i]);
  for (int64_t e = 0; e < chosen.numel(); ++e)
    reading.read_at.push_back(std::distance(used.begin(), used.find(of[e])));
  return reading;
}

}  // namespace

Tensor RidgeMap::operator()(const Tensor& x) const {
  return at::matmul(x, weight) + bias;
}

RidgeMap fit_ridge(const Tensor& x, const Tensor& y) {
  const Tensor mean = x.mean(0), centred = x - mean, target = y.mean(0);
  const Tensor gram = at::matmul(centred.t(), centred);
  const double ridge = kRidge * gram.diag().mean().item<double>() + 1e-9;
  const Tensor eye = at::eye(x.size(1), x.options());
  const Tensor weight = at::cholesky_solve(at::matmul(centred.t(), y - target),
                                           at::linalg_cholesky(gram + ridge * eye));
  return {weight, target - at::mv(weight.t(), mean)};
}

Tensor Reading::columns_at(int64_t position, int64_t per_element) const {
  std::vector<int64_t> columns;
  for (int64_t e = 0; e < std::ssize(read_at); ++e)
    for (int64_t i = 0; read_at[e] == position && i < per_element; ++i)
      columns.push_back(e * per_element + i);
  return torch::tensor(columns, torch::kInt64);
}

Tensor activations_at(const interp::Network& network, const Site& site, const Tensor& tokens) {
  const at::NoGradGuard no_grad;
  std::vector<Tensor> all;
  const interp::Chunks chunks(tokens.size(0), network.inputs_per_run());
  chunks.in_turn([&](const interp::Chunk& chunk) {
    all.push_back(
        network
            .trace(tokens.narrow(0, chunk.first, chunk.count), {.record = {site}, .overwrite = {}})
            .front());
  });
  return at::cat(all);
}

std::vector<Reading> rank_sites(const interp::Network& network, const Site& logits,
                                const Tensor& tokens, const Tensor& value, int64_t per_element,
                                const std::function<void(int64_t, int64_t)>& on_progress) {
  const int64_t n = tokens.size(0), fitted = 3 * n / 4;
  const Tensor known = value.narrow(0, 0, fitted), asked = value.narrow(0, fitted, n - fitted);
  const Tensor whole = by_element(asked - asked.mean(0), per_element);
  std::vector<Reading> readings;
  const auto names = places_of(network, logits);
  for (size_t i = 0; i < names.size(); ++i) {
    const Tensor all = activations_at(network, {.place = names[i]}, tokens);
    Probed probed{.place = names[i], .whole = whole};
    for (int64_t pos = 0; pos < all.size(1); ++pos) {
      const Site site{.place = names[i], .positions = {pos}};
      if (network.reaches({site}, logits) == interp::Found::No) continue;
      const Tensor x = all.select(1, pos).to(torch::kFloat64);
      if ((x - x[0]).abs().max().item<double>() == 0) continue;  // the same on all inputs
      const RidgeMap probe = fit_ridge(x.narrow(0, 0, fitted), known);
      probed.positions.push_back(pos);
      probed.residuals.push_back(
          by_element(asked - probe(x.narrow(0, fitted, n - fitted)), per_element));
      readings.push_back(probed.alone(std::ssize(probed.positions) - 1));
    }
    if (!probed.positions.empty()) {
      Reading group = probed.together();
      if (group.site.positions.size() > 1) readings.push_back(std::move(group));
    }
    if (on_progress) on_progress(static_cast<int64_t>(i) + 1, std::ssize(names));
  }
  // Places that hold the same numbers differ by rounding; the earlier one is named first.
  std::ranges::stable_sort(readings, std::greater(), [](const Reading& reading) {
    return std::round(1e4 * reading.explained);
  });
  return readings;
}

}  // namespace assay::axioms
