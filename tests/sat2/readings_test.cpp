// Programs that tell from a truth table whether a formula is satisfiable: Z3 against going through
// every truth table, and both against going through formulas.

#include "sat2/readings.h"

#include <gtest/gtest.h>

#include <random>

namespace assay::sat2 {
namespace readings_test {

Reading leaf(bool value) {
  return {-1, value, {}, {}};
}
Reading ask(int assignment, Reading yes, Reading no) {
  return {assignment, false, std::make_shared<const Reading>(std::move(yes)),
          std::make_shared<const Reading>(std::move(no))};
}

Reading random_tree(std::mt19937& engine, int assignments, int depth) {
  if (depth == 0 || engine() % 4 == 0) return leaf(engine() % 2 == 0);
  Reading yes = random_tree(engine, assignments, depth - 1);
  Reading no = random_tree(engine, assignments, depth - 1);
  return ask(static_cast<int>(engine() % assignments), std::move(yes), std::move(no));
}

bool wrong(const std::vector<Reading>& readings, const Formula& formula) {
  const Mask table = satisfying(formula);
  bool any = false;
  for (const Reading& reading : readings) any = any || reading(table);
  return any != (table != 0);
}

// The fewest clauses of a formula that is misread, by going through all sets of clauses.
std::optional<size_t> fewest_by_force(const std::vector<Reading>& readings, int variables) {
  const auto clauses = all_clauses(variables);
  std::optional<size_t> fewest;
  for (size_t set = 1; set < size_t{1} << clauses.size(); ++set) {
    Formula formula{variables, {}};
    for (size_t c = 0; c < clauses.size(); ++c)
      if (set >> c & 1) formula.clauses.push_back(clauses[c]);
    if (wrong(readings, formula) && (!fewest || formula.clauses.size() < *fewest))
      fewest = formula.clauses.size();
  }
  return fewest;
}

TEST(Readings, Z3AndBreadthFirstSearchAgreeWithEverySetOfClauses) {
  std::mt19937 engine(1);
  int right = 0;
  for (int trial = 0; trial < 300; ++trial) {
    std::vector<Reading> readings;
    for (int a = 0; a < 8; ++a)  // mostly right ones, of which some are changed
      readings.push_back(engine() % 20 == 0 ? random_tree(engine, 8, 3) : any_of({a}));
    const auto fewest = fewest_by_force(readings, 3);
    const auto by_z3 = misread_formula(readings, 3);
    const auto smallest = smallest_misread_formula(readings, 3);
    ASSERT_EQ(by_z3.has_value(), fewest.has_value());
    ASSERT_EQ(smallest.has_value(), fewest.has_value());
    right += !fewest;
    if (!fewest) continue;
    EXPECT_TRUE(wrong(readings, *by_z3));
    EXPECT_TRUE(wrong(readings, *smallest));
    EXPECT_EQ(smallest->clauses.size(), *fewest);
  }
  EXPECT_GT(right, 50);
  EXPECT_LT(right, 280);
}

TEST(Readings, AllAssignmentsTogetherAreRightAndOneMissingIsNot) {
  std::vector<int> all;
  for (int a = 0; a < 32; ++a) all.push_back(a);
  EXPECT_FALSE(misread_formula({any_of(all)}, 5));
  EXPECT_FALSE(smallest_misread_formula({any_of(all)}, 5));
  all.pop_back();
  const auto formula = smallest_misread_formula({any_of(all)}, 5);
  ASSERT_TRUE(formula);
  EXPECT_EQ(satisfying(*formula), Mask{1} << 31);  // satisfied by the one that nobody asks about
  EXPECT_TRUE(misread_formula({any_of(all)}, 5));
}

TEST(Readings, ACoveringIsAProof) {
  std::mt19937 engine(2);
  int covered = 0;
  for (int trial = 0; trial < 500; ++trial) {
    std::vector<Reading> readings;
    for (int a = 0; a < 8; ++a)
      readings.push_back(engine() % 16 == 0 ? random_tree(engine, 8, 3) : any_of({a}));
    const std::vector<int> covering = sat2::covering(readings, 3);
    if (covering.empty()) continue;
    ++covered;
    EXPECT_FALSE(misread_formula(readings, 3));
    for (int a = 0; a < 8; ++a)
      for (Mask table = 0; table < 256; ++table)
        if (table >> a & 1) {
          EXPECT_TRUE(readings[covering[a]](table));
        }
  }
  EXPECT_GT(covered, 50);
}

TEST(Readings, ATreeThatAsksTwiceKeepsItsFirstAnswer) {
  const Reading twice = ask(0, ask(0, leaf(true), leaf(false)), leaf(false));
  std::vector<Reading> readings = {twice};
  for (int a = 1; a < 8; ++a) readings.push_back(any_of({a}));
  EXPECT_EQ(covering(readings, 3).size(), 8U);
}

TEST(Readings, RefusesAssignmentsThatDoNotExist) {
  EXPECT_THROW(misread_formula({any_of({8})}, 3), std::invalid_argument);
}

}  // namespace readings_test
}  // namespace assay::sat2
