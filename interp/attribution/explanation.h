#pragma once
// What an explainer answers: a score per feature, and what it took to get it.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

namespace assay::interp::attribution {

struct Explanation {
  std::string method = {};  ///< with its preset, as the command line names it: `reagent:inseq`
  at::Tensor scores = {};   ///< float64 [features]: how much each speaks for the target
  at::Tensor standard_errors = {};  ///< float64 [features]; undefined where the method has none
  /// Other readings of the same run, float64 [features] each: SLALOM's `value` and `importance`,
  /// ReAGent's `raw`.
  std::map<std::string, at::Tensor> readings = {};
  /// Of the run: fit, convergence, what was clamped or refused.
  nlohmann::ordered_json diagnostics = {};
  /// What must be known before the scores are believed, in words: a run that did not converge.
  std::string caveat = {};  ///< empty: nothing
  int64_t rows = 0;         ///< of the network, forward
  double seconds = 0;       ///< by the clock
};

}  // namespace assay::interp::attribution
