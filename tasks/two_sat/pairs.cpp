#include "tasks/two_sat/pairs.h"

#include <torch/types.h>

#include <random>
#include <stdexcept>
#include <utility>

#include "interp/statistics/random.h"
#include "sat2/changes.h"
#include "sat2/masks.h"
#include "tasks/two_sat/tokens.h"

namespace assay::tasks::two_sat {
namespace {

using sat2::Formula;

constexpr int kAttempts = 10000;  // some thousand times what sampled formulas need

std::vector<Formula> partners(const Formula& formula) {
  std::vector<Formula> found = sat2::answer_changing(formula, sat2::Change::Literal);
  if (found.empty()) found = sat2::answer_changing(formula, sat2::Change::Clause);
  return found;
}

std::pair<Formula, Formula> draw_pair(const sat2::Sampler& sampler, uint64_t seed, uint64_t index) {
  for (uint64_t attempt = 0; attempt < kAttempts; ++attempt) {
    // Formulas of pair i: i of the sampler's stream, and on from there far beyond what is asked
    // for.
    const uint64_t draw = index + (attempt << 40);
    const Formula formula = sampler.draw(draw);
    const std::vector<Formula> found = partners(formula);
    if (found.empty()) continue;
    auto engine = statistics::engine_at<std::mt19937>({seed, seed >> 32, draw, draw >> 32});
    const bool wanted = engine() % 2 == 1;
    const Formula& partner = found[engine() % found.size()];
    if (sat2::satisfiable_by_masks(formula) == wanted) return {formula, partner};
    return {partner, formula};
  }
  throw std::runtime_error(
      "pairs: no formula of these settings can change its answer by one clause");
}

}  // namespace

circuits::Counterfactuals pairs(const sat2::SamplerSettings& settings, sat2::Split split,
                                uint64_t seed, int64_t first, int64_t count) {
  const sat2::Sampler sampler(settings, split, seed);
  const Tokens tokens{settings.variables};
  const int64_t n_pos = n_ctx(settings.max_clauses);
  circuits::Counterfactuals data{.clean = at::empty({count, n_pos}, torch::kInt64),
                                 .corrupt = at::empty({count, n_pos}, torch::kInt64),
                                 .right = at::zeros({count, tokens.d_vocab()}, torch::kBool),
                                 .wrong = at::zeros({count, tokens.d_vocab()}, torch::kBool),
                                 .answers = at::zeros({tokens.d_vocab()}, torch::kBool)};
  for (const int64_t answer : {tokens.sat(), tokens.unsat()}) data.answers[answer] = true;
  for (int64_t i = 0; i < count; ++i) {
    const auto [clean, corrupt] = draw_pair(sampler, seed, static_cast<uint64_t>(first + i));
    write_tokens(clean, settings.max_clauses, data.clean.data_ptr<int64_t>() + i * n_pos);
    write_tokens(corrupt, settings.max_clauses, data.corrupt.data_ptr<int64_t>() + i * n_pos);
    const bool satisfiable = sat2::satisfiable_by_masks(clean);
    data.right[i][satisfiable ? tokens.sat() : tokens.unsat()] = true;
    data.wrong[i][satisfiable ? tokens.unsat() : tokens.sat()] = true;
  }
  return data;
}

}  // namespace assay::tasks::two_sat
