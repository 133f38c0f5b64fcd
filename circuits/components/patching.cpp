#include "circuits/components/patching.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/types.h>

#include <algorithm>
#include <stdexcept>
#include <string>

#include "circuits/components/component_run.h"

namespace assay::circuits {
namespace {

using at::Tensor;

/// Readers see Σ ablation value + keep · (output in this run − ablation value). The first sum is
/// the base, which is the same for every circuit; a group's outputs less their ablation values are
/// its difference.
class CircuitWiring : public Wiring {
 public:
  CircuitWiring(const Experiment& experiment, const Outputs& ablated, const Tensor& keep,
                RunMemory& memory)
      : model_(experiment.model),
        graph_(experiment.graph),
        ablated_(ablated),
        keep_(keep),
        edges_(keep.detach().cpu().contiguous()),
        memory_(memory),
        bases_(memory.bases([&] { return bases(); })),
        differences_(graph_.writer_groups().size()),
        keys_(differences_.size()),
        numbers_(differences_.size()),
        reaches_(writers_that_reach_the_logits()) {}

  bool skips(const WriterGroup& group) override {
    if (!reaches_[group.component]) return true;
    return knows(group, key_of(group));
  }

  void wrote(const WriterGroup& group, const Tensor& outputs) override {
    const int i = group.component;
    if (group.kind == Kind::Input && knows(group, "input")) return;
    differences_[i] = outputs - last_positions(ablated_[i], outputs.size(2));
    memory_.keep(keys_[i], differences_[i]);
  }

  Tensor input_of(const ReaderGroup& group) override {
    Tensor sum;
    for (size_t i = 0; i < groups_before(group); ++i) {
      if (!differences_[i].defined()) continue;  // no kept edge leads from it to anybody
      const Tensor part = kept(group, graph_.writer_groups()[i], differences_[i]);
      sum = sum.defined() ? sum + part : part;
    }
    return sum + last_positions(bases_[groups_before(group) - 1], sum.size(2));
  }

 private:
  // After each group of writers: Σ of the ablation values so far, [batch or 1, pos or 1, d_model].
  std::vector<Tensor> bases() const {
    std::vector<Tensor> bases;
    for (const WriterGroup& group : graph_.writer_groups()) {
      const Tensor sum = ablated_[group.component].sum(0);
      bases.push_back(bases.empty() ? sum : bases.back() + sum);
      if (const Tensor b = attention_bias(model_, group.component); b.defined())
        bases.back() = bases.back() + b;
    }
    return bases;
  }

  // Whatever the derivative by an edge that is cut is, it needs what comes along it.
  std::vector<char> writers_that_reach_the_logits() const {
    std::vector<char> reach(differences_.size(), keep_.requires_grad());
    for (size_t i = graph_.reader_groups().size(); i-- > 0;) {
      const ReaderGroup& readers = graph_.reader_groups()[i];
      if (static_cast<size_t>(readers.component) < reach.size() && !reach[readers.component])
        continue;
      for (size_t w = 0; w < groups_before(readers); ++w)
        if (is_linked(readers, graph_.writer_groups()[w])) reach[w] = true;
    }
    return reach;
  }

  size_t groups_before(const ReaderGroup& readers) const {
    size_t n = 0;
    const std::vector<WriterGroup>& groups = graph_.writer_groups();
    while (n < groups.size() && groups[n].first_writer < readers.n_writers) ++n;
    return n;
  }

  // Edges from writers to a reader at one row: their weights.
  const float* weights(int64_t row, const ReaderGroup& readers, int64_t reader) const {
    return edges_.data_ptr<float>() + row * graph_.columns() +
           graph_.first_edge(readers.first_reader + reader);
  }

  bool is_linked(const ReaderGroup& readers, const WriterGroup& writers) const {
    for (int64_t row = 0; row < graph_.rows(); ++row)
      for (int64_t reader = 0; reader < readers.n_readers; ++reader) {
        const float* first = weights(row, readers, reader) + writers.first_writer;
        if (std::any_of(first, first + writers.n_writers, [](float w) { return w != 0; }))
          return true;
      }
    return false;
  }

  // All that a group's outputs depend on: the edges into its readers, and the numbers of what comes
  // along those that are kept.
  std::string key_of(const WriterGroup& group) const {
    std::string key = std::to_string(group.component);
    for (const ReaderGroup& readers : graph_.reader_groups()) {
      if (readers.component != group.component) continue;
      for (int64_t row = 0; row < graph_.rows(); ++row)
        key.append(reinterpret_cast<const char*>(weights(row, readers, 0)),
                   sizeof(float) * readers.n_readers * readers.n_writers);
      for (size_t w = 0; w < groups_before(readers); ++w)
        key += is_linked(readers, graph_.writer_groups()[w]) ? std::to_string(numbers_[w]) + ','
                                                             : std::string(",");
    }
    return key;
  }

  bool knows(const WriterGroup& group, const std::string& key) {
    const RunMemory::Found found = memory_.find(key);
    keys_[group.component] = key;
    numbers_[group.component] = found.number;
    differences_[group.component] = found.value;
    return found.value.defined();
  }

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
  const Tensor edges_;  // keep on the CPU
  RunMemory& memory_;
  const std::vector<Tensor>& bases_;
  // Per group of writers: [writer, batch, pos, d_model]; undefined: reaches nobody, or not yet.
  std::vector<Tensor> differences_;
  std::vector<std::string> keys_;
  std::vector<int64_t> numbers_;
  const std::vector<char> reaches_;
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

Tensor run_circuit(const Experiment& experiment, const PatchBatch& batch, const Tensor& keep,
                   RunMemory* memory) {
  RunMemory of_this_run;
  CircuitWiring wiring(experiment, batch.ablated, keep, memory ? *memory : of_this_run);
  return run_components(experiment.model, experiment.graph, batch.input, experiment.readout,
                        wiring);
}

}  // namespace assay::circuits
