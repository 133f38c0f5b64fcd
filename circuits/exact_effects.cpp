#include <torch/types.h>

#include <numeric>

#include "circuits/component_run.h"
#include "circuits/patching.h"
#include "interp/trace.h"

// Cutting an edge changes what one reader sees. Its component's new output minus its old one is
// added to the clean residual stream, and the network runs on from there (a trace started at that
// cut), with many cuts as one batch.

namespace assay::circuits {
namespace {

using at::Tensor;

constexpr int64_t kRows = 512;  // inputs of one run: enough for the matrix products, little memory

class ExactEffects {
 public:
  ExactEffects(const Experiment& experiment, const PatchBatch& batch)
      : model_(experiment.model),
        graph_(experiment.graph),
        experiment_(experiment),
        batch_(batch),
        size_(batch.data.size()),
        wiring_(experiment.model),
        effects_(at::zeros({size_, graph_.rows(), graph_.columns()})) {
    const Tensor logits = run_components(model_, graph_, batch.input, experiment.readout, wiring_);
    metric_ = score(experiment.metric, logits, batch.network, batch.data);
    for (size_t i = 0; i < wiring_.outputs().size(); ++i)
      changes_.push_back(last_positions(batch.ablated[i], wiring_.outputs()[i].size(2)) -
                         wiring_.outputs()[i]);
  }

  Tensor operator()() {
    for (size_t g = 0; g < graph_.reader_groups().size(); ++g) {
      const ReaderGroup& group = graph_.reader_groups()[g];
      for (int64_t i = 0; i < group.n_readers; ++i) cut_each_edge_into(g, i);
    }
    return effects_;
  }

 private:
  // All in-edges of one reader, at one position or (in a graph without positions) at all.
  void cut_each_edge_into(size_t g, int64_t reader) {
    const ReaderGroup& group = graph_.reader_groups()[g];
    const int64_t first = graph_.first_edge(group.first_reader + reader);
    const Tensor changes = changes_before(group);  // [writer, batch, pos, d_model]
    const int64_t per_run = std::max<int64_t>(1, kRows / size_);
    for (int64_t row = 0; row < graph_.rows(); ++row) {
      if (group.at_readout && graph_.positions() != 0 && row != graph_.rows() - 1) continue;
      const Tensor shown = graph_.positions() == 0 ? changes : only_at(changes, row);
      for (int64_t w = 0; w < group.n_writers; w += per_run) {
        const Tensor part = shown.slice(0, w, w + per_run);
        const Tensor effect = effect_of(g, reader, part);  // [cut, batch]
        effects_.select(1, row).narrow(1, first + w, effect.size(0)).copy_(effect.t());
      }
    }
  }

  Tensor changes_before(const ReaderGroup& group) const {
    std::vector<Tensor> parts;
    for (size_t i = 0; i < changes_.size(); ++i) {
      if (graph_.writer_groups()[i].first_writer >= group.n_writers) break;
      parts.push_back(group.at_readout ? last_positions(changes_[i], 1) : changes_[i]);
    }
    return at::cat(parts);
  }

  Tensor only_at(const Tensor& changes, int64_t position) const {
    if (changes.size(2) == 1) return changes;
    Tensor shown = at::zeros_like(changes);
    shown.select(2, position).copy_(changes.select(2, position));
    return shown;
  }

  // change: [cut, batch, pos, d_model], what each cut adds to what the reader sees.
  Tensor effect_of(size_t g, int64_t reader, const Tensor& change) {
    const ReaderGroup& group = graph_.reader_groups()[g];
    const Tensor seen =
        (wiring_.streams()[g] + change).flatten(0, 1);  // [cut · batch, pos, d_model]
    Tensor logits;
    if (group.layer == model_.config().n_layers())
      logits = unembedded(model_, seen.select(1, 0));
    else if (group.port == Port::Whole)
      logits = run_on(interp::Hook::ResidPost, group.layer, mlp_change(g, seen, change.size(0)));
    else
      logits = run_on(interp::Hook::ResidMid, group.layer, head_change(g, reader, seen));
    return metric_ - scores(logits, change.size(0));
  }

  // The residual stream after block `layer`'s attention or MLP: the clean one plus the change.
  Tensor run_on(interp::Hook hook, int64_t layer, const Tensor& change) const {
    const size_t mlp_readers = 4 * layer + 3;  // groups of a block: queries, keys, values, MLP
    const Tensor& mid = wiring_.streams()[mlp_readers];
    const Tensor clean =
        hook == interp::Hook::ResidMid ? mid : mid + wiring_.outputs()[2 * layer + 2][0];
    std::vector<int64_t> positions(clean.size(1));
    std::iota(positions.begin(), positions.end(), experiment_.readout + 1 - clean.size(1));
    const Tensor stream =
        (clean + change.view({-1, size_, change.size(1), change.size(2)})).flatten(0, 1);
    const interp::Site logits{.place = {interp::Hook::Logits, 0},
                              .positions = {experiment_.readout}};
    const interp::Site cut{.place = {hook, layer}, .positions = positions};
    return interp::trace(model_, {}, {.record = {logits}, .overwrite = {{cut, stream}}})[0].squeeze(
        1);
  }

  Tensor mlp_change(size_t g, const Tensor& seen, int64_t cuts) const {
    const int64_t layer = graph_.reader_groups()[g].layer;
    const Tensor clean = wiring_.outputs()[2 * layer + 2][0];
    return (mlp_output(model_, layer, seen).view({cuts, size_, -1, seen.size(2)}) - clean)
        .flatten(0, 1);
  }

  Tensor head_change(size_t g, int64_t head, const Tensor& seen) {
    const int64_t layer = graph_.reader_groups()[g].layer;
    const Port port = graph_.reader_groups()[g].port;
    const Heads one{layer, head, 1};
    const int64_t cuts = seen.size(0) / size_;
    const auto input = [&](Port wanted) {
      if (wanted == port) return projected(model_, one, port, seen.unsqueeze(0));
      return clean_projection(layer, wanted).narrow(0, head, 1).repeat({1, cuts, 1, 1});
    };
    const Tensor written = attended(model_, one, input(Port::Query), input(Port::Key),
                                    input(Port::Value))[0];  // [cut · batch, query, d_model]
    const Tensor clean = wiring_.outputs()[2 * layer + 1][head];
    return (written.view({cuts, size_, -1, seen.size(2)}) - clean).flatten(0, 1);
  }

  // Of all heads of a block, kept while its readers are visited.
  Tensor clean_projection(int64_t layer, Port port) {
    if (projections_layer_ != layer) projections_.assign(3, {});
    projections_layer_ = layer;
    Tensor& kept = projections_[static_cast<size_t>(port)];
    if (!kept.defined()) {
      const Tensor& stream = wiring_.streams()[4 * layer + static_cast<int64_t>(port)];
      kept =
          projected(model_, {layer, 0, model_.config().n_heads[layer]}, port, stream.unsqueeze(0));
    }
    return kept;
  }

  // logits [cut · batch, vocab] -> [cut, batch].
  Tensor scores(const Tensor& logits, int64_t cuts) const {
    const auto repeat = [&](const Tensor& x) { return x.repeat({cuts, 1}); };
    const Counterfactuals data{.clean = {},
                               .corrupt = {},
                               .right = repeat(batch_.data.right),
                               .wrong = repeat(batch_.data.wrong),
                               .answers = batch_.data.answers};
    return score(experiment_.metric, logits, repeat(batch_.network), data).view({cuts, size_});
  }

  const interp::Transformer& model_;
  const ComponentGraph& graph_;
  const Experiment& experiment_;
  const PatchBatch& batch_;
  const int64_t size_;
  PlainWiring wiring_;
  Tensor metric_;                // [batch]
  std::vector<Tensor> changes_;  // per writer group, ablation value minus output
  int64_t projections_layer_ = -1;
  std::vector<Tensor> projections_ = std::vector<Tensor>(3);  // [head, batch, pos, d_head]
  Tensor effects_;                                            // [batch, rows, columns]
};

}  // namespace

Tensor exact_effects(const Experiment& experiment, const PatchBatch& batch) {
  const at::NoGradGuard no_grad;
  return ExactEffects(experiment, batch)();
}

}  // namespace assay::circuits
