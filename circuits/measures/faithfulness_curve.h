#pragma once
// The scores of the Mechanistic Interpretability Benchmark (MIB, Mueller et al. 2025): how quickly
// circuits become faithful as more edges are taken by score, and how well scores find known edges.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "circuits/measures/evaluation.h"

namespace assay::circuits {

/// How edges are chosen by score.
enum class Selection { TopN, Greedy };
std::string to_string(Selection selection);  ///< `top-n`, `greedy`
/// @throws std::invalid_argument listing the names.
Selection parse_selection(const std::string& name);

/// Shares of the edges at which the benchmark looks.
inline const std::vector<double> kShares = {0.001, 0.002, 0.005, 0.01, 0.02,
                                            0.05,  0.1,   0.2,   0.5,  1};

struct CurvePoint {
  double share = 0;
  int64_t edges = 0;  ///< the share of all edges, rounded down as the benchmark does
  double faithfulness = 0;
};

struct FaithfulnessCurve {
  bool is_signed = true;
  Selection selection = Selection::TopN;
  std::vector<CurvePoint> points = {};
  double area() const;           ///< ∫ f, by trapezoids over the shares
  double area_from_one() const;  ///< ∫ |1 - f|, likewise
};
nlohmann::ordered_json to_json(const FaithfulnessCurve& curve);

/// @param scores  float64 [rows, columns]; NaN: not scored, taken last. @param is_signed  edges are
///   taken by score, else by its absolute value.
FaithfulnessCurve faithfulness_curve(const Evaluation& evaluation, const at::Tensor& scores,
                                     bool is_signed, Selection selection);

/// The benchmark's two numbers. Shares run from 0.001 to 1, so a circuit that is faithful
/// throughout reaches a CPR of 0.999.
struct MibScores {
  FaithfulnessCurve by_score;                     ///< signed: what helps comes first
  FaithfulnessCurve by_importance;                ///< absolute: what matters comes first
  double cpr() const { return by_score.area(); }  ///< higher is better
  double cmd() const { return by_importance.area_from_one(); }  ///< lower is better
};
MibScores mib_scores(const Evaluation& evaluation, const at::Tensor& scores, Selection selection);
/// What mib_scores() asks.
Questions questions_of_mib_scores(const ComponentGraph& graph, const at::Tensor& scores,
                                  Selection selection);
nlohmann::ordered_json to_json(const MibScores& scores);

/// Area under the polygon (x_i, y_i). @throws std::invalid_argument for unequal lengths.
double trapezoid_area(const std::vector<double>& x, const std::vector<double>& y);

/// Probability that a true edge scores above a false one, ties counting half (the area under the
/// ROC curve). Unscored edges rank below all others.
/// @param scores, truth  of one shape; truth bool. @param is_signed  as above.
/// @return NaN where there is no true or no false edge. @throws std::invalid_argument for shapes.
double auroc(const at::Tensor& scores, const at::Tensor& truth, bool is_signed);

}  // namespace assay::circuits
