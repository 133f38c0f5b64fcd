#include "tasks/sentiment/recipe.h"

#include <fmt/format.h>

#include <stdexcept>

#include "interp/names.h"

namespace assay::tasks::sentiment {
namespace {

// Positions start alike: few texts reach the last ones, whose random beginnings would stay.
Recipe two_blocks(const Size& size) {
  Recipe recipe{.model = {.d_vocab = size.n_tokens,
                          .n_ctx = size.n_ctx,
                          .d_model = 128,
                          .d_mlp = 256,
                          .n_heads = {4, 4},
                          .d_head = {32, 32},
                          .activation = interp::Activation::Gelu,
                          .norm = interp::Norm::Pre,
                          .attention_biases = true,
                          .unembed_bias = true},
                .initialisation = {.position_scale = 0},
                .training = {}};
  recipe.model.d_output = 2;
  recipe.training.phases = {{.steps = 900, .learning_rate = 3e-3, .weight_decay = 0.3}};
  recipe.training.batch = 64;
  recipe.training.warmup = 50;
  recipe.training.beta2 = 0.999;
  recipe.training.held_out = 1024;
  recipe.training.readout = size.readout;
  return recipe;
}

}  // namespace

std::vector<Preset> presets() {
  return {{"encoder", "sees both ways and answers at a start token, as BERT does", {}},
          {"decoder", "sees what came before and answers at the last word, as GPT-2 does", {}},
          {"encoder-mean",
           "an encoder without start token: answers from the mean of all words",
           {{"bare", true}}},
          {"decoder-bare", "a decoder without start token", {{"bare", true}}}};
}

Recipe recipe(const std::string& preset, const Size& size) {
  Recipe recipe = two_blocks(size);
  if (preset == "decoder" || preset == "decoder-bare") {
    recipe.initialisation.embedding_scale = 0.5;
    return recipe;
  }
  recipe.model.causal = false;
  if (preset == "encoder") {
    recipe.model.pool = interp::Pooling::First;
  } else if (preset == "encoder-mean") {
    recipe.model.pool = interp::Pooling::Mean;
  } else {
    throw std::invalid_argument(
        fmt::format("unknown preset '{}' of sentiment; {}", preset,
                    interp::there_are(interp::names_of(presets()), preset)));
  }
  return recipe;
}

}  // namespace assay::tasks::sentiment
