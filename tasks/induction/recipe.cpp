#include "tasks/induction/recipe.h"

#include <fmt/format.h>

#include <stdexcept>

namespace assay::tasks::induction {

std::vector<Preset> presets() {
  return {{"two-heads", "3,000 steps of 256 rows: two blocks of one head, nothing else", {}}};
}

// Two heads and nothing else, the smallest network that can do induction: no MLP, no norm. The
// published networks are trained on w sep w of many lengths, with an answer at every position.
// Rows of one length have their answer in one place unless the second half is in another order, so
// here it is the order that makes the network look.
Recipe recipe(const std::string& preset, const Rows& rows) {
  if (preset != presets().front().name)
    throw std::invalid_argument(
        fmt::format("unknown preset '{}' of induction; there is two-heads", preset));
  interp::TransformerConfig network{
      .d_vocab = rows.tokens(), .n_ctx = kRow, .d_model = 64, .d_mlp = 0};
  network.n_heads = {1, 1};
  network.d_head = {32, 32};
  interp::TrainingConfig training;
  training.phases = {{.steps = 3000, .learning_rate = 3e-3, .weight_decay = 0.01}};
  training.batch = 256;
  training.warmup = 100;
  training.readout = kRow - 1;
  training.held_out = 2048;
  return {.model = network, .initialisation = {}, .training = training};
}

}  // namespace assay::tasks::induction
