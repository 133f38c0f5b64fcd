#pragma once
// How well a circuit stands in for its network.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <nlohmann/json.hpp>

#include "circuits/measures/evaluation.h"
#include "interp/statistics/interval.h"

namespace assay::circuits {

/// Where the inputs are a list (Counterfactuals::is_sample), there are no intervals: figures are
/// exact for it.
struct MeasureConfig {
  double confidence = 0.95;  ///< of every interval
  int64_t resamples = 1000;  ///< of the bootstrap over inputs
  uint64_t seed = 0;         ///< of the bootstrap
};

/// (circuit - empty)/(network - empty): 1 where the circuit does what the network does, 0 where it
/// does what is left without any edge. NaN where those two are equal.
double normalised(double circuit, double network, double empty);

/// Normalised faithfulness of the means over the inputs (Wang et al. 2022; Mueller et al. 2025).
struct Faithfulness {
  double network = 0, circuit = 0, empty = 0;  ///< mean metric m(M), m(C), m(∅)
  double normalised = 0;
  statistics::Interval interval = statistics::kNoInterval;  ///< ratio_interval() over inputs
};

/// Inputs on which something holds.
struct Rate {
  int64_t hits = 0, n = 0;
  statistics::Interval interval = statistics::kNoInterval;  ///< exact (Clopper-Pearson)
  double value() const { return static_cast<double>(hits) / static_cast<double>(n); }
};

struct Measures {
  std::string metric = "logit-difference";
  std::string ablation = "pair";
  int64_t inputs = 0, edges = 0, of_edges = 0;
  double confidence = 0.95;
  bool is_sample = true;  ///< else the inputs are a list
  SelfCheck self_check = {};
  Faithfulness faithfulness = {};
  /// Inputs on which the circuit decides as the network does, one by one, so that errors cannot
  /// cancel; and, to compare with, on which the fully ablated network does.
  Rate agreement = {}, empty_agreement = {};
  Rate network_right = {}, circuit_right = {};  ///< inputs whose decision is a right answer
  Answers circuit = {};                         ///< per input; the network's are the evaluation's
};
nlohmann::ordered_json to_json(const Faithfulness& faithfulness);
nlohmann::ordered_json to_json(const Rate& rate);
nlohmann::ordered_json to_json(const Measures& measures);  ///< without what is said per input

/// @param kept  bool [rows, columns].
/// @throws std::invalid_argument for a mask of another shape, resamples < 0 or a confidence outside
///   (0, 1).
Measures measure(const Evaluation& evaluation, const at::Tensor& kept,
                 const MeasureConfig& config = {});

/// What measure() asks.
Questions questions_of_measure(const at::Tensor& kept);

/// Faithfulness from the metric of each input, independent draws. float64 [n] each.
Faithfulness faithfulness(const at::Tensor& circuit, const at::Tensor& network,
                          const at::Tensor& empty, const MeasureConfig& config);

}  // namespace assay::circuits
