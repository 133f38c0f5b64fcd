// Fitting programs to what a neuron was seen to do.

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <utility>
#include <vector>

#include "tasks/two_sat/programs.h"
#include "tests/tasks/two_sat/spell_programs.h"

namespace assay::tasks::two_sat {
namespace programs_fitting_test {

/// One row per table over `assignments`, each a random number of times, on where `program` says.
std::vector<TableRow> data_of(const Program& program, int assignments, std::mt19937_64& random) {
  std::vector<TableRow> rows;
  for (uint64_t table = 0; table < uint64_t{1} << assignments; ++table) {
    const auto count = static_cast<int64_t>(1 + random() % 20);
    rows.push_back({table, count, value_of(program, table) ? count : 0});
  }
  return rows;
}

std::vector<TableRow> noise(int assignments, std::mt19937_64& random) {
  std::vector<TableRow> rows;
  for (uint64_t table = 0; table < uint64_t{1} << assignments; ++table) {
    const auto count = static_cast<int64_t>(1 + random() % 1000);
    rows.push_back({table, count, static_cast<int64_t>(random() % (count + 1))});
  }
  return rows;
}

int64_t errors_on(const Program& program, const std::vector<TableRow>& rows) {
  int64_t errors = 0;
  for (const TableRow& row : rows)
    errors += value_of(program, row.truth_table) ? row.count - row.on : row.on;
  return errors;
}

int leaves_of(const Program& program) {
  return program.is_boolean() ? 1 : leaves_of(program.at("yes")) + leaves_of(program.at("no"));
}

void expect_same_on_every_table(const Program& left, const Program& right, int assignments) {
  for (uint64_t table = 0; table < uint64_t{1} << assignments; ++table)
    EXPECT_EQ(value_of(left, table), value_of(right, table)) << table;
}

TEST(FitTree, RecoversAKnownTreeOfFourLeaves) {
  const Program chain = ask(5, true, ask(2, true, ask(0, true, false)));
  const Program mixed = ask(5, true, ask(2, ask(7, false, true), false));
  for (const Program& known : {chain, mixed}) {
    std::mt19937_64 random(3);
    const auto rows = data_of(known, 8, random);
    const Fitted fitted = fit_tree(rows, 8, 4);
    EXPECT_EQ(fitted.errors, 0);
    expect_same_on_every_table(fitted.program, known, 8);
  }
  std::mt19937_64 random(3);
  EXPECT_EQ(fit_tree(data_of(mixed, 8, random), 8, 4).program, mixed);
  EXPECT_GT(fit_tree(data_of(mixed, 8, random), 8, 3).errors, 0);
}

/// Best-first growth once more, from the definition: every leaf is a list of single inputs, and of
/// all splits of all leaves, the one that lowers Σ n · Gini most is made.
class SlowTree {
 public:
  SlowTree(const std::vector<TableRow>& rows, int assignments, int leaves) {
    for (const TableRow& row : rows)
      for (int64_t i = 0; i < row.count; ++i) inputs_.emplace_back(row.truth_table, i < row.on);
    nodes_.resize(1);
    for (size_t i = 0; i < inputs_.size(); ++i) nodes_[0].inputs.push_back(i);
    while (leaves-- > 1 && split(assignments)) {
    }
  }

  Program program(int node = 0) const {
    const Node& at = nodes_[node];
    if (at.assignment < 0) return 2 * on(at.inputs) > at.inputs.size();
    const Program yes = program(at.yes), no = program(at.no);
    return yes.is_boolean() && yes == no ? yes : ask(at.assignment, yes, no);
  }

 private:
  struct Node {
    std::vector<size_t> inputs;
    int assignment = -1, yes = 0, no = 0;
  };

  size_t on(const std::vector<size_t>& inputs) const {
    size_t count = 0;
    for (const size_t i : inputs) count += inputs_[i].second;
    return count;
  }
  double gini(const std::vector<size_t>& inputs) const {  // times n
    if (inputs.empty()) return 0;
    const double p = static_cast<double>(on(inputs)) / static_cast<double>(inputs.size());
    return static_cast<double>(inputs.size()) * (1 - p * p - (1 - p) * (1 - p));
  }
  std::vector<size_t> part(const Node& node, int assignment, bool satisfied) const {
    std::vector<size_t> chosen;
    for (const size_t i : node.inputs)
      if ((inputs_[i].first >> assignment & 1) == satisfied) chosen.push_back(i);
    return chosen;
  }
  bool split(int assignments) {
    double most = 1e-6;
    int best = -1, by = -1;
    for (int i = 0; i < static_cast<int>(nodes_.size()); ++i) {
      for (int a = 0; nodes_[i].assignment < 0 && a < assignments; ++a) {
        const double gain = gini(nodes_[i].inputs) - gini(part(nodes_[i], a, true)) -
                            gini(part(nodes_[i], a, false));
        if (gain > most) most = gain, best = i, by = a;
      }
    }
    if (best < 0) return false;
    const int yes = static_cast<int>(nodes_.size());
    nodes_.push_back({.inputs = part(nodes_[best], by, true)});
    nodes_.push_back({.inputs = part(nodes_[best], by, false)});
    nodes_[best].assignment = by;
    nodes_[best].yes = yes;
    nodes_[best].no = yes + 1;
    return true;
  }

  std::vector<std::pair<uint64_t, bool>> inputs_;
  std::vector<Node> nodes_;
};

TEST(FitTree, GrowsBestFirstByGiniOnRandomTables) {
  std::mt19937_64 random(4);
  for (int trial = 0; trial < 15; ++trial) {
    const auto rows = noise(4, random);
    for (const int leaves : {1, 2, 4, 7}) {
      const Fitted fitted = fit_tree(rows, 4, leaves);
      EXPECT_EQ(fitted.program, SlowTree(rows, 4, leaves).program());
      EXPECT_EQ(fitted.errors, errors_on(fitted.program, rows));
      EXPECT_LE(leaves_of(fitted.program), leaves);
    }
  }
}

TEST(FitTree, GivesTiesToTheLowerAssignment) {
  // Assignments 1 and 2 are always satisfied together, and decide.
  const std::vector<TableRow> rows = {{0b000, 5, 0}, {0b001, 5, 0}, {0b110, 5, 5}, {0b111, 5, 5}};
  EXPECT_EQ(fit_tree(rows, 3, 4).program, ask(1, true, false));
}

TEST(FitTree, MergesSiblingLeavesOfEqualValue) {
  // Assignment 0 makes "on" rarer, but never rare: both leaves say on.
  const std::vector<TableRow> rows = {{0, 10, 10}, {1, 10, 8}};
  const Fitted fitted = fit_tree(rows, 1, 2);
  EXPECT_EQ(fitted.program, Program(true));
  EXPECT_EQ(fitted.errors, 2);
}

TEST(FitTree, AsksNothingWhereNothingIsToBeLearned) {
  EXPECT_EQ(fit_tree({{0, 5, 0}, {3, 5, 0}}, 2, 4).program, Program(false));
  EXPECT_EQ(fit_tree({{0, 5, 5}, {3, 5, 5}}, 2, 4).program, Program(true));
  EXPECT_EQ(fit_tree({}, 2, 4).program, Program(false));
}

TEST(FitDisjunction, RecoversAKnownSet) {
  std::mt19937_64 random(5);
  for (const std::vector<int>& set : {std::vector<int>{}, {3}, {0, 5}, {1, 2, 6}}) {
    const auto rows = data_of(any_of(set), 8, random);
    const Fitted fitted = fit_disjunction(rows, 8);
    EXPECT_EQ(fitted.program, any_of(set));
    EXPECT_EQ(fitted.errors, 0);
  }
}

TEST(FitDisjunction, CanNoLongerBeImprovedByOneAssignment) {
  std::mt19937_64 random(6);
  for (int trial = 0; trial < 50; ++trial) {
    const auto rows = noise(5, random);
    const Fitted fitted = fit_disjunction(rows, 5);
    EXPECT_EQ(fitted.errors, errors_on(fitted.program, rows));
    EXPECT_LE(fitted.errors, errors_on(any_of({}), rows));
    const auto members = fitted.program.at("any_of").get<std::set<int>>();
    for (int a = 0; a < 5; ++a) {
      std::set<int> changed = members;
      if (!changed.erase(a)) changed.insert(a);
      EXPECT_GE(errors_on(any_of({changed.begin(), changed.end()}), rows), fitted.errors);
    }
  }
}

TEST(FitDisjunction, ReachesTheHighestAssignmentOfSixVariables) {
  const uint64_t highest = uint64_t{1} << 63;
  const Fitted fitted = fit_disjunction({{0, 5, 0}, {1, 5, 0}, {highest, 5, 5}}, 64);
  EXPECT_EQ(fitted.program, any_of({63}));
  EXPECT_EQ(fit_tree({{0, 5, 0}, {1, 5, 0}, {highest, 5, 5}}, 64, 4).program, ask(63, true, false));
}

TEST(DisjunctionOf, CountsTheErrorsOfAGivenSet) {
  const std::vector<TableRow> rows = {{0b00, 10, 1}, {0b01, 10, 7}, {0b10, 10, 10}};
  const Fitted fitted = disjunction_of({0}, rows);
  EXPECT_EQ(fitted.program, any_of({0}));
  EXPECT_EQ(fitted.errors, 1 + 3 + 10);
}

}  // namespace programs_fitting_test
}  // namespace assay::tasks::two_sat
