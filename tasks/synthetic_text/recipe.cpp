#include "tasks/synthetic_text/recipe.h"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

namespace assay::tasks::synthetic_text {
namespace {

// Ten words that add up are learnt by a narrow network within a minute; averages of more words need
// twice the width, and batches large enough to see through the noise of their answers.
Recipe decoder(const Language& language, int64_t layers) {
  const bool narrow = language.meaning == Meaning::Sum;
  const int64_t d_model = narrow ? 32 : 64, heads = 4;
  Recipe recipe{.model = {.d_vocab = language.positive() + 1,
                          .n_ctx = language.max_length,
                          .d_model = d_model,
                          .d_mlp = 2 * d_model,
                          .n_heads = std::vector<int64_t>(layers, heads),
                          .d_head = std::vector<int64_t>(layers, d_model / heads),
                          .activation = interp::Activation::Gelu,
                          .norm = interp::Norm::Pre,
                          .attention_biases = true},
                .initialisation = {.embedding_scale = std::sqrt(static_cast<double>(d_model))},
                .training = {}};
  recipe.training.phases = {{.steps = narrow ? 1500 : 2000}};
  recipe.training.batch = narrow ? 64 : 128;
  recipe.training.warmup = 100;
  recipe.training.beta2 = 0.999;
  recipe.training.readout = language.max_length - 1;
  return recipe;
}

}  // namespace

std::vector<Preset> presets() {
  return {{"two-layers", "a decoder of two blocks", {}},
          {"one-layer", "a decoder of one block", {}}};
}

Recipe recipe(const std::string& preset, const Language& language) {
  if (preset == "two-layers") return decoder(language, 2);
  if (preset == "one-layer") return decoder(language, 1);
  throw std::invalid_argument(fmt::format(
      "unknown preset '{}' of {}; there are two-layers, one-layer", preset, language.name));
}

}  // namespace assay::tasks::synthetic_text
