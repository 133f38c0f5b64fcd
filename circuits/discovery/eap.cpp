#include <torch/autograd.h>
#include <torch/types.h>

#include "circuits/components/component_run.h"
#include "circuits/discovery/discovery.h"

namespace assay::circuits {
namespace {

using at::Tensor;

/// The network as it is, with each reader's view of the stream kept as a variable of its own.
class ViewsWiring : public Wiring {
 public:
  explicit ViewsWiring(const interp::Transformer& model) : plain_(model) {}

  Tensor input_of(const ReaderGroup& group) override {
    const Tensor stream = plain_.input_of(group);
    views_.push_back(stream.expand({group.n_readers, -1, -1, -1}));
    return views_.back();
  }
  void wrote(const WriterGroup& group, const Tensor& outputs) override {
    plain_.wrote(group, outputs);
  }

  const std::vector<Tensor>& views() const { return views_; }  // [reader, batch, pos, d_model]
  const std::vector<Tensor>& outputs() const { return plain_.outputs(); }

 private:
  PlainWiring plain_;
  std::vector<Tensor> views_;
};

struct Gradients {
  Outputs outputs;  // of this run
  std::vector<Tensor>
      of_views;  // d metric / d view per reader group, [reader, batch, pos, d_model]
};

Gradients gradients_at(const Experiment& experiment, const PatchBatch& batch, const Tensor& input) {
  const at::AutoGradMode with_gradients(true);
  ViewsWiring wiring(experiment.model);
  const Tensor variable = input.detach().requires_grad_(true);
  const Tensor logits =
      run_components(experiment.model, experiment.graph, variable, experiment.readout, wiring);
  const Tensor metric = score(experiment.metric, logits, batch.network, batch.data).sum();
  Gradients gradients;
  // No input but through the metric's own inputs: Accuracy has no gradient, zeros are its answer.
  if (metric.requires_grad())
    gradients.of_views = torch::autograd::grad({metric}, wiring.views());
  else
    for (const Tensor& view : wiring.views()) gradients.of_views.push_back(at::zeros_like(view));
  for (const Tensor& outputs : wiring.outputs()) gradients.outputs.push_back(outputs.detach());
  return gradients;
}

Outputs outputs_at(const Experiment& experiment, const Tensor& input) {
  const at::NoGradGuard no_grad;
  PlainWiring wiring(experiment.model);
  run_components(experiment.model, experiment.graph, input, experiment.readout, wiring);
  return wiring.outputs();
}

// Σ over d_model (and positions, in a graph without them) of gradient · change, for all pairs of a
// reader of the group and a writer before it: [batch, row, reader, writer].
Tensor dot(const Tensor& gradient, const Tensor& change, bool by_position) {
  const Tensor g = by_position ? gradient.permute({1, 2, 0, 3})  // [batch, pos, reader, d]
                               : gradient.transpose(0, 1).flatten(2).unsqueeze(1);
  const Tensor c =
      by_position ? change.permute({1, 2, 0, 3}) : change.transpose(0, 1).flatten(2).unsqueeze(1);
  return at::matmul(g, c.transpose(2, 3));
}

Tensor effects(const Experiment& experiment, const Outputs& clean, const Outputs& ablated,
               const std::vector<Tensor>& gradients) {
  const ComponentGraph& graph = experiment.graph;
  const int64_t batch = clean[0].size(1);
  const bool by_position = graph.positions() != 0;
  Tensor effects = at::zeros({batch, graph.rows(), graph.columns()}, clean[0].options());
  for (size_t g = 0; g < gradients.size(); ++g) {
    const ReaderGroup& readers = graph.reader_groups()[g];
    const Tensor& gradient = gradients[g];
    const int64_t rows = by_position ? gradient.size(2) : 1;
    Tensor block = effects.slice(1, graph.rows() - rows)
                       .narrow(2, graph.first_edge(readers.first_reader),
                               readers.n_readers * readers.n_writers)
                       .view({batch, rows, readers.n_readers, readers.n_writers});
    for (size_t w = 0; w < clean.size(); ++w) {
      const WriterGroup& writers = graph.writer_groups()[w];
      if (writers.first_writer >= readers.n_writers) break;
      const Tensor change = clean[w] - last_positions(ablated[w], clean[w].size(2));
      block.narrow(3, writers.first_writer, writers.n_writers)
          .copy_(dot(gradient, last_positions(change, gradient.size(2)), by_position));
    }
  }
  return effects;
}

}  // namespace

Tensor eap_effects(const Experiment& experiment, const PatchBatch& batch) {
  const Gradients clean = gradients_at(experiment, batch, batch.input);
  return effects(experiment, clean.outputs, batch.ablated, clean.of_views);
}

Tensor eap_ig_effects(const Experiment& experiment, const PatchBatch& batch, int64_t steps,
                      IgPoints points) {
  const Tensor clean_input = batch.input.narrow(1, 0, experiment.readout + 1);
  const Tensor from = batch.ablated[0][0];
  std::vector<Tensor> sums;
  const int64_t first = points == IgPoints::Right ? 1 : 0;
  for (int64_t k = first; k < first + steps; ++k) {
    const double share = static_cast<double>(k) / static_cast<double>(steps);
    const Gradients at_point = gradients_at(experiment, batch, from + (clean_input - from) * share);
    for (size_t g = 0; g < at_point.of_views.size(); ++g) {
      if (k == first)
        sums.push_back(at_point.of_views[g]);
      else
        sums[g] = sums[g] + at_point.of_views[g];
    }
  }
  return effects(experiment, outputs_at(experiment, clean_input), batch.ablated, sums) / steps;
}

}  // namespace assay::circuits
