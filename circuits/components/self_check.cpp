#include "circuits/components/self_check.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "circuits/components/component_run.h"

namespace assay::circuits {
namespace {

using at::Tensor;

double largest(const Tensor& x) {
  return x.abs().max().item<double>();  // NaN where there is one
}

double larger(double a, double b) {
  return std::isnan(a) || std::isnan(b) ? a + b : std::max(a, b);
}

// Logits of the ablated network: where values come from other inputs, the network run on those;
// else the unembedding of everything that would arrive in the stream, biases of attention included.
Tensor ablated_logits(const Experiment& experiment, const Ablator& ablator, int64_t first,
                      int64_t count) {
  const interp::Transformer& model = experiment.model;
  if (const Tensor tokens = ablator.replacements(first, count); tokens.defined())
    return interp::logits_at(model, tokens, experiment.readout);
  Tensor stream = at::zeros({1, model.config().d_model});
  for (const Tensor& values : ablator.values(first, count))  // [writer, 1, pos or 1, d_model]
    stream = stream + values.select(2, values.size(2) - 1).sum(0);
  for (size_t c = 0; c < model.places().components.size(); ++c)
    if (const Tensor b = attention_bias(model, static_cast<int>(c)); b.defined())
      stream = stream + b;
  return unembedded(model, stream).expand({count, -1});
}

void require_small(double difference, double scale, const char* circuit, const char* other) {
  if (difference <= kFloatAccuracy * scale) return;
  throw std::runtime_error(fmt::format(
      "self-check: {} should answer as {}, but logits differ by up to {:.3g} (the largest logit is "
      "{:.3g}); nothing measured here can be trusted",
      circuit, other, difference, scale));
}

}  // namespace

bool changes_something(const Experiment& experiment, const PatchBatch& batch) {
  const Outputs clean =
      clean_outputs(experiment.model, experiment.graph, batch.data.clean, experiment.readout);
  for (size_t i = 0; i < clean.size(); ++i) {
    const Tensor ablated = last_positions(batch.ablated[i], clean[i].size(2));
    if (!at::equal(clean[i], ablated.expand_as(clean[i]))) return true;
  }
  return false;
}

void require_change(const std::string& ablation, const std::vector<char>& changed) {
  if (std::ranges::any_of(changed, [](char c) { return c != 0; })) return;
  throw std::invalid_argument(
      fmt::format("ablation '{}' changes nothing on these inputs: no component's output differs "
                  "from its ablation value, so no edge can have an effect",
                  ablation));
}

SelfCheck& SelfCheck::operator+=(const SelfCheck& other) {
  full = larger(full, other.full);
  empty = larger(empty, other.empty);
  scale = larger(scale, other.scale);
  inputs += other.inputs;
  return *this;
}

SelfCheck self_check(const Experiment& experiment, const Ablator& ablator, const PatchBatch& batch,
                     int64_t first, const Tensor& full, const Tensor& empty) {
  const at::NoGradGuard no_grad;
  const Tensor ablated = ablated_logits(experiment, ablator, first, batch.data.size());
  return {.full = largest(full - batch.network),
          .empty = largest(empty - ablated),
          .scale = larger(largest(batch.network), largest(ablated)),
          .inputs = batch.data.size()};
}

void require_passed(const SelfCheck& check) {
  require_small(check.full, check.scale, "the circuit of all edges", "the network");
  require_small(check.empty, check.scale, "the circuit of no edges", "the ablated network");
}

}  // namespace assay::circuits
