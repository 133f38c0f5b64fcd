#include "circuits/faithfulness_curve.h"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "circuits/circuit.h"
#include "circuits/measures.h"
#include "interp/names.h"

namespace assay::circuits {
namespace {

using at::Tensor;

const interp::Names<Selection> kSelections = {{Selection::TopN, "top-n"},
                                              {Selection::Greedy, "greedy"}};

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
  std::vector<Tensor> circuits;
  for (const double share : kShares) {
    const auto edges = static_cast<int64_t>(share * static_cast<double>(graph.n_edges()));
    circuits.push_back(selection == Selection::TopN ? top_n(scores, edges, is_signed)
                                                    : greedy(graph, scores, edges, is_signed));
    curve.points.push_back({.share = share, .edges = edges});
  }
  const Tensor means = evaluation.metrics(circuits).mean(1);
  const double network = evaluation.network().metric.mean().item<double>();
  const double empty = evaluation.empty().metric.mean().item<double>();
  for (size_t i = 0; i < curve.points.size(); ++i)
    curve.points[i].faithfulness = normalised(means[i].item<double>(), network, empty);
  return curve;
}

MibScores mib_scores(const Evaluation& evaluation, const Tensor& scores, Selection selection) {
  return {.by_score = faithfulness_curve(evaluation, scores, true, selection),
          .by_importance = faithfulness_curve(evaluation, scores, false, selection)};
}

// Mann and Whitney: the mean rank of the true edges says in how many pairs they are ahead.
double auroc(const Tensor& scores, const Tensor& truth, bool is_signed) {
  if (scores.sizes() != truth.sizes() || truth.scalar_type() != torch::kBool)
    throw std::invalid_argument("auroc: expected a truth value per score");
  const Tensor values = (is_signed ? scores : scores.abs()).to(torch::kFloat64).reshape({-1});
  const Tensor ranked =
      values.masked_fill(values.isnan(), -std::numeric_limits<double>::infinity());
  const Tensor is_true = truth.reshape({-1}).contiguous();
  const double* value = ranked.data_ptr<double>();
  std::vector<size_t> order(ranked.numel());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, {}, [&](size_t i) { return value[i]; });

  double rank_sum = 0;
  for (size_t first = 0; first < order.size();) {
    size_t last = first + 1;
    while (last < order.size() && value[order[last]] == value[order[first]]) ++last;
    const double shared = static_cast<double>(first + 1 + last) / 2;  // ranks count from 1
    for (size_t i = first; i < last; ++i)
      if (is_true.data_ptr<bool>()[order[i]]) rank_sum += shared;
    first = last;
  }
  const auto n_true = is_true.sum().item<double>();
  const double n_false = static_cast<double>(order.size()) - n_true;
  return (rank_sum - n_true * (n_true + 1) / 2) / (n_true * n_false);
}

nlohmann::ordered_json to_json(const FaithfulnessCurve& curve) {
  auto points = nlohmann::ordered_json::array();
  for (const CurvePoint& point : curve.points)
    points.push_back(
        {{"share", point.share}, {"edges", point.edges}, {"faithfulness", point.faithfulness}});
  return {{"scores", curve.is_signed ? "signed" : "absolute"},
          {"selection", to_string(curve.selection)},
          {"points", points},
          {"area", curve.area()},
          {"area_from_one", curve.area_from_one()}};
}

nlohmann::ordered_json to_json(const MibScores& scores) {
  return {{"cpr", scores.cpr()},
          {"cmd", scores.cmd()},
          {"by_score", to_json(scores.by_score)},
          {"by_importance", to_json(scores.by_importance)}};
}

}  // namespace assay::circuits
