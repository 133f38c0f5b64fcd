#pragma once
// How much each edge matters: ways to score them.

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <vector>

#include "circuits/components/patching.h"
#include "interp/registry.h"

namespace assay::circuits {

/// The effects of cutting each edge on one batch of inputs, float [batch, rows, columns].
using Effects = std::function<at::Tensor(const PatchBatch& batch)>;

struct EdgeScores;

/// A way to score edges: either input by input, or on all inputs at once.
struct Discoverer {
  std::string name;  ///< `eap-ig`
  std::string help;
  std::vector<interp::Option> options = {};
  /// @param options  complete. @throws std::invalid_argument for values out of range.
  std::function<Effects(const Experiment& experiment, const interp::OptionValues& options)>
      effects = {};
  std::function<EdgeScores(const Experiment& experiment, const interp::OptionValues& options,
                           const interp::Progress& on_progress)>
      on_all = {};
};

/// `exact`: cut each edge on its own; the reference for the others. `eap`: edge attribution
/// patching (Syed et al. 2023), first order in what the reader sees. `eap-ig` {steps}: the same,
/// gradients averaged on the way from ablated to clean input (Hanna et al. 2024), at the points of
/// their formula: IgPoints::Right. `eap-ig-left` {steps}: at the points of their repository since
/// April 2025: IgPoints::Left. `acdc` {threshold}: cut edges for good, from the output backwards,
/// where that costs less than a threshold, in the metric's units. `largest`: as `exact`, but the
/// largest effect on any input instead of the mean; on a list of all inputs it tells which edges
/// matter at all. And what was loaded.
interp::Registry<Discoverer>& discoverers();

struct DiscoveryConfig {
  std::string method = "eap-ig";      ///< one of discoverers()
  interp::OptionValues options = {};  ///< of it
};

/// Per edge of the graph, float64 [rows, columns]. A score says by how much the metric falls, on
/// average over the inputs, when the edge is cut (to first order for the gradient methods):
/// positive edges help. This is Syed et al.'s score with minus the metric as the loss.
struct EdgeScores {
  at::Tensor mean;
  at::Tensor standard_error;  ///< of the mean over inputs; NaN: Counterfactuals::has_spread()
  at::Tensor kept;  ///< bool; the circuit that the method itself decides on (acdc), else undefined
  int64_t inputs = 0;
};

using interp::Progress;

/// What scores are made of: sums over the inputs of each chunk (chunks_of()), float64 [rows,
/// columns]. Whoever adds up all chunks, in their order, has the same bits, however the chunks were
/// shared out.
struct ChunkSums {
  at::Tensor sum;        ///< of the effects
  at::Tensor square;     ///< of their squares
  bool changed = false;  ///< whether the ablation changed any component's output
};

/// Of these chunks, in any order. Ablation values are those of all inputs.
/// @param use  takes the sums of a chunk, from several threads but one at a time.
/// @throws std::invalid_argument as score_edges(), and for methods that decide on all inputs at
/// once.
void sum_chunks(const Experiment& experiment, const DiscoveryConfig& config,
                const std::vector<int64_t>& chunks,
                const std::function<void(int64_t chunk, ChunkSums sums)>& use,
                const Watch& watch = {});
/// @param chunks  all of a dataset's. @param inputs  how many it has. @param has_spread
///   Counterfactuals::has_spread(). @param ablation  for messages.
/// @throws std::invalid_argument if the ablation changed nothing at all.
EdgeScores scores_of(const std::vector<ChunkSums>& chunks, int64_t inputs, bool has_spread,
                     const std::string& ablation);

/// @throws std::invalid_argument as validate(experiment), for an unknown method or option and
/// values
///   out of range, and if the ablation changes nothing at all: then no edge can have an effect and
///   scores would mean nothing.
EdgeScores score_edges(const Experiment& experiment, const DiscoveryConfig& config,
                       const Progress& on_progress = {});

/// The scores of every input, of which EdgeScores::mean is the mean: what a bootstrap resamples.
/// @return float32 [n, rows, columns].
/// @throws std::invalid_argument as score_edges(), for methods that decide on all inputs at once,
/// and
///   if they do not fit into 4 GiB.
at::Tensor per_input_effects(const Experiment& experiment, const DiscoveryConfig& config,
                             const Progress& on_progress = {});

// --- the methods on one batch, float [batch, rows, columns]

/// (output − ablation value) · gradient of the metric with respect to what the reader sees.
at::Tensor eap_effects(const Experiment& experiment, const PatchBatch& batch);

/// Points of the sum that stands for the integral, in steps of 1/steps from the ablated input (0)
/// to the clean one (1).
enum class IgPoints {
  Right,  ///< 1 … steps: the clean input is among them. The formula of Hanna et al. 2024
  Left,   ///< 0 … steps - 1: the ablated input is. Their repository since April 2025
};
/// Inputs on the way are embeddings: ablated + k/steps (clean − ablated).
at::Tensor eap_ig_effects(const Experiment& experiment, const PatchBatch& batch, int64_t steps,
                          IgPoints points = IgPoints::Right);

}  // namespace assay::circuits
