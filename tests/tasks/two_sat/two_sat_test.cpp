#include "tasks/two_sat/two_sat.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include <set>
#include <stdexcept>

#include "sat2/implication_graph.h"
#include "sat2/masks.h"
#include "sat2/sampler.h"
#include "tasks/two_sat/tokens.h"
#include "tests/tasks/conformance.h"

namespace assay::tasks::two_sat {
namespace two_sat_test {

using testing::ElementsAre;
using testing::ThrowsMessage;

TEST(TwoSat, LabelsFormulasAsMasksAndTheImplicationGraphDo) {
  for (int64_t variables = 2; variables <= 6; ++variables) {
    const auto task = make_task("two-sat", {{"variables", variables}, {"clauses", 2 * variables}});
    const Tokens tokens{variables};
    for (const Part part : {Part::Train, Part::Derive, Part::Test}) {
      const auto [rows, labels, readouts] = task->sample(part, /*seed=*/2, 0, 100);
      for (int64_t i = 0; i < 100; ++i) {
        const sat2::Formula formula = formula_of(rows[i], variables);
        const bool satisfiable = labels[i].item<int64_t>() == tokens.sat();
        EXPECT_EQ(labels[i].item<int64_t>(), satisfiable ? tokens.sat() : tokens.unsat());
        EXPECT_EQ(satisfiable, sat2::satisfiable_by_masks(formula));
        EXPECT_EQ(satisfiable, sat2::satisfy_by_components(formula).has_value());
      }
    }
  }
}

TEST(TwoSat, DrawsTheSamplersFormulas) {
  const auto task = make_task("two-sat");
  const sat2::Sampler sampler({}, sat2::Split::Derive, /*seed=*/4);
  const at::Tensor rows = task->sample(Part::Derive, 4, 6, 5).tokens;
  for (int64_t i = 0; i < 5; ++i) {
    const sat2::Formula formula = formula_of(rows[i], 5);
    EXPECT_EQ(formula, sampler.draw(6 + i));
    EXPECT_EQ(sat2::split_of(formula), sat2::Split::Derive);
  }
}

TEST(TwoSat, HasThePublishedSizes) {
  const auto task = make_task("two-sat");
  EXPECT_EQ(task->d_vocab(), 16);
  EXPECT_EQ(task->n_ctx(), 41);
  EXPECT_EQ(task->readout(), 40);
  EXPECT_EQ(task->token_name(14), "u");
  EXPECT_THAT(task->need<Interpretations>().variants, ElementsAre("trees", "disjunction"));
}

TEST(TwoSat, ReadsFormulasOfItsOwnSizeAlone) {
  const auto task = make_task("two-sat", {{"variables", 3}, {"clauses", 4}});
  const std::string text = "( x0 x1 ) ( x2 x0 ) ( Not(x0) x1 ) ( Not(x1) Not(x2) ) :";
  EXPECT_EQ(task->to_text(task->to_tokens(text)), text);
  EXPECT_THAT(
      [&] { task->to_tokens("( x0 x1 ) ( x1 x2 ) :"); },
      ThrowsMessage<std::invalid_argument>("the formula has 2 clauses, the task expects 4"));
  EXPECT_THAT([&] { task->to_tokens("( x0 x3 )"); },
              ThrowsMessage<std::invalid_argument>(
                  "column 6: found 'x3', expected a literal over x0 to x2"));
}

TEST(TwoSat, OfSeveralLengthsConformsToWhatATaskPromises) {
  const auto task = make_task("two-sat", {{"min_clauses", 1}});
  expect_conforming(*task);
  std::set<size_t> lengths;
  const at::Tensor rows = task->sample(Part::Test, 1, 0, 300).tokens;
  for (int64_t i = 0; i < 300; ++i) lengths.insert(formula_of(rows[i], 5).clauses.size());
  EXPECT_EQ(lengths.size(), 10U);
}

TEST(TwoSat, OfSeveralLengthsReadsThemAll) {
  const auto task = make_task("two-sat", {{"variables", 3}, {"clauses", 4}, {"min_clauses", 2}});
  const std::string text = "( x0 x1 ) ( x1 x2 ) :";
  EXPECT_EQ(task->to_text(task->to_tokens(text)), text);
  EXPECT_THAT(
      [&] { task->to_tokens("( x0 x1 )"); },
      ThrowsMessage<std::invalid_argument>("the formula has 1 clauses, the task expects 2 to 4"));
}

TEST(TwoSat, OfOneLengthIsTheTaskThatItWas) {
  const auto plain = make_task("two-sat"), spelt = make_task("two-sat", {{"min_clauses", 10}});
  EXPECT_EQ(spelt->to_json(), plain->to_json());
  EXPECT_EQ(plain->settings(), (Settings{{"variables", 5}, {"clauses", 10}}));
  EXPECT_THROW(make_task("two-sat", {{"min_clauses", 11}}), std::invalid_argument);
  EXPECT_THROW(make_task("two-sat", {{"min_clauses", -1}}), std::invalid_argument);
}

}  // namespace two_sat_test
}  // namespace assay::tasks::two_sat
