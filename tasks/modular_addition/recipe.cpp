#include "tasks/modular_addition/recipe.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace assay::tasks::modular_addition {
namespace {

// arXiv 2301.05217: every training pair in every step, a constant learning rate, no clipping.
Recipe paper(const Pairs& pairs) {
  Recipe recipe{.model = {.d_vocab = pairs.settings().p + 1,
                          .n_ctx = kContext,
                          .n_heads = {4},
                          .d_head = {32}},
                .initialisation = {},
                .training = {}};
  interp::TrainingConfig& training = recipe.training;
  training.phases = {{.steps = 40000, .final_learning_rate = 1e-3, .weight_decay = 1.0}};
  training.batch = static_cast<int64_t>(pairs.of(Part::Train).size());
  training.warmup = 10;
  training.gradient_clip = std::numeric_limits<double>::infinity();
  training.readout = kReadout;
  training.held_out = static_cast<int64_t>(pairs.of(Part::Derive).size());
  return recipe;
}

// Small batches: as many steps of weight decay as possible for the arithmetic. It generalises
// within a tenth of the steps; the others clear away the frequencies that nothing needs. At a
// constant rate the network jumps out of the solution and back now and then, so the last phase ends
// at rest.
Recipe quick(Recipe recipe) {
  recipe.training.phases = {{.steps = 12000, .final_learning_rate = 1e-3, .weight_decay = 1.0},
                            {.steps = 4000, .weight_decay = 1.0}};
  recipe.training.batch = std::min<int64_t>(512, recipe.training.batch);
  return recipe;
}

// Nothing makes the network give up what it learnt by heart.
Recipe memorise(Recipe recipe) {
  recipe.training.phases = {{.steps = 2000, .weight_decay = 0}};
  recipe.training.batch = std::min<int64_t>(512, recipe.training.batch);
  return recipe;
}

}  // namespace

std::vector<Preset> presets() {
  return {
      {"quick",
       "half of the pairs, small batches: a sparse Fourier circuit in minutes",
       {{"train_fraction", 0.5}}},
      {"paper", "the recipe of arXiv 2301.05217: all training pairs in each of 40,000 steps", {}},
      {"memorise", "no weight decay: right on the pairs trained on, and hardly elsewhere", {}}};
}

Recipe recipe(const std::string& preset, const Pairs& pairs) {
  const Recipe base = paper(pairs);
  if (preset == "quick") return quick(base);
  if (preset == "paper") return base;
  if (preset == "memorise") return memorise(base);
  throw std::invalid_argument(fmt::format(
      "unknown preset '{}' of modular-addition; there are quick, paper, memorise", preset));
}

}  // namespace assay::tasks::modular_addition
