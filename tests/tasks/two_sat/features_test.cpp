#include "tasks/two_sat/features.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include <stdexcept>

#include "tasks/registry.h"

namespace assay::tasks::two_sat {
namespace features_test {

using interp::attribution::Feature;
using interp::attribution::Framing;
using interp::attribution::Input;
using interp::attribution::Sequence;
using testing::ElementsAre;
using testing::ThrowsMessage;

// ( x0 Not(x1) ) ( x1 x2 ) : over three variables
const Sequence kTokens = {6, 0, 4, 7, 6, 1, 2, 7, 8};

TEST(Features, OfTwoSatAreTokensLiteralsAndClauses) {
  const auto task = make_task("two-sat", {{"variables", 3}, {"clauses", 4}, {"min_clauses", 1}});
  EXPECT_THAT(task->feature_kinds(), ElementsAre("token", "literal", "clause"));
  EXPECT_EQ(task->features("token", kTokens).size(), 8U);  // all but the `:`
  EXPECT_THAT(task->features("literal", kTokens),
              ElementsAre(Feature{"x0", {1}}, Feature{"Not(x1)", {2}}, Feature{"x1", {5}},
                          Feature{"x2", {6}}));
  EXPECT_THAT(
      task->features("clause", kTokens),
      ElementsAre(Feature{"( x0 Not(x1) )", {0, 1, 2, 3}}, Feature{"( x1 x2 )", {4, 5, 6, 7}}));
  EXPECT_THAT([&] { task->features("word", kTokens); },
              ThrowsMessage<std::invalid_argument>(
                  "the task two-sat has no features 'word'; there are token, literal, clause"));
}

TEST(Features, StandBehindThePaddingWhereThereIsAny) {
  Sequence padded(8, 11);
  padded.insert(padded.end(), kTokens.begin(), kTokens.end());
  EXPECT_THAT(literal_features(padded, 3)[0].positions, ElementsAre(9));
  EXPECT_THAT(clause_features(padded, 3)[1].positions, ElementsAre(12, 13, 14, 15));
}

TEST(Features, FormulaWithoutAClauseIsLaidOutAsTheTaskLaysItOut) {
  const auto task = make_task("two-sat", {{"variables", 3}, {"clauses", 4}, {"min_clauses", 1}});
  const Input input{.tokens = kTokens, .features = task->features("clause", kTokens)};
  const Sequence rest = interp::attribution::keep(input, std::vector<bool>{false, true});
  const at::Tensor row = torch::tensor(rest, torch::kInt64).unsqueeze(0);
  const at::Tensor framed = interp::attribution::framed(row, task->lengths().framing);
  EXPECT_TRUE(framed[0].equal(task->to_tokens("( x1 x2 ) :")));
  EXPECT_EQ(interp::attribution::unframed(framed[0], task->lengths().framing), rest);
}

TEST(Features, OfOtherTasksAreTokensAlone) {
  const auto task = make_task("modular-addition");
  EXPECT_THAT(task->feature_kinds(), ElementsAre("token"));
  EXPECT_THAT(task->features("token", {3, 4, 113}),
              ElementsAre(Feature{"3", {0}}, Feature{"4", {1}}));
  EXPECT_EQ(task->lengths().framing, Framing{});
}

}  // namespace features_test
}  // namespace assay::tasks::two_sat
