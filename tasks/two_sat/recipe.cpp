#include "tasks/two_sat/recipe.h"

#include <fmt/format.h>

#include <limits>
#include <stdexcept>

#include "tasks/two_sat/tokens.h"

namespace assay::tasks::two_sat {
namespace {

using interp::Phase;

Recipe start(int64_t variables, int64_t clauses) {
  Recipe recipe{.model = {.d_vocab = Tokens{variables}.d_vocab(), .n_ctx = n_ctx(clauses)},
                // Larger embeddings and smaller writers leave the plateau at 74% (what can be told
                // without relating clauses to each other) within the first thousand steps.
                .initialisation = {.embedding_scale = 5, .writer_scale = 0.5},
                .training = {}};
  recipe.training.readout = recipe.model.n_ctx - 1;
  return recipe;
}

// Learn first, prune after: while it learns, the network splits groups of assignments one variable
// at a time, and needs several neurons per group to do so. Then the strongest neurons are kept,
// fewer from phase to phase, and the rest of the network adapts.
std::vector<Phase> learn_then_prune(const Phase& learn, const std::vector<int64_t>& keep,
                                    int64_t steps_per_cut, int64_t last_steps) {
  std::vector<Phase> phases = {learn};
  for (const int64_t neurons : keep) {
    Phase phase = learn;
    phase.learning_rate = learn.learning_rate / 2;
    phase.keep_neurons = neurons;
    phase.steps = neurons == keep.back() ? last_steps : steps_per_cut;
    phase.final_learning_rate = neurons == keep.back() ? 0 : phase.learning_rate;
    phases.push_back(phase);
  }
  return phases;
}

Recipe reference(Recipe recipe) {
  recipe.training.phases =
      learn_then_prune({.steps = 8000, .weight_decay = 0.05}, {96, 64, 48}, 500, 4000);
  return recipe;
}

// The learning rate stays high: the last groups of assignments are split while it is, and a decay
// to zero within as few steps leaves 0.3% to 0.5% of the formulas wrong.
Recipe fast(Recipe recipe) {
  recipe.training.phases = {{.steps = 5000,
                             .learning_rate = 1.1e-3,
                             .final_learning_rate = 2.5e-4,
                             .weight_decay = 0.05}};
  return recipe;
}

Recipe demo(Recipe recipe) {
  recipe.model.d_model = 64;
  recipe.model.d_mlp = 128;
  recipe.model.d_head = {64, 16};
  recipe.training.batch = 128;
  recipe.training.warmup = 100;
  recipe.training.phases = learn_then_prune(
      {.steps = 2200, .learning_rate = 2e-3, .weight_decay = 0.1}, {48, 32, 24, 16}, 200, 1000);
  return recipe;
}

// arXiv 2407.13594: 1,000 epochs of 120 batches of 10,000, constant learning rate after 10 epochs
// of warm-up, no clipping. Formulas are fresh where the paper's were a fixed set of 1,200,000.
Recipe paper(Recipe recipe) {
  recipe.initialisation.embedding_scale = 1;
  recipe.initialisation.writer_scale = 1;
  recipe.training.batch = 10000;
  recipe.training.warmup = 1200;
  recipe.training.gradient_clip = std::numeric_limits<double>::infinity();
  recipe.training.phases = {{.steps = 120000, .final_learning_rate = 1e-3, .weight_decay = 1.0}};
  return recipe;
}

}  // namespace

std::vector<Preset> presets() {
  return {
      {"reference", "accurate and sparse: learns, then prunes its evaluating neurons", {}},
      {"variable", "formulas of 1 to 10 clauses, trained as the reference", {{"min_clauses", 1}}},
      {"fast", "accurate, not sparse", {}},
      {"demo",
       "3 variables, 6 clauses, a small network: trained in a minute or two",
       {{"variables", 3}, {"clauses", 6}}},
      {"paper", "the recipe of arXiv 2407.13594 (days on a CPU)", {}}};
}

Recipe recipe(const std::string& preset, int64_t variables, int64_t clauses) {
  const Recipe begin = start(variables, clauses);
  if (preset == "reference" || preset == "variable") return reference(begin);
  if (preset == "fast") return fast(begin);
  if (preset == "demo") return demo(begin);
  if (preset == "paper") return paper(begin);
  throw std::invalid_argument(fmt::format(
      "unknown preset '{}' of two-sat; there are reference, variable, fast, demo, paper", preset));
}

}  // namespace assay::tasks::two_sat
