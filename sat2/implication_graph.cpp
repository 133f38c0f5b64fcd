#include "sat2/implication_graph.h"

#include <boost/graph/strong_components.hpp>

namespace assay::sat2 {
namespace {

size_t vertex(const Literal& literal) {
  return 2 * literal.variable + literal.negated;
}
size_t negation(const Literal& literal) {
  return vertex(literal) ^ 1;
}

}  // namespace

ImplicationGraph implication_graph(const Formula& formula) {
  validate(formula);
  ImplicationGraph graph(2 * formula.variables);
  for (const auto& [left, right] : formula.clauses) {
    add_edge(negation(left), vertex(right), graph);
    add_edge(negation(right), vertex(left), graph);
  }
  return graph;
}

std::optional<std::vector<bool>> satisfy_by_components(const Formula& formula) {
  const ImplicationGraph graph = implication_graph(formula);
  std::vector<int> component(num_vertices(graph));
  boost::strong_components(
      graph, boost::make_iterator_property_map(component.begin(), get(boost::vertex_index, graph)));

  std::vector<bool> assignment(formula.variables);
  for (int i = 0; i < formula.variables; ++i) {
    const int positive = component[2 * i];
    const int negative = component[2 * i + 1];
    if (positive == negative) return std::nullopt;
    // Boost numbers components in reverse topological order: the smaller number is implied by the
    // larger one, never the other way round, so it can be made true.
    assignment[i] = positive < negative;
  }
  return assignment;
}

}  // namespace assay::sat2
