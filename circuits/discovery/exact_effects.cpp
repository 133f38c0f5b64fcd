#include <torch/types.h>

#include <algorithm>
#include <numeric>

#include "circuits/components/component_run.h"
#include "circuits/components/patching.h"

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
    const int64_t cuts = change.size(0);
    if (g + 1 == graph_.reader_groups().size())
      return metric_ - scores(unembedded(model_, seen.select(1, 0)), cuts);
    const Tensor output = group.port == Port::Whole ? written(model_, group.component, seen)
                                                    : head_output(g, reader, seen);
    const Tensor clean = clean_outputs_of(group.component)[reader];
    const Tensor written_change =
        output.view({cuts, size_, -1, seen.size(2)}) - clean;  // [cut, batch, pos, d_model]
    return metric_ - scores(run_on(group.component, written_change), cuts);
  }

  size_t writers_of(int component) const {
    const auto& groups = graph_.writer_groups();
    return std::ranges::find(groups, component, &WriterGroup::component) - groups.begin();
  }
  const Tensor& clean_outputs_of(int component) const {  // [writer, batch, pos, d_model]
    return wiring_.outputs()[writers_of(component)];
  }

  // The stream behind a component once all that stand beside it have written.
  const Tensor& joined_behind(int component) const {
    const auto& groups = graph_.writer_groups();
    size_t last = writers_of(component);
    while (last + 1 < groups.size() && groups[last + 1].stage == groups[last].stage) ++last;
    return wiring_.joined()[last];
  }

  // Logits with `change` added to the stream that the component's output joins. That stream is a
  // complete cut: the network runs on from it alone.
  Tensor run_on(int component, const Tensor& change) const {
    const interp::Places& places = model_.places();
    const Tensor& clean = joined_behind(component);
    std::vector<int64_t> positions(clean.size(1));
    std::iota(positions.begin(), positions.end(), experiment_.readout + 1 - clean.size(1));
    const interp::Site cut{.place = places[places.components[component].joins].name,
                           .positions = positions};
    return model_
        .trace({}, {.record = {interp::logits_site(model_, experiment_.readout)},
                    .overwrite = {{cut, (clean + change).flatten(0, 1)}}})[0]
        .squeeze(1);
  }

  Tensor head_output(size_t g, int64_t head, const Tensor& seen) {
    const ReaderGroup& group = graph_.reader_groups()[g];
    const Heads one{group.component, head, 1};
    const int64_t cuts = seen.size(0) / size_;
    const auto input = [&](Port wanted) {
      if (wanted == group.port) return projected(model_, one, wanted, seen.unsqueeze(0));
      return clean_projection(group, wanted).narrow(0, head, 1).repeat({1, cuts, 1, 1});
    };
    return attended(model_, one, input(Port::Query), input(Port::Key),
                    input(Port::Value))[0];  // [cut · batch, query, d_model]
  }

  // Of all heads of an attention, kept while its readers are visited.
  Tensor clean_projection(const ReaderGroup& group, Port port) {
    if (projections_of_ != group.component) projections_.assign(3, {});
    projections_of_ = group.component;
    Tensor& kept = projections_[static_cast<size_t>(port)];
    if (kept.defined()) return kept;
    for (size_t g = 0; g < graph_.reader_groups().size(); ++g) {
      const ReaderGroup& other = graph_.reader_groups()[g];
      if (other.component == group.component && other.port == port)
        kept = projected(model_, {group.component, 0, group.n_readers}, port,
                         wiring_.streams()[g].unsqueeze(0));
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
  int projections_of_ = -1;      // component
  std::vector<Tensor> projections_ = std::vector<Tensor>(3);  // [head, batch, pos, d_head]
  Tensor effects_;                                            // [batch, rows, columns]
};

}  // namespace

Tensor exact_effects(const Experiment& experiment, const PatchBatch& batch) {
  const at::NoGradGuard no_grad;
  return ExactEffects(experiment, batch)();
}

}  // namespace assay::circuits
