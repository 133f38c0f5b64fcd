#pragma once
// What a cut edge carries instead of what its writer wrote. The choice changes every measure of a
// circuit (arXiv 2407.08734), so it is always stated with the result.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "circuits/components/component_graph.h"
#include "circuits/components/counterfactuals.h"
#include "interp/network/transformer.h"
#include "interp/registry.h"

namespace assay::circuits {

/// Per writer group, [writer, batch or 1, pos or 1, d_model].
using Outputs = std::vector<at::Tensor>;

/// What ablation values are made from.
struct AblationProblem {
  const interp::Transformer& model;
  const ComponentGraph& graph;
  const Counterfactuals& data;
  int64_t readout = 0;
  uint64_t seed = 0;  ///< of what is drawn
};

/// One of the two is defined.
struct AblationValues {
  /// The inputs whose activations stand in for those of the dataset's, int64 [n, pos].
  at::Tensor replacements = {};
  Outputs constants = {};  ///< values that do not depend on the input
};

struct Ablation {
  std::string name;  ///< `mean-per-position`
  std::string help;
  /// Does once what needs a pass over the whole dataset. @throws std::invalid_argument for a
  /// dataset that it cannot serve.
  std::function<AblationValues(const AblationProblem& problem)> make;
};

/// `pair`: what the writer writes on the counterfactual input of the pair; `shuffle`: what it
/// writes on another input of the dataset; `mean`: its mean over the dataset and the positions
/// (last block: at the readout); `mean-per-position`: its mean over the dataset at each position;
/// `zero`; and what was loaded.
interp::Registry<Ablation>& ablations();

/// Ablation values for the inputs of one dataset.
class Ablator {
 public:
  /// @throws std::invalid_argument for an unknown ablation, for `pair` on a dataset without pairs,
  /// for `shuffle` of one input, and as Ablation::make.
  Ablator(const AblationProblem& problem, const std::string& ablation);

  /// For inputs first … first + count - 1.
  Outputs values(int64_t first, int64_t count) const;
  /// The inputs whose activations stand in for theirs, int64 [count, pos]; undefined where values
  /// do not come from other inputs.
  at::Tensor replacements(int64_t first, int64_t count) const;

 private:
  const interp::Transformer& model_;
  const ComponentGraph& graph_;
  int64_t readout_;
  AblationValues values_;
};

/// Writes of an unpatched run on tokens [batch, pos].
Outputs clean_outputs(const interp::Transformer& model, const ComponentGraph& graph,
                      const at::Tensor& tokens, int64_t readout);

}  // namespace assay::circuits
