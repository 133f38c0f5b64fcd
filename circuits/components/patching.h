#pragma once
// Running circuits: every edge that a circuit does not keep carries an ablation value, all of them
// in one forward pass; and the effect of cutting each edge on its own.

#include <ATen/core/Tensor.h>

#include <atomic>
#include <cstdint>
#include <string>

#include "circuits/components/ablation.h"
#include "circuits/components/component_graph.h"
#include "circuits/components/metric.h"
#include "circuits/components/run_memory.h"

namespace assay::circuits {

/// What is asked of which network on which inputs.
struct Experiment {
  const interp::Transformer& model;
  const ComponentGraph& graph;
  const Counterfactuals& data;
  int64_t readout = 0;                      ///< position whose logits are the answer
  std::string metric = "logit-difference";  ///< one of metrics()
  std::string ablation = "pair";            ///< one of ablations()
  uint64_t seed = 0;                        ///< of the ablation

  Ablator ablator() const { return {{model, graph, data, readout, seed}, ablation}; }
};
/// @throws std::invalid_argument for an unknown metric or ablation, for data or a readout that do
/// not fit the model, for a graph of
///   another network, and for a graph with positions whose number is not the readout plus one.
void validate(const Experiment& experiment);

/// A batch of an experiment's inputs with everything that does not depend on the circuit.
struct PatchBatch {
  Counterfactuals data;
  at::Tensor input;    ///< what the input component writes, [batch, pos, d_model]
  at::Tensor network;  ///< logits of the network as it is, [batch, vocab]
  Outputs ablated;     ///< what cut edges carry
};
PatchBatch make_batch(const Experiment& experiment, const Ablator& ablator, int64_t first,
                      int64_t count);

/// Runs the network with each reader's input put together from its in-edges: what the writer writes
/// in this run where the edge is kept, its ablation value where it is cut, and anything between.
/// @param keep  float [rows, columns] of the graph, 1 = kept, 0 = cut; differentiable.
/// @param memory  of earlier runs on the same batch, which this one adds to; the result does not
///   depend on it. Null: there are none.
/// @return logits [batch, vocab] at the readout.
at::Tensor run_circuit(const Experiment& experiment, const PatchBatch& batch,
                       const at::Tensor& keep, RunMemory* memory = nullptr);

/// Watches a computation that takes one chunk of the inputs after the other.
struct Watch {
  interp::Progress on_progress = {};        ///< told of inputs done
  const std::atomic<bool>* stop = nullptr;  ///< once it is true, unfinished chunks are dropped
  bool is_stopped() const { return stop && *stop; }
};

/// For each edge, the metric of the network minus its metric with that edge alone cut: how much the
/// edge helps. Starts from the reader's input, reuses all that stands before it, and runs several
/// cuts at once. @return float [batch, rows, columns].
at::Tensor exact_effects(const Experiment& experiment, const PatchBatch& batch);

}  // namespace assay::circuits
