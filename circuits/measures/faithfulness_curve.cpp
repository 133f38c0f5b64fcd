#include "circuits/measures/faithfulness_curve.h"

#include <torch/types.h>

#include <cmath>
#include <limits>
#include <stdexcept>

#include "circuits/components/circuit.h"
#include "circuits/measures/measure_fields.h"
#include "interp/doubles.h"
#include "interp/names.h"
#include "interp/statistics/ranks.h"

namespace assay::circuits {
namespace {

using at::Tensor;

const interp::Names<Selection> kSelections = {{Selection::TopN, "top-n"},
                                              {Selection::Greedy, "greedy"}};

std::vector<int64_t> edges_at_shares(const ComponentGraph& graph) {
  std::vector<int64_t> edges;
  for (const double share : kShares)
    edges.push_back(static_cast<int64_t>(share * static_cast<double>(graph.n_edges())));
  return edges;
}

/// One per share.
std::vector<Tensor> circuits_of(const ComponentGraph& graph, const Tensor& scores, bool is_signed,
                                Selection selection) {
  std::vector<Tensor> circuits;
  for (const int64_t edges : edges_at_shares(graph))
    circuits.push_back(selection == Selection::TopN ? top_n(scores, edges, is_signed)
                                                    : greedy(graph, scores, edges, is_signed));
  return circuits;
}

}  // namespace

std::string to_string(Selection selection) {
  return interp::name_of(selection, kSelections);
}

Selection parse_selection(const std::string& name) {
  return interp::value_of(name, kSelections, "selection");
}

double trapezoid_area(const std::vector<double>& x, const std::vector<double>& y) {
  if (x.size() != y.size()) throw std::invalid_argument("trapezoids: unequal lengths");
  double area = 0;
  for (size_t i = 1; i < x.size(); ++i) area += (x[i] - x[i - 1]) * (y[i] + y[i - 1]) / 2;
  return area;
}

double FaithfulnessCurve::area() const {
  std::vector<double> x, y;
  for (const CurvePoint& point : points) x.push_back(point.share), y.push_back(point.faithfulness);
  return trapezoid_area(x, y);
}

double FaithfulnessCurve::area_from_one() const {
  std::vector<double> x, y;
  for (const CurvePoint& point : points)
    x.push_back(point.share), y.push_back(std::abs(1 - point.faithfulness));
  return trapezoid_area(x, y);
}

FaithfulnessCurve faithfulness_curve(const Evaluation& evaluation, const Tensor& scores,
                                     bool is_signed, Selection selection) {
  const ComponentGraph& graph = evaluation.experiment().graph;
  FaithfulnessCurve curve{.is_signed = is_signed, .selection = selection, .points = {}};
  const std::vector<int64_t> edges = edges_at_shares(graph);
  for (size_t i = 0; i < kShares.size(); ++i)
    curve.points.push_back({.share = kShares[i], .edges = edges[i]});
  const Tensor means = evaluation.metrics(circuits_of(graph, scores, is_signed, selection)).mean(1);
  const double network = evaluation.network().metric.mean().item<double>();
  const double empty = evaluation.empty().metric.mean().item<double>();
  for (size_t i = 0; i < curve.points.size(); ++i)
    curve.points[i].faithfulness = normalised(means[i].item<double>(), network, empty);
  return curve;
}

Questions questions_of_mib_scores(const ComponentGraph& graph, const Tensor& scores,
                                  Selection selection) {
  Questions questions{.in_full = {},
                      .by_metric = circuits_of(graph, scores, /*is_signed=*/true, selection)};
  add(questions,
      {.in_full = {}, .by_metric = circuits_of(graph, scores, /*is_signed=*/false, selection)});
  return questions;
}

MibScores mib_scores(const Evaluation& evaluation, const Tensor& scores, Selection selection) {
  return {.by_score = faithfulness_curve(evaluation, scores, true, selection),
          .by_importance = faithfulness_curve(evaluation, scores, false, selection)};
}

double auroc(const Tensor& scores, const Tensor& truth, bool is_signed) {
  if (scores.sizes() != truth.sizes() || truth.scalar_type() != torch::kBool)
    throw std::invalid_argument("auroc: expected a truth value per score");
  std::vector<double> values = interp::doubles_of(is_signed ? scores : scores.abs());
  for (double& value : values)
    if (std::isnan(value)) value = -std::numeric_limits<double>::infinity();
  return statistics::auroc(values, interp::flags_of(truth));
}

nlohmann::ordered_json to_json(const FaithfulnessCurve& curve) {
  return interp::write_record(curve);
}

nlohmann::ordered_json to_json(const MibScores& scores) {
  return interp::write_record(scores);
}

}  // namespace assay::circuits
