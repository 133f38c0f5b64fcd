#include "interp/attribution/integrated_gradients.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <boost/math/quadrature/gauss.hpp>
#include <cmath>
#include <utility>
#include <vector>

#include "interp/doubles.h"
#include "interp/network/network.h"

namespace assay::interp::attribution {
namespace {

using at::Tensor;

constexpr double kTolerance = 1e-3;
constexpr int64_t kRows = 10000;          // at most, for the hardest inputs
constexpr double kSmallestChange = 1e-6;  // relative to a smaller one nothing is measured

/// Places in [0, 1] and their weights.
struct Rule {
  std::vector<double> places, weights;
};

Rule gauss_legendre() {
  using Gauss = boost::math::quadrature::gauss<double, 7>;  // on [-1, 1], the upper half listed
  Rule rule;
  for (size_t i = 0; i < Gauss::abscissa().size(); ++i) {
    for (const double sign : {-1.0, 1.0}) {
      if (sign < 0 && Gauss::abscissa()[i] == 0) continue;
      rule.places.push_back((1 + sign * Gauss::abscissa()[i]) / 2);
      rule.weights.push_back(Gauss::weights()[i] / 2);
    }
  }
  return rule;
}

/// A piece of the way, from `from` to `to`.
struct Panel {
  double from = 0, to = 1;
  double score_from = 0, score_to = 0;
  Tensor of_positions = {};  // its part of the integral
  double error = 0;          // of completeness, signed
};

class Way {
 public:
  Way(const EmbeddedInput& input, const Target& target, const Tensor& baseline)
      : input_(input),
        target_(target),
        baseline_(baseline),
        difference_(input.embeddings() - baseline) {}

  Panel whole() {
    const std::vector<double> ends = scores({0, 1});
    std::vector<Panel> panels = {{.score_from = ends[0], .score_to = ends[1]}};
    integrate(panels);
    return panels[0];
  }

  /// Both halves of each.
  std::vector<Panel> halves(const std::vector<Panel>& panels) {
    std::vector<double> middles;
    for (const Panel& panel : panels) middles.push_back((panel.from + panel.to) / 2);
    const std::vector<double> between = scores(middles);
    std::vector<Panel> halves;
    for (size_t i = 0; i < panels.size(); ++i) {
      const Panel& panel = panels[i];
      halves.push_back({panel.from, middles[i], panel.score_from, between[i]});
      halves.push_back({middles[i], panel.to, between[i], panel.score_to});
    }
    integrate(halves);
    return halves;
  }
  int64_t rows_to_halve(int64_t panels) const {
    return panels * (1 + 2 * static_cast<int64_t>(rule_.places.size()));
  }
  int64_t rows() const { return rows_; }

 private:
  /// float32 rows of embeddings.
  Tensor points(const std::vector<double>& places) const {
    const Tensor alpha = torch::tensor(places, difference_.options()).view({-1, 1, 1});
    return baseline_ + alpha * difference_;
  }

  std::vector<double> scores(const std::vector<double>& places) {
    rows_ += static_cast<int64_t>(places.size());
    return doubles_of(evaluate(target_, input_.logits(points(places))));
  }

  void integrate(std::vector<Panel>& panels) {
    std::vector<double> places;
    for (const Panel& panel : panels)
      for (const double place : rule_.places)
        places.push_back(panel.from + place * (panel.to - panel.from));
    rows_ += static_cast<int64_t>(places.size());
    const Tensor products = input_.gradients(target_, points(places)).gradients * difference_;
    const auto n = static_cast<int64_t>(panels.size());
    const Tensor by_node = products.to(torch::kFloat64).sum(2).view({n, -1, products.size(1)});
    const Tensor weights = torch::tensor(rule_.weights, torch::kFloat64).view({1, -1, 1});
    const Tensor means = (by_node * weights).sum(1);
    for (int64_t i = 0; i < n; ++i) {
      Panel& panel = panels[i];
      panel.of_positions = means[i] * (panel.to - panel.from);
      panel.error = panel.of_positions.sum().item<double>() - (panel.score_to - panel.score_from);
    }
  }

  const EmbeddedInput& input_;
  Target target_;
  Tensor baseline_, difference_;
  Rule rule_ = gauss_legendre();
  int64_t rows_ = 0;
};

double size_of_error(const Panel& panel) {
  return std::abs(panel.error);
}

/// The error of the whole, or what errors of random signs would sum to: a small sum alone may be
/// luck, and absolute values would add up the rounding of float32, which cancels.
double estimated_error(const std::vector<Panel>& panels) {
  double sum = 0, squares = 0;
  for (const Panel& panel : panels) {
    sum += panel.error;
    squares += panel.error * panel.error;
  }
  return std::max(std::abs(sum), std::sqrt(squares));
}

std::string caveat(const IntegratedGradients& result) {
  if (result.converged) return "";
  return fmt::format(
      "did not converge in {} rows: an error of about {:.2g} is left, where {:.3g} is to be "
      "explained",
      result.rows, result.estimated_error, result.score - result.baseline_score);
}

Explanation explain_by_integral(const Problem& problem, const std::string& preset) {
  const EmbeddedInput input(problem);
  const Tensor W_E = token_embeddings(*problem.network);
  const Tensor vector = preset == "zero" ? at::zeros({W_E.size(1)}, W_E.options()) : W_E.mean(0);
  const IntegratedGradients result = integrated_gradients(
      input, problem.target, input.with_features_at(vector), kTolerance, kRows);
  return {.scores = input.summed(result.of_positions),
          .diagnostics = {{"baseline", preset},
                          {"score", result.score},
                          {"baseline_score", result.baseline_score},
                          {"completeness_error", result.completeness_error()},
                          {"relative_completeness_error", result.relative_completeness_error()},
                          {"converged", result.converged}},
          .caveat = caveat(result),
          .rows = result.rows};
}

}  // namespace

double IntegratedGradients::completeness_error() const {
  return std::abs(of_positions.sum().item<double>() - (score - baseline_score));
}

double IntegratedGradients::relative_completeness_error() const {
  return completeness_error() / std::abs(score - baseline_score);
}

IntegratedGradients integrated_gradients(const EmbeddedInput& input, const Target& target,
                                         const Tensor& baseline, double tolerance, int64_t rows) {
  Way way(input, target, baseline);
  std::vector<Panel> panels = {way.whole()};
  const double score = panels[0].score_to, baseline_score = panels[0].score_from;
  const double allowed = tolerance * std::max(std::abs(score - baseline_score), kSmallestChange);
  while (estimated_error(panels) > allowed) {
    const double largest = size_of_error(std::ranges::max(panels, {}, size_of_error));
    const auto off = std::ranges::partition(
        panels, [&](const Panel& panel) { return size_of_error(panel) <= largest / 4; });
    const std::vector<Panel> worst(off.begin(), off.end());
    if (way.rows() + way.rows_to_halve(static_cast<int64_t>(worst.size())) > rows) break;
    panels.erase(off.begin(), off.end());
    const std::vector<Panel> halves = way.halves(worst);
    panels.insert(panels.end(), halves.begin(), halves.end());
  }
  std::vector<Tensor> parts;
  for (const Panel& panel : panels) parts.push_back(panel.of_positions);
  return {.of_positions = at::stack(parts).sum(0),
          .score = score,
          .baseline_score = baseline_score,
          .rows = way.rows(),
          .estimated_error = estimated_error(panels),
          .converged = estimated_error(panels) <= allowed};
}

Method integrated_gradients_method() {
  const Preset zero{.name = "zero",
                    .help = "from zero embeddings, positions as they are",
                    .takes = Takes::LooksInside};
  const Preset mean{.name = "mean-embedding",
                    .help = "from the mean embedding of the vocabulary",
                    .takes = Takes::LooksInside};
  return {.name = "integrated-gradients",
          .help = "the gradient averaged on the way from a baseline to the input",
          .presets = {zero, mean},
          .explain = explain_by_integral};
}

}  // namespace assay::interp::attribution
