#include "interp/statistics/decision_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <stdexcept>

#include "interp/statistics/random.h"

namespace assay::statistics {
namespace decision_tree_test {

using testing::UnorderedElementsAre;

constexpr Condition at_most(int64_t feature, int64_t value) {
  return {feature, Relation::AtMost, value};
}
constexpr Condition at_least(int64_t feature, int64_t value) {
  return {feature, Relation::AtLeast, value};
}

/// Inputs whose features are drawn from 0 … values - 1, and fail with a probability of their own.
template <typename Rate>
std::vector<Cell> drawn(Engine& engine, int64_t inputs, int64_t features, int64_t values,
                        const Rate& rate) {
  std::map<std::vector<int64_t>, Estimate> cells;
  for (int64_t i = 0; i < inputs; ++i) {
    std::vector<int64_t> x(features);
    for (int64_t& value : x) value = draw_below(engine, values);
    cells[x] += {1, draw_bernoulli(engine, rate(x)) ? 1 : 0};
  }
  std::vector<Cell> list;
  for (const auto& [x, estimate] : cells) list.push_back({x, estimate});
  return list;
}

double fit_of(const Estimate& leaf) {
  const auto term = [](double n) { return n == 0 ? 0 : n * std::log(n); };
  return 2 *
         (term(static_cast<double>(leaf.failures)) +
          term(static_cast<double>(leaf.n - leaf.failures)) - term(static_cast<double>(leaf.n)));
}

double fit_of(const std::vector<Cell>& cells, const std::vector<Conditions>& leaves) {
  double fit = 0;
  for (const Conditions& leaf : leaves) {
    Estimate in;
    for (const Cell& cell : cells)
      if (hold(leaf, cell.features)) in += cell.estimate;
    fit += fit_of(in);
  }
  return fit;
}

TEST(DecisionTree, FindsOnePlantedQuestion) {
  Engine engine(1);
  const auto cells = drawn(engine, 5000, 4, 5, [](const auto& x) { return x[2] >= 3 ? .3 : .01; });
  EXPECT_THAT(fit_tree(cells, {false, false, false, false}),
              UnorderedElementsAre(Conditions{at_most(2, 2)}, Conditions{at_least(2, 3)}));
}

TEST(DecisionTree, FindsTwoFeaturesThatOnlyMatterTogether) {
  Engine engine(2);
  const auto cells =
      drawn(engine, 4000, 3, 2, [](const auto& x) { return x[0] == x[2] ? .02 : .2; });
  EXPECT_THAT(fit_tree(cells, {false, false, false}),
              UnorderedElementsAre(Conditions{at_most(0, 0), at_most(2, 0)},
                                   Conditions{at_most(0, 0), at_least(2, 1)},
                                   Conditions{at_least(0, 1), at_most(2, 0)},
                                   Conditions{at_least(0, 1), at_least(2, 1)}));
}

TEST(DecisionTree, AsksWhetherACategoryIsOneOfItsValues) {
  Engine engine(3);
  const auto cells = drawn(engine, 4000, 2, 6, [](const auto& x) { return x[1] == 3 ? .5 : .02; });
  EXPECT_THAT(
      fit_tree(cells, {true, true}),
      UnorderedElementsAre(Conditions{{1, Relation::Is, 3}}, Conditions{{1, Relation::IsNot, 3}}));
}

// Every tree of at most two questions in a row, priced the same way.
TEST(DecisionTree, IsTheBestOfAllTreesThatBruteForceTries) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Engine engine(100 + seed);
    const auto cells = drawn(engine, 600, 3, 3, [&](const auto& x) {
      return seed % 2 ? .2 : .1 + .1 * static_cast<double>(x[0] * x[1]);
    });
    const TreeConfig config{.chance = .2, .least = 30, .least_share = 0};
    std::vector<std::pair<Condition, Condition>> questions;
    for (int64_t feature = 0; feature < 3; ++feature)
      for (const int64_t value : {0, 1})
        questions.push_back({at_most(feature, value), at_least(feature, value + 1)});
    // χ² with one degree of freedom is the square of a normal number: 1 - .2/6 within ±2.1280.
    const double price = 2.128045 * 2.128045;
    const double whole = fit_of(cells, {{}});
    double best = 0;
    const auto enough = [&](const Conditions& leaf) {
      int64_t n = 0;
      for (const Cell& cell : cells) n += hold(leaf, cell.features) ? cell.estimate.n : 0;
      return n >= config.least;
    };
    const auto consider = [&](const std::vector<Conditions>& leaves) {
      if (!std::ranges::all_of(leaves, enough)) return;
      best = std::max(
          best, fit_of(cells, leaves) - whole - price * static_cast<double>(leaves.size() - 1));
    };
    for (const auto& [yes, no] : questions) {
      consider({{yes}, {no}});
      for (const auto& [a, b] : questions) {
        consider({{yes, a}, {yes, b}, {no}});
        consider({{yes}, {no, a}, {no, b}});
        for (const auto& [c, d] : questions) consider({{yes, a}, {yes, b}, {no, c}, {no, d}});
      }
    }
    const auto leaves = fit_tree(cells, {false, false, false}, config);
    const double found = leaves.empty() ? 0
                                        : fit_of(cells, leaves) - whole -
                                              price * static_cast<double>(leaves.size() - 1);
    EXPECT_NEAR(found, best, 1e-3) << seed;
  }
}

TEST(DecisionTree, ItsLeavesShareOutAllInputs) {
  Engine engine(4);
  const auto cells = drawn(engine, 3000, 2, 9, [](const auto& x) {
    return x[0] >= 3 && x[0] <= 5 ? .4 : .01;  // both questions about one feature
  });
  const auto leaves = fit_tree(cells, {false, false});
  ASSERT_EQ(leaves.size(), 3U);
  for (const Cell& cell : cells)
    EXPECT_EQ(std::ranges::count_if(
                  leaves, [&](const Conditions& leaf) { return hold(leaf, cell.features); }),
              1);
}

TEST(DecisionTree, IsNoneWhereFeaturesSayNothing) {
  int found = 0;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Engine engine(1000 + seed);
    const auto cells = drawn(engine, 2000, 5, 6, [](const auto&) { return .1; });
    found += !fit_tree(cells, std::vector<bool>(5)).empty();
  }
  EXPECT_LE(found, 3);  // a price for one in a thousand, over all questions
}

TEST(DecisionTree, AsksAboutAFewOfManyValues) {
  Engine engine(5);
  const auto cells =
      drawn(engine, 4000, 1, 1000, [](const auto& x) { return x[0] < 250 ? .5 : .01; });
  const auto leaves = fit_tree(cells, {false});
  ASSERT_EQ(leaves.size(), 2U);
  EXPECT_NEAR(static_cast<double>(leaves[0][0].value), 250, 20);
}

TEST(DecisionTree, NothingToAskGivesNoTree) {
  EXPECT_TRUE(fit_tree({}, {false}).empty());
  EXPECT_TRUE(fit_tree({{{1}, {100, 50}}}, {false}).empty());
  EXPECT_TRUE(fit_tree({{{}, {100, 50}}}, {}).empty());
  EXPECT_THROW(fit_tree({{{1, 2}, {1, 0}}}, {false}), std::invalid_argument);
  EXPECT_THROW(fit_tree({{{1}, {1, 2}}}, {false}), std::invalid_argument);
}

}  // namespace decision_tree_test
}  // namespace assay::statistics
