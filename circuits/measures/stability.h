#pragma once
// How much of a discovered circuit is the inputs' doing: a bootstrap over the inputs.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "circuits/discovery/discovery.h"
#include "circuits/measures/evaluation.h"
#include "circuits/measures/measures.h"
#include "interp/statistics/interval.h"

namespace assay::circuits {

struct StabilityConfig {
  DiscoveryConfig discovery = {};
  int64_t edges = 0;         ///< n of the top-n circuit; no sensible default, 0 is refused
  bool is_signed = false;    ///< edges are ranked by score, else by its absolute value
  int64_t resamples = 50;    ///< bootstrap resamples of the inputs, at least 2
  double threshold = 0.8;    ///< the verdict: normalised faithfulness is at least this
  double confidence = 0.95;  ///< how much of the resamples the spread holds
  uint64_t seed = 0;
};

struct ChosenEdge {
  std::string edge;      ///< its name
  double frequency = 0;  ///< share of the resamples that chose it
};

struct Stability {
  StabilityConfig config = {};
  int64_t inputs = 0;
  at::Tensor kept;          ///< bool [rows, columns]: top n on all inputs
  at::Tensor frequency;     ///< float64 [rows, columns]: share of the resamples that chose the edge
  double jaccard = 0;       ///< mean |A∩B|/|A∪B| over pairs of resamples' circuits
  double faithfulness = 0;  ///< normalised, of `kept` on all inputs
  statistics::Interval spread = {};  ///< the middle of it over resamples, each with its own circuit
  int64_t flips = 0;                 ///< resamples whose verdict is another (or undefined)
  std::vector<ChosenEdge> chosen = {};  ///< edges that any resample chose, in the order of ids

  bool verdict() const { return faithfulness >= config.threshold; }
};

/// Each resample draws inputs with replacement, scores the edges on them, takes its own top n and
/// measures that circuit on them: the whole procedure is repeated, not its last step. Scores of all
/// inputs are held at once (see per_input_effects()); ablation values stay those of the sample.
/// @throws std::invalid_argument as per_input_effects() and top_n(), for edges < 1 or resamples
/// < 2, and for inputs whose resamples say nothing: a single one, or a list.
Stability stability(const Evaluation& evaluation, const StabilityConfig& config,
                    const Progress& on_progress = {});

/// |A∩B|/|A∪B| of two masks of one shape; 1 for two empty ones.
double jaccard(const at::Tensor& a, const at::Tensor& b);

/// Share of bootstrap resamples in which the verdict on one fixed circuit, normalised faithfulness
/// >= threshold, is another than on all inputs.
double verdict_flip_rate(const at::Tensor& circuit, const at::Tensor& network,
                         const at::Tensor& empty, double threshold, int64_t resamples,
                         uint64_t seed);

}  // namespace assay::circuits
