#include "interp/network/transformer.h"

#include <ATen/CPUGeneratorImpl.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <stdexcept>
#include <string>

#include "interp/execution/blas.h"
#include "interp/network/build.h"
#include "interp/network/cut.h"

namespace assay::interp {
namespace {

// Here, because every program that has a network links this file.
[[maybe_unused]] const bool kernels_chosen = choose_blas_kernels();

using Modules = std::map<std::string, torch::nn::Module*>;  // by path, the root's is empty

// The module `blocks.0.attn`, with those that it stands in.
torch::nn::Module& module_at(Modules& modules, const std::string& path) {
  if (const auto found = modules.find(path); found != modules.end()) return *found->second;
  const size_t dot = path.rfind('.');
  torch::nn::Module& parent = module_at(modules, dot == path.npos ? "" : path.substr(0, dot));
  const std::string name = dot == path.npos ? path : path.substr(dot + 1);
  return *(modules[path] =
               parent.register_module(name, std::make_shared<torch::nn::Module>()).get());
}

at::Tensor add_parameter(Modules& modules, const Weight& weight) {
  const size_t dot = weight.name.rfind('.');
  return module_at(modules, weight.name.substr(0, dot))
      .register_parameter(weight.name.substr(dot + 1), at::zeros(weight.shape));
}

double standard_deviation(Initial initial, const TransformerConfig& config,
                          const Initialisation& initialisation) {
  const double by_model = 1 / std::sqrt(config.d_model);
  const double embedding = initialisation.embedding_scale * by_model;
  switch (initial) {
    case Initial::Embedding:
      return embedding;
    case Initial::Position:
      return initialisation.position_scale * embedding;
    case Initial::Writer:
      return initialisation.writer_scale * by_model;
    case Initial::Unembedding:
      return initialisation.writer_scale / std::sqrt(config.outputs());
    default:
      return by_model;
  }
}

}  // namespace

Transformer::Transformer(const TransformerConfig& config)
    : config_(config), places_(describe(config)) {
  Modules modules = {{"", this}};
  for (const Weight& weight : places_.weights) weights_.push_back(add_parameter(modules, weight));
}

at::Tensor Transformer::weight(std::string_view name) const {
  const auto found = std::ranges::find(places_.weights, name, &Weight::name);
  return found == places_.weights.end() ? at::Tensor() : weights_[found - places_.weights.begin()];
}

void Transformer::require_finite() const {
  for (const auto& parameter : named_parameters()) {
    if (!at::isfinite(parameter.value()).all().item<bool>()) {
      throw std::invalid_argument(parameter.key() + ": holds NaN or infinity");
    }
  }
}

Around Transformer::path_around(const std::vector<Site>& sites, const Site& decision) const {
  return interp::path_around(places_, sites, decision);
}

Found Transformer::reaches(const std::vector<Site>& sites, const Site& decision) const {
  return interp::reaches(places_, sites, decision);
}

void initialise(Transformer& model, const Initialisation& initialisation) {
  const torch::NoGradGuard no_grad;
  auto generator = at::make_generator<at::CPUGeneratorImpl>(initialisation.seed);
  const std::vector<Weight>& described = model.places().weights;
  for (size_t i = 0; i < described.size(); ++i) {
    at::Tensor weight = model.weights()[i];
    const Initial initial = described[i].initial;
    if (initial == Initial::Zero || initial == Initial::One) {
      weight.fill_(initial == Initial::One ? 1 : 0);
    } else {  // drawn on the CPU, so that a device changes no number
      const double deviation = standard_deviation(initial, model.config(), initialisation);
      weight.copy_(at::normal(0.0, deviation, weight.sizes(), generator));
    }
  }
}

}  // namespace assay::interp
