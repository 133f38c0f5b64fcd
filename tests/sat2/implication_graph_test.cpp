#include "sat2/implication_graph.h"

#include <gmock/gmock.h>

#include <stdexcept>
#include <utility>

#include "sat2/masks.h"

namespace assay::sat2 {
namespace implication_graph_test {

using testing::Optional;
using testing::ThrowsMessage;
using testing::UnorderedElementsAre;

std::vector<std::pair<size_t, size_t>> edges_of(const ImplicationGraph& graph) {
  std::vector<std::pair<size_t, size_t>> pairs;
  for (auto [edge, end] = edges(graph); edge != end; ++edge) {
    pairs.emplace_back(source(*edge, graph), target(*edge, graph));
  }
  return pairs;
}

TEST(ImplicationGraph, HasTwoContrapositiveEdgesPerClause) {
  // x0 or Not(x2): Not(x0) implies Not(x2), and x2 implies x0.
  const auto graph = implication_graph({3, {{{0, false}, {2, true}}}});
  EXPECT_EQ(num_vertices(graph), 6);
  EXPECT_THAT(edges_of(graph), UnorderedElementsAre(std::pair(1, 5), std::pair(4, 0)));
}

TEST(ImplicationGraph, RefusesAnInvalidFormula) {
  EXPECT_THAT(
      [] {
        implication_graph({2, {{{0, false}, {2, true}}}});
      },
      ThrowsMessage<std::invalid_argument>("clause 1: x2 is out of range, expected x0 to x1"));
}

TEST(Components, FindTheOnlySatisfyingAssignment) {
  auto clauses = all_clauses(2);
  clauses.erase(clauses.begin() + 2);  // the one that forbids x0=1 x1=0
  EXPECT_THAT(satisfy_by_components({2, clauses}), Optional(std::vector{true, false}));
}

TEST(Components, AgreeWithMasksOnEverySetOfClausesOverThreeVariables) {
  const auto clauses = all_clauses(3);
  ASSERT_EQ(clauses.size(), 12);
  for (int set = 0; set < 1 << 12; ++set) {
    Formula formula{3, {}};
    for (int c = 0; c < 12; ++c) {
      if (set >> c & 1) formula.clauses.push_back(clauses[c]);
    }
    const auto values = satisfy_by_components(formula);
    ASSERT_EQ(values.has_value(), satisfiable_by_masks(formula)) << "set " << set;
    if (!values) continue;
    const int assignment = (*values)[0] | (*values)[1] << 1 | (*values)[2] << 2;
    EXPECT_TRUE(satisfying(formula) >> assignment & 1) << "set " << set;
  }
}

}  // namespace implication_graph_test
}  // namespace assay::sat2
