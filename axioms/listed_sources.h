#pragma once
// Sources of an exhaustive interchange, in which every one of n inputs is every input's source. Of
// the n² pairs most things depend on the source alone: its values H_v, and, where the sites that
// are written are a complete cut, the network's decision, since nothing of the base is left behind
// it. Both are computed n times here, and looked up n² times.

#include <ATen/core/Tensor.h>

#include <vector>

#include "axioms/experiment.h"

namespace assay::axioms {

struct ListedSources {
  std::vector<circuits::Value> values = {};  ///< H_v of each step, one row per source
  /// By step, the network's decision with each source's value written at S_v (II), or with its
  /// activations where α reads (IA): int64 [n]. Undefined where a path from the tokens leads around
  /// what is written, or where that is not known, as of networks that only look as if there were
  /// none: then the base matters as well.
  std::vector<at::Tensor> by_gamma = {}, by_activations = {};
  /// By step without such decisions by activations: the activations, per site n rows; and the sites
  /// beside that make a complete cut with them, if there are some. What comes before need not be
  /// run again for every source if the base's activations are written there.
  std::vector<std::vector<at::Tensor>> read = {};
  std::vector<std::vector<interp::Site>> beside = {};
};

/// Of every step but the output, whose value is the answer and is not exchanged.
/// @param tokens  int64 [n, pos], all sources.
ListedSources list_sources(const Experiment& experiment, const at::Tensor& tokens);

}  // namespace assay::axioms
