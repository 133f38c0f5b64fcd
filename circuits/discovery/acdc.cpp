#include "circuits/discovery/acdc.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <cmath>
#include <stdexcept>

#include "circuits/components/component_run.h"
#include "circuits/components/self_check.h"
#include "interp/execution/chunks.h"
#include "interp/execution/parallel.h"

namespace assay::circuits {
namespace {

using at::Tensor;

constexpr double kAblationMemory = 4.0 * (1 << 30);  // bytes of ablation values that are kept

void require_fits(const Experiment& experiment) {
  const interp::TransformerConfig& config = experiment.model.config();
  const double bytes = 4.0 * static_cast<double>(experiment.graph.writers().size()) *
                       static_cast<double>(experiment.data.size()) *
                       static_cast<double>((experiment.readout + 1) * config.d_model);
  if (bytes > kAblationMemory)
    throw std::invalid_argument(
        fmt::format("acdc: the activations of {} inputs take {:.1f} GiB, at most {:.0f} are kept; "
                    "use fewer inputs",
                    experiment.data.size(), bytes / (1 << 30), kAblationMemory / (1 << 30)));
}

class Acdc {
 public:
  Acdc(const Experiment& experiment, const Ablator& ablator, const Progress& on_progress)
      : experiment_(experiment),
        graph_(experiment.graph),
        on_progress_(on_progress),
        batches_(chunks_of(experiment.data).count()),
        keep_(at::ones({graph_.rows(), graph_.columns()})) {
    std::vector<char> changed(batches_.size());
    chunks_of(experiment_.data).for_each([&](const interp::Chunk& chunk) {
      PatchBatch& batch = batches_[chunk.index];
      batch = make_batch(experiment_, ablator, chunk.first, chunk.count);
      changed[chunk.index] = changes_something(experiment_, batch);
    });
    require_change(experiment_.ablation, changed);
  }

  EdgeScores operator()(double threshold) {
    EdgeScores scores{.mean = at::zeros_like(keep_, torch::kFloat64),
                      .standard_error = at::zeros_like(keep_, torch::kFloat64),
                      .kept = {},
                      .inputs = experiment_.data.size()};
    Tensor current = metric();
    int64_t done = 0;
    for (int64_t reader = static_cast<int64_t>(graph_.readers().size()) - 1; reader >= 0;
         --reader) {
      for (int64_t writer = graph_.n_writers(reader) - 1; writer >= 0; --writer) {
        for (int64_t row = 0; row < graph_.rows(); ++row) {
          const int64_t column = graph_.first_edge(reader) + writer;
          keep_[row][column] = 0;
          const Tensor without = metric();
          const Tensor change = current - without;  // [input]
          const double mean = change.mean().item<double>();
          scores.mean[row][column] = mean;
          scores.standard_error[row][column] =
              experiment_.data.has_spread()
                  ? change.std().item<double>() / std::sqrt(static_cast<double>(change.numel()))
                  : std::numeric_limits<double>::quiet_NaN();
          if (std::abs(mean) < threshold)
            current = without;
          else
            keep_[row][column] = 1;
          if (on_progress_) on_progress_(++done, graph_.n_edges());
        }
      }
    }
    scores.kept = keep_.to(torch::kBool);
    return scores;
  }

 private:
  // Of the current circuit, per input.
  Tensor metric() const {
    std::vector<Tensor> parts(batches_.size());
    interp::parallel_for(static_cast<int64_t>(batches_.size()), [&](int64_t i) {
      const at::NoGradGuard no_grad;
      const PatchBatch& batch = batches_[i];
      parts[i] = score(experiment_.metric, run_circuit(experiment_, batch, keep_), batch.network,
                       batch.data);
    });
    return at::cat(parts).to(torch::kFloat64);
  }

  const Experiment& experiment_;
  const ComponentGraph& graph_;
  const Progress& on_progress_;
  std::vector<PatchBatch> batches_;
  Tensor keep_;  // [rows, columns]
};

}  // namespace

EdgeScores acdc(const Experiment& experiment, const Ablator& ablator, double threshold,
                const Progress& on_progress) {
  require_fits(experiment);
  const at::NoGradGuard no_grad;
  return Acdc(experiment, ablator, on_progress)(threshold);
}

}  // namespace assay::circuits
