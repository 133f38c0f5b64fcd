#include "circuits/components/ablation.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <stdexcept>

#include "circuits/components/component_run.h"
#include "interp/execution/chunks.h"
#include "interp/statistics/random.h"

namespace assay::circuits {
namespace {

using at::Tensor;

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

AblationValues pair(const AblationProblem& problem) {
  if (!problem.data.corrupt.defined())
    throw std::invalid_argument(
        "ablation 'pair': these inputs have no counterfactual partners; take another ablation");
  return {.replacements = problem.data.corrupt};
}

AblationValues shuffle(const AblationProblem& problem) {
  const Counterfactuals& data = problem.data;
  if (data.size() < 2)
    throw std::invalid_argument("ablation 'shuffle': expected at least two inputs");
  return {.replacements = data.clean.index_select(0, successors(data.size(), problem.seed))};
}

AblationValues mean_per_position(const AblationProblem& problem) {
  return {.constants =
              mean_outputs(problem.model, problem.graph, problem.data.clean, problem.readout)};
}

AblationValues mean(const AblationProblem& problem) {
  AblationValues values = mean_per_position(problem);
  for (Tensor& mean : values.constants) mean = mean.mean(2, /*keepdim=*/true);
  return values;
}

AblationValues zero(const AblationProblem& problem) {
  const interp::Transformer& model = problem.model;
  AblationValues values;
  for (const WriterGroup& group : problem.graph.writer_groups())
    values.constants.push_back(at::zeros({group.n_writers, 1, 1, model.config().d_model},
                                         model.W_E().options().requires_grad(false)));
  return values;
}

}  // namespace

interp::Registry<Ablation>& ablations() {
  static interp::Registry<Ablation> all(
      "ablation",
      {{"pair", "what is written on the counterfactual partner", pair},
       {"shuffle", "what is written on another input of the dataset", shuffle},
       {"mean", "the mean over the dataset and the positions", mean},
       {"mean-per-position", "the mean over the dataset at each position", mean_per_position},
       {"zero", "nothing", zero}});
  return all;
}

Outputs clean_outputs(const interp::Transformer& model, const ComponentGraph& graph,
                      const Tensor& tokens, int64_t readout) {
  const at::NoGradGuard no_grad;
  PlainWiring wiring(model);
  run_components(model, graph, embedded(model, tokens), readout, wiring);
  return wiring.outputs();
}

Ablator::Ablator(const AblationProblem& problem, const std::string& ablation)
    : model_(problem.model),
      graph_(problem.graph),
      readout_(problem.readout),
      values_(ablations().at(ablation).make(problem)) {}

Outputs Ablator::values(int64_t first, int64_t count) const {
  if (!values_.replacements.defined()) return values_.constants;
  return clean_outputs(model_, graph_, replacements(first, count), readout_);
}

Tensor Ablator::replacements(int64_t first, int64_t count) const {
  return values_.replacements.defined() ? values_.replacements.narrow(0, first, count)
                                        : values_.replacements;
}

}  // namespace assay::circuits
