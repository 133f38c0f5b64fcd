#include "tasks/two_sat/replacers.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include <set>

#include "interp/attribution/masks.h"
#include "sat2/formula.h"
#include "tasks/registry.h"
#include "tasks/two_sat/tokens.h"
#include "tests/interp/attribution/replacers.h"

namespace assay::tasks::two_sat {
namespace replacers_test {

using interp::attribution::Replacer;
using interp::attribution::Sequence;
using testing::ElementsAre;

constexpr int64_t kVariables = 5;

Sequence formula_tokens(int64_t index = 0) {
  const at::Tensor tokens = make_task("two-sat")->sample(Part::Test, 1, index, 1).tokens;
  return interp::attribution::sequences_of(tokens)[0];
}

std::vector<int64_t> literal_positions() {
  std::vector<int64_t> positions;
  for (int64_t clause = 0; clause < 10; ++clause) {
    positions.push_back(left_literal(clause));
    positions.push_back(right_literal(clause));
  }
  return positions;
}

/// The clauses that a formula may have in this place, by going through all: those that replace what
/// is asked for and keep the rest.
std::set<Sequence> clauses_by_brute_force(const Sequence& tokens, int64_t clause, bool left,
                                          bool right) {
  std::set<Sequence> found;
  for (const sat2::Clause& other : sat2::all_clauses(kVariables)) {
    const int64_t l = Tokens{kVariables}.literal(other.left);
    const int64_t r = Tokens{kVariables}.literal(other.right);
    if ((l != tokens[left_literal(clause)]) != left) continue;
    if ((r != tokens[right_literal(clause)]) != right) continue;
    found.insert(left && right ? Sequence{l, r} : left ? Sequence{l} : Sequence{r});
  }
  return found;
}

TEST(ConditionalReplacer, ListsTheClausesInOrderEachAsLikely) {
  const auto replacer = conditional_replacer(kVariables);
  for (int64_t index = 0; index < 5; ++index) {
    const Sequence tokens = formula_tokens(index);
    for (int64_t clause = 0; clause < 10; ++clause) {
      const int64_t l = left_literal(clause), r = right_literal(clause);
      for (const auto& positions : {std::vector{l}, std::vector{r}, std::vector{l, r}}) {
        const auto support = replacer->support(tokens, positions);
        ASSERT_TRUE(support.has_value());
        const std::set<Sequence> expected =
            clauses_by_brute_force(tokens, clause, positions.front() == l, positions.back() == r);
        EXPECT_EQ(std::set<Sequence>(support->fillings.begin(), support->fillings.end()), expected);
        for (const double probability : support->probabilities)
          EXPECT_DOUBLE_EQ(probability, 1.0 / static_cast<double>(expected.size()));
      }
    }
  }
}

TEST(ConditionalReplacer, DrawsFollowTheSupport) {
  const auto replacer = conditional_replacer(kVariables);
  const Sequence tokens = formula_tokens();
  interp::attribution::expect_draws_to_follow_support(*replacer, tokens, {left_literal(3)});
  interp::attribution::expect_draws_to_follow_support(*replacer, tokens, {right_literal(4)});
  interp::attribution::expect_draws_to_follow_support(*replacer, tokens,
                                                      {left_literal(7), right_literal(7)});
}

/// Rows with half of the literals replaced.
std::vector<Sequence> drawn_rows(const Replacer& replacer, const Sequence& tokens) {
  const at::Tensor chosen = interp::attribution::draw_masks({.ratio = 0.5}, 20, /*seed=*/1, 0, 500);
  at::Tensor mask = at::zeros({500, n_ctx(10)}, torch::kBool);
  const std::vector<int64_t> positions = literal_positions();
  for (int64_t i = 0; i < 20; ++i) mask.select(1, positions[i]).copy_(chosen.select(1, i));
  return interp::attribution::sequences_of(replacer.draw(tokens, mask, 2, 0));
}

TEST(ReplacersOfTwoSat, ThatKnowTheNeighboursYieldOnlyClausesInOrder) {
  const auto task = make_task("two-sat");
  const Sequence tokens = formula_tokens();
  for (const char* name : {"conditional", "empirical"}) {
    for (const Sequence& row : drawn_rows(*task->replacer(name), tokens)) {
      EXPECT_NE(row, tokens);
      const sat2::Formula formula = formula_of(torch::tensor(row, torch::kInt64), kVariables);
      for (const auto& [left, right] : formula.clauses)
        EXPECT_LT(left.variable, right.variable) << name;
    }
  }
}

TEST(ReplacersOfTwoSat, OfTheSameTypeKeepTheGrammarAndNotTheOrder) {
  const auto task = make_task("two-sat");
  int64_t out_of_order = 0;
  for (const Sequence& row : drawn_rows(*task->replacer("same-type"), formula_tokens())) {
    for (const int64_t position : literal_positions())
      EXPECT_LT(row[position], Tokens{kVariables}.n_literals());
    for (int64_t clause = 0; clause < 10; ++clause)
      out_of_order +=
          row[left_literal(clause)] % kVariables >= row[right_literal(clause)] % kVariables;
  }
  EXPECT_GT(out_of_order, 1000);
}

TEST(ReplacersOfTwoSat, LeaveTheGrammarAlone) {
  const auto task = make_task("two-sat");
  const Sequence tokens = formula_tokens();
  for (const char* name : {"conditional", "empirical", "same-type"}) {
    const auto replacer = task->replacer(name);
    for (const int64_t position : {0, 3, 4, 39, 40})
      EXPECT_TRUE(replacer->support(tokens, {position})->fillings.empty()) << name << position;
    EXPECT_FALSE(replacer->support(tokens, {0, 1, 2, 3})->fillings.empty()) << "a clause";
  }
}

TEST(ReplacersOfTwoSat, ACallOfDrawDoesNotDependOnItsBatch) {
  const Sequence tokens = formula_tokens();
  const at::Tensor mask = interp::attribution::draw_masks({.ratio = 0.4}, n_ctx(10), 1, 0, 100);
  for (const std::string& name : make_task("two-sat")->replacer_names())
    interp::attribution::expect_rows_that_do_not_depend_on_their_batch(
        *make_task("two-sat")->replacer(name), tokens, mask);
}

TEST(ReplacersOfTasks, AreListedAndAnUnknownOneIsRefusedWithTheList) {
  EXPECT_THAT(make_task("two-sat")->replacer_names(),
              ElementsAre("conditional", "empirical", "same-type", "uniform"));
  const auto addition = make_task("modular-addition");
  EXPECT_THAT(addition->replacer_names(), ElementsAre("empirical", "same-type", "uniform"));
  for (const std::string& name : addition->replacer_names())
    EXPECT_EQ(addition->replacer(name)->name(), name);
  EXPECT_THAT([&] { addition->replacer("conditional"); },
              testing::ThrowsMessage<std::invalid_argument>(
                  "unknown replacer 'conditional' of task modular-addition; there are empirical, "
                  "same-type, uniform"));
  const auto support = addition->replacer("same-type")->support({5, 7, 113}, {0, 2});
  EXPECT_EQ(support->fillings.size(), 112U) << "numbers for numbers, nothing for '='";
}

}  // namespace replacers_test
}  // namespace assay::tasks::two_sat
