#include "tasks/explaining.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include <set>
#include <stdexcept>

#include "interp/network/network.h"
#include "tests/tasks/two_sat/small_model.h"

namespace assay::tasks {
namespace explaining_test {

using at::Tensor;
using namespace interp::attribution;

/// Explains 20 formulas; returns the answers that were explained.
std::set<int64_t> explained_answers(const interp::Transformer& model) {
  const auto task = two_sat::small_task();
  const two_sat::Tokens tokens{two_sat::kVariables};
  const Tensor rows = task->sample(Part::Test, 1, 0, 20).tokens;
  const Tensor logits = interp::logits_at(model, rows, task->readout()).to(torch::kFloat64);
  std::set<int64_t> answers;
  for (int64_t i = 0; i < 20; ++i) {
    const Problem problem = problem_of(*task, model, rows[i], {.features = "clause"});
    const bool says_sat = (logits[i][tokens.sat()] - logits[i][tokens.unsat()]).item<double>() > 0;
    EXPECT_EQ(problem.target.token, says_sat ? tokens.sat() : tokens.unsat());
    EXPECT_EQ(problem.target.kind, TargetKind::LogOdds);
    EXPECT_EQ(problem.input.size(), two_sat::kClauses);
    EXPECT_NEAR(problem.scorer.score(problem.input.tokens),
                evaluate(problem.target, logits.narrow(0, i, 1)).item<double>(), 1e-5);
    answers.insert(problem.target.token);
  }
  return answers;
}

TEST(Explaining, AsksForTheLogOddsOfTheAnswerGiven) {
  const at::NoGradGuard no_grad;
  const auto model = two_sat::small_model();
  std::set<int64_t> answers = explained_answers(*model);
  // The same network with its two answers swapped, so that both are seen.
  const two_sat::Tokens tokens{two_sat::kVariables};
  const Tensor sat = model->W_U().select(1, tokens.sat()).clone();
  model->W_U().select(1, tokens.sat()).copy_(model->W_U().select(1, tokens.unsat()));
  model->W_U().select(1, tokens.unsat()).copy_(sat);
  answers.merge(explained_answers(*model));
  EXPECT_EQ(answers.size(), 2U);
}

TEST(Explaining, LeavesPaddingOut) {
  const auto task = make_task(
      "two-sat",
      {{"variables", two_sat::kVariables}, {"clauses", two_sat::kClauses}, {"min_clauses", 1}});
  const auto model = two_sat::small_model();
  const Tensor tokens = task->to_tokens("( x0 x1 ) ( x1 Not(x2) ) :");
  const Problem problem = problem_of(*task, *model, tokens, {.features = "literal"});
  EXPECT_EQ(problem.input.tokens.size(), 9U);
  EXPECT_EQ(problem.input.features.front().positions, std::vector<int64_t>{1});
  const at::NoGradGuard no_grad;
  const Tensor logits = interp::logits_at(*model, tokens.unsqueeze(0), task->readout());
  EXPECT_NEAR(problem.scorer.score(problem.input.tokens),
              evaluate(problem.target, logits).item<double>(), 1e-5);
}

TEST(Explaining, RefusesWhatTheTaskDoesNotHave) {
  const auto task = two_sat::small_task();
  const auto model = two_sat::small_model();
  const Tensor tokens = task->sample(Part::Test, 1, 0, 1).tokens[0];
  EXPECT_THROW(problem_of(*task, *model, tokens, {.features = "word"}), std::invalid_argument);
  EXPECT_THROW(problem_of(*make_task("two-sat"), *model, tokens, {}), std::invalid_argument);
}

}  // namespace explaining_test
}  // namespace assay::tasks
