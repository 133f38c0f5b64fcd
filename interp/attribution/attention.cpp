#include "interp/attribution/attention.h"

#include <torch/types.h>

#include <stdexcept>
#include <vector>

#include "interp/attribution/embedded_input.h"
#include "interp/names.h"
#include "interp/network/network.h"

namespace assay::interp::attribution {
namespace {

using at::Tensor;

const Names<AttentionReading> kAttentionReadings = {{AttentionReading::Mean, "mean"},
                                                    {AttentionReading::Last, "last"},
                                                    {AttentionReading::Rollout, "rollout"}};

/// Of each layer, mean over heads: float64 [pos, key].
std::vector<Tensor> attention_maps(const Network& model, const Tensor& tokens) {
  const at::NoGradGuard no_grad;
  TraceRequest request;
  for (const Place& place : model.places().all)
    if (place.by == Primitive::Softmax) request.record.push_back({.place = place.name});
  if (request.record.empty())
    throw std::invalid_argument(
        "attention: of this network no place is known to be an attention pattern");
  std::vector<Tensor> maps;
  for (const Tensor& pattern : model.trace(tokens, request))
    maps.push_back(pattern[0].mean(0, false, torch::kFloat64));
  return maps;
}

/// Of an attention map: what is looked at from where the answer is read, float64 [key].
Tensor read_out(const Network& model, const Tensor& map) {
  for (const Place& place : model.places().all)
    if (place.by == Primitive::Pool)
      return std::get<PoolForm>(place.form).pooling == Pooling::First ? map[0] : map.mean(0);
  return map[-1];
}

Tensor rollout(const std::vector<Tensor>& maps) {
  const Tensor identity = at::eye(maps[0].size(0), torch::kFloat64);
  Tensor product = identity;
  for (const Tensor& map : maps) product = at::matmul((map + identity) / 2, product);
  return product;
}

Explanation explain_by_attention(const Problem& problem, const std::string& preset) {
  const AttentionReading reading = value_of(preset, kAttentionReadings, "preset");
  const EmbeddedInput input(problem);
  const Tensor scores = input.summed(attention_weights(*problem.network, input.tokens(), reading));
  return {
      .scores = scores, .diagnostics = {{"context", 1 - scores.sum().item<double>()}}, .rows = 1};
}

}  // namespace

Tensor attention_weights(const Network& model, const Tensor& tokens, AttentionReading reading) {
  const std::vector<Tensor> maps = attention_maps(model, tokens);
  switch (reading) {
    case AttentionReading::Mean:
      return read_out(model, at::stack(maps).mean(0));
    case AttentionReading::Last:
      return read_out(model, maps.back());
    case AttentionReading::Rollout:
      return read_out(model, rollout(maps));
  }
  return {};
}

Method attention_method() {
  const auto preset = [](AttentionReading reading, const char* help) {
    return Preset{
        .name = name_of(reading, kAttentionReadings), .help = help, .takes = Takes::LooksInside};
  };
  return {
      .name = "attention",
      .help = "attention weights of the position that answers",
      .presets = {preset(AttentionReading::Mean, "over heads and layers"),
                  preset(AttentionReading::Last, "last layer, mean over heads"),
                  preset(AttentionReading::Rollout, "product over layers, half of it passed by")},
      .explain = explain_by_attention};
}

}  // namespace assay::interp::attribution
