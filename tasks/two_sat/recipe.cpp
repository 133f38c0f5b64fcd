#include "tasks/two_sat/recipe.h"

#include <fmt/format.h>

#include <stdexcept>

#include "tasks/two_sat/tokens.h"

namespace assay::tasks::two_sat {
namespace {

interp::TransformerConfig model_config(int64_t variables, int64_t clauses) {
  return {.d_vocab = Tokens{variables}.d_vocab(), .n_ctx = n_ctx(clauses)};
}

// Embeddings ×5 and residual writers ×0.5 are what leaves the plateau at 74% (the share of
// satisfiable formulas that a network can tell without reasoning) within the first thousand steps.
constexpr interp::Initialisation kStart{.embedding_scale = 5, .writer_scale = 0.5};

}  // namespace

Recipe recipe(const std::string& preset, int64_t variables, int64_t clauses) {
  Recipe recipe{.model = model_config(variables, clauses), .initialisation = kStart, .training = {}};
  recipe.training.readout = recipe.model.n_ctx - 1;
  if (preset == "fast") {
    recipe.training.phases = {{.steps = 8000, .weight_decay = 0.01}};
    return recipe;
  }
  throw std::invalid_argument(fmt::format("unknown preset '{}' of two-sat: there are fast", preset));
}

}  // namespace assay::tasks::two_sat
