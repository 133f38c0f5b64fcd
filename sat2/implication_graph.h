#pragma once
// The implication graph of a formula: l ∨ r gives ¬l → r and ¬r → l. The formula is satisfiable iff
// no strongly connected component holds a literal together with its negation
// (Aspvall, Plass, Tarjan 1979).

#include <boost/graph/adjacency_list.hpp>
#include <optional>
#include <vector>

#include "sat2/formula.h"

namespace assay::sat2 {

/// Vertex 2i is x_i, vertex 2i+1 is Not(x_i).
using ImplicationGraph = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS>;

ImplicationGraph implication_graph(const Formula& formula);

/// A satisfying assignment (element i is the value of x_i), read off the order of the components;
/// nothing if there is none.
std::optional<std::vector<bool>> satisfy_by_components(const Formula& formula);

}  // namespace assay::sat2
