#include "tasks/synthetic_text/recipe.h"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

namespace assay::tasks::synthetic_text {
namespace {

// Positions start alike. Few texts reach the last ones, whose random beginnings would stay and make
// answers depend on where a text ends.
Recipe decoder(const Language& language, int64_t layers, int64_t d_model) {
  constexpr int64_t kHeads = 4;
  Recipe recipe{.model = {.d_vocab = language.positive() + 1,
                          .n_ctx = language.max_length,
                          .d_model = d_model,
                          .d_mlp = 2 * d_model,
                          .n_heads = std::vector<int64_t>(layers, kHeads),
                          .d_head = std::vector<int64_t>(layers, d_model / kHeads),
                          .activation = interp::Activation::Gelu,
                          .norm = interp::Norm::Pre,
                          .attention_biases = true},
                .initialisation = {.position_scale = 0},
                .training = {}};
  recipe.training.warmup = 100;
  recipe.training.beta2 = 0.999;
  recipe.training.readout = language.max_length - 1;
  return recipe;
}

// Ten words that add up are learnt by a narrow network within a minute.
Recipe for_sums(const Language& language, int64_t layers) {
  Recipe recipe = decoder(language, layers, 32);
  recipe.initialisation.embedding_scale = std::sqrt(32.0);
  recipe.training.phases = {{.steps = 1500}};
  recipe.training.batch = 64;
  return recipe;
}

// Averages are small beside the noise of the answers, and words of little importance show in the
// shortest texts alone. So the network starts near the function 0, with nothing to unlearn, takes
// large steps, and sees many texts in each.
Recipe for_averages(const Language& language, int64_t layers) {
  Recipe recipe = decoder(language, layers, 64);
  recipe.initialisation.embedding_scale = 2.4;
  recipe.initialisation.writer_scale = 0.1;
  recipe.training.phases = {{.steps = 2000, .learning_rate = 3e-3, .weight_decay = 0.1}};
  recipe.training.batch = 256;
  return recipe;
}

Recipe of_depth(const Language& language, int64_t layers) {
  return language.meaning == Meaning::Sum ? for_sums(language, layers)
                                          : for_averages(language, layers);
}

}  // namespace

std::vector<Preset> presets() {
  return {{"two-layers", "a decoder of two blocks", {}},
          {"one-layer", "a decoder of one block", {}}};
}

Recipe recipe(const std::string& preset, const Language& language) {
  if (preset == "two-layers") return of_depth(language, 2);
  if (preset == "one-layer") return of_depth(language, 1);
  throw std::invalid_argument(fmt::format(
      "unknown preset '{}' of {}; there are two-layers, one-layer", preset, language.name));
}

}  // namespace assay::tasks::synthetic_text
