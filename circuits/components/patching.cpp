#include "circuits/components/patching.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/types.h>

#include <stdexcept>

#include "circuits/components/component_run.h"

namespace assay::circuits {
namespace {

using at::Tensor;

/// Readers see Σ ablation value + keep · (output in this run − ablation value).
class CircuitWiring : public Wiring {
 public:
  CircuitWiring(const Experiment& experiment, const Outputs& ablated, const Tensor& keep)
      : model_(experiment.model), graph_(experiment.graph), ablated_(ablated), keep_(keep) {}

  void wrote(const WriterGroup& group, const Tensor& outputs) override {
    const Tensor& ablated = ablated_[differences_.size()];
    differences_.push_back(outputs - last_positions(ablated, outputs.size(2)));
    if (base_.defined()) base_ = last_positions(base_, outputs.size(2));
    add_to_base(ablated.sum(0));
    if (const Tensor b = attention_bias(model_, group.component); b.defined()) add_to_base(b);
  }

  Tensor input_of(const ReaderGroup& group) override {
    Tensor sum;
    for (size_t i = 0; i < differences_.size(); ++i) {
      const WriterGroup& writers = graph_.writer_groups()[i];
      const Tensor part = kept(group, writers, differences_[i]);
      sum = sum.defined() ? sum + part : part;
    }
    return sum + last_positions(base_, sum.size(2));
  }

 private:
  void add_to_base(const Tensor& x) { base_ = base_.defined() ? base_ + x : x; }

  // Σ_writer keep · difference for every reader of the group: [reader, batch, pos, d_model].
  Tensor kept(const ReaderGroup& group, const WriterGroup& writers,
              const Tensor& difference) const {
    const Tensor d = group.at_readout ? last_positions(difference, 1) : difference;
    const int64_t w = d.size(0), batch = d.size(1), pos = d.size(2), width = d.size(3);
    const int64_t first = graph_.first_edge(group.first_reader);
    const Tensor rows = keep_.narrow(1, first, group.n_readers * group.n_writers)
                            .view({keep_.size(0), group.n_readers, group.n_writers})
                            .narrow(2, writers.first_writer, writers.n_writers);
    if (keep_.size(0) == 1)
      return at::matmul(rows[0], d.reshape({w, -1})).view({group.n_readers, batch, pos, width});
    const Tensor at_positions = last_positions(rows.transpose(0, 1), pos).transpose(0, 1);
    const Tensor by_position = d.permute({2, 0, 1, 3}).reshape({pos, w, batch * width});
    return at::bmm(at_positions, by_position)
        .view({pos, group.n_readers, batch, width})
        .permute({1, 2, 0, 3});
  }

  const interp::Transformer& model_;
  const ComponentGraph& graph_;
  const Outputs& ablated_;
  const Tensor& keep_;
  std::vector<Tensor> differences_;  // per writer group, [writer, batch, pos, d_model]
  Tensor base_;  // Σ of the ablation values so far, [batch or 1, pos or 1, d_model]
};

}  // namespace

void validate(const Experiment& experiment) {
  metrics().at(experiment.metric);
  ablations().at(experiment.ablation);
  const interp::TransformerConfig& config = experiment.model.config();
  validate(experiment.data, config.outputs(), config.n_ctx);
  if (experiment.graph != ComponentGraph(experiment.model.places(), experiment.graph.positions()))
    throw std::invalid_argument(
        fmt::format("circuit: it belongs to a network with heads {} per block, this one has {}",
                    experiment.graph.n_heads(), config.n_heads));
  const int64_t n_pos = experiment.data.clean.size(1);
  if (experiment.readout < 0 || experiment.readout >= n_pos)
    throw std::invalid_argument(
        fmt::format("readout: position {} is out of range [0, {})", experiment.readout, n_pos));
  if (experiment.graph.positions() != 0 && experiment.graph.positions() != experiment.readout + 1)
    throw std::invalid_argument(fmt::format("circuit: it has {} positions, the inputs have {}",
                                            experiment.graph.positions(), experiment.readout + 1));
}

PatchBatch make_batch(const Experiment& experiment, const Ablator& ablator, int64_t first,
                      int64_t count) {
  const at::NoGradGuard no_grad;
  const Counterfactuals data = experiment.data.slice(first, count);
  return {.data = data,
          .input = embedded(experiment.model, data.clean),
          .network = interp::logits_at(experiment.model, data.clean, experiment.readout),
          .ablated = ablator.values(first, count)};
}

Tensor run_circuit(const Experiment& experiment, const PatchBatch& batch, const Tensor& keep) {
  CircuitWiring wiring(experiment, batch.ablated, keep);
  return run_components(experiment.model, experiment.graph, batch.input, experiment.readout,
                        wiring);
}

}  // namespace assay::circuits
