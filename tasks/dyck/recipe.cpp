#include "tasks/dyck/recipe.h"

#include <fmt/format.h>

#include <stdexcept>

namespace assay::tasks::dyck {
namespace {

// Two blocks without norms; what they write is summed over positions, so what a prefix shows can be
// counted; a head of two layers tests the counts.
interp::TransformerConfig network(int64_t length) {
  interp::TransformerConfig config{.d_vocab = kTokens, .n_ctx = length, .d_model = 32, .d_mlp = 64};
  config.n_heads = {2, 2};
  config.d_head = {16, 16};
  config.pool = interp::Pooling::Sum;
  config.head_dense = interp::Activation::Relu;
  config.d_output = 2;
  config.unembed_bias = true;
  return config;
}

}  // namespace

std::vector<Preset> presets() {
  return {{"published",
           "1,500 steps over all strings, as verified-circuits trains: every decision right",
           {{"train_fraction", 1.0}}}};
}

Recipe recipe(const std::string& preset, const Strings& strings) {
  if (preset != "published")
    throw std::invalid_argument(
        fmt::format("unknown preset '{}' of dyck; there is published", preset));
  Recipe recipe{.model = network(strings.settings().length),
                .initialisation = {.position_scale = 0.1},
                .training = {}};
  interp::TrainingConfig& training = recipe.training;
  training.phases = {{.steps = 1500, .learning_rate = 3e-3, .weight_decay = 0}};
  training.batch = 1024;
  training.warmup = 20;
  training.beta2 = 0.999;
  training.readout = 0;
  training.held_out = 1024;
  return recipe;
}

}  // namespace assay::tasks::dyck
