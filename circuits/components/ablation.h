#pragma once
// What a cut edge carries instead of what its writer wrote. The choice changes every measure of a
// circuit (arXiv 2407.08734), so it is always stated with the result.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "circuits/components/component_graph.h"
#include "circuits/components/counterfactuals.h"
#include "interp/network/transformer.h"

namespace assay::circuits {

enum class Ablation {
  Pair,             ///< what the writer writes on the counterfactual input of the pair
  Shuffle,          ///< what it writes on another input of the dataset
  Mean,             ///< its mean over the dataset and the positions (last block: at the readout)
  MeanPerPosition,  ///< its mean over the dataset at each position
  Zero,
};
std::string to_string(
    Ablation ablation);  ///< `pair`, `shuffle`, `mean`, `mean-per-position`, `zero`
/// @throws std::invalid_argument listing the names.
Ablation parse_ablation(const std::string& name);
std::vector<Ablation> all_ablations();

/// Per writer group, [writer, batch or 1, pos or 1, d_model].
using Outputs = std::vector<at::Tensor>;

/// Ablation values for the inputs of one dataset; what needs a pass over all of it is done once.
class Ablator {
 public:
  /// @param seed  of the shuffle, which gives no input back to itself.
  /// @throws std::invalid_argument for Pair on a dataset without pairs and for Shuffle of one
  /// input.
  Ablator(const interp::Transformer& model, const ComponentGraph& graph,
          const Counterfactuals& data, int64_t readout, Ablation ablation, uint64_t seed);

  /// For inputs first … first + count - 1.
  Outputs values(int64_t first, int64_t count) const;
  /// The inputs whose activations stand in for theirs, int64 [count, pos]; undefined where values
  /// do not come from other inputs (Mean, MeanPerPosition, Zero).
  at::Tensor replacements(int64_t first, int64_t count) const;

 private:
  const interp::Transformer& model_;
  const ComponentGraph& graph_;
  int64_t readout_;
  at::Tensor replacement_;  // int64 [n, pos]: inputs whose activations are taken; may be undefined
  Outputs constants_;       // where values do not depend on the input
};

/// Writes of an unpatched run on tokens [batch, pos].
Outputs clean_outputs(const interp::Transformer& model, const ComponentGraph& graph,
                      const at::Tensor& tokens, int64_t readout);

}  // namespace assay::circuits
