#include "circuits/components/ablation.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <stdexcept>

#include "circuits/components/component_run.h"
#include "interp/execution/chunks.h"
#include "interp/names.h"
#include "interp/statistics/random.h"

namespace assay::circuits {
namespace {

using at::Tensor;

const interp::Names<Ablation> kAblations = {{Ablation::Pair, "pair"},
                                            {Ablation::Shuffle, "shuffle"},
                                            {Ablation::Mean, "mean"},
                                            {Ablation::MeanPerPosition, "mean-per-position"},
                                            {Ablation::Zero, "zero"}};

// A cyclic order drawn at random: everybody's successor is somebody else.
Tensor successors(int64_t n, uint64_t seed) {
  std::vector<int64_t> order(n), next(n);
  for (int64_t i = 0; i < n; ++i) order[i] = i;
  statistics::Engine engine(seed);
  for (int64_t i = n - 1; i > 0; --i)
    std::swap(order[i], order[statistics::draw_below(engine, i + 1)]);
  for (int64_t i = 0; i < n; ++i) next[order[i]] = order[(i + 1) % n];
  return torch::tensor(next, torch::kInt64);
}

Outputs mean_outputs(const interp::Transformer& model, const ComponentGraph& graph,
                     const Tensor& tokens, int64_t readout) {
  Outputs sums;
  interp::Chunks(tokens.size(0), interp::kInputsPerComponentRun).in_turn([&](auto& chunk) {
    const Outputs part =
        clean_outputs(model, graph, tokens.narrow(0, chunk.first, chunk.count), readout);
    for (size_t i = 0; i < part.size(); ++i) {
      const Tensor sum = part[i].sum(1, /*keepdim=*/true, torch::kFloat64);
      if (chunk.first == 0)
        sums.push_back(sum);
      else
        sums[i] += sum;
    }
  });
  for (Tensor& sum : sums) sum = (sum / tokens.size(0)).to(torch::kFloat32);
  return sums;
}

}  // namespace

std::string to_string(Ablation ablation) {
  return interp::name_of(ablation, kAblations);
}

Ablation parse_ablation(const std::string& name) {
  return interp::value_of(name, kAblations, "ablation");
}

std::vector<Ablation> all_ablations() {
  std::vector<Ablation> all;
  for (const auto& [value, name] : kAblations) all.push_back(value);
  return all;
}

Outputs clean_outputs(const interp::Transformer& model, const ComponentGraph& graph,
                      const Tensor& tokens, int64_t readout) {
  const at::NoGradGuard no_grad;
  PlainWiring wiring(model);
  run_components(model, graph, embedded(model, tokens), readout, wiring);
  return wiring.outputs();
}

Ablator::Ablator(const interp::Transformer& model, const ComponentGraph& graph,
                 const Counterfactuals& data, int64_t readout, Ablation ablation, uint64_t seed)
    : model_(model), graph_(graph), readout_(readout) {
  switch (ablation) {
    case Ablation::Pair:
      if (!data.corrupt.defined())
        throw std::invalid_argument(
            "ablation 'pair': these inputs have no counterfactual partners; take another ablation");
      replacement_ = data.corrupt;
      break;
    case Ablation::Shuffle:
      if (data.size() < 2)
        throw std::invalid_argument("ablation 'shuffle': expected at least two inputs");
      replacement_ = data.clean.index_select(0, successors(data.size(), seed));
      break;
    case Ablation::Mean:
    case Ablation::MeanPerPosition:
      constants_ = mean_outputs(model, graph, data.clean, readout);
      if (ablation == Ablation::Mean)
        for (Tensor& mean : constants_) mean = mean.mean(2, /*keepdim=*/true);
      break;
    case Ablation::Zero:
      for (const WriterGroup& group : graph.writer_groups())
        constants_.push_back(at::zeros({group.n_writers, 1, 1, model.config().d_model},
                                       model.W_E().options().requires_grad(false)));
      break;
  }
}

Outputs Ablator::values(int64_t first, int64_t count) const {
  if (!replacement_.defined()) return constants_;
  return clean_outputs(model_, graph_, replacements(first, count), readout_);
}

Tensor Ablator::replacements(int64_t first, int64_t count) const {
  return replacement_.defined() ? replacement_.narrow(0, first, count) : replacement_;
}

}  // namespace assay::circuits
