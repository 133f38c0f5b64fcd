#pragma once
// A decision tree of at most two questions in a row that tells failing inputs from others by their
// features.
//
// The tree is the best of all trees of that depth, not the end of a greedy search, so that two
// features that only matter together are found. Best is the largest likelihood of the failures
// given the leaves, with a price on every question: twice the logarithm of the likelihood must grow
// by the quantile of χ² with one degree of freedom that chance exceeds, over all questions, with
// probability at most `chance`. Features that say nothing therefore give no tree. The price keeps
// trees short; it is no test. Whether a tree is right is asked of inputs that it was not fitted on.
//
// Counts decide everything, so inputs with the same features are given as one cell.

#include <cstdint>
#include <vector>

#include "interp/statistics/binomial.h"

namespace assay::statistics {

/// Inputs with the same features, each a whole number from 0.
struct Cell {
  std::vector<int64_t> features;
  Estimate estimate;
};

enum class Relation { AtMost, AtLeast, Is, IsNot };

/// What is asked of one feature.
struct Condition {
  int64_t feature = 0;  ///< its place among the features
  Relation relation = Relation::AtMost;
  int64_t value = 0;
  bool holds(const std::vector<int64_t>& features) const;
  bool operator==(const Condition&) const = default;
};

/// A leaf of a tree: the inputs for which all its conditions hold.
using Conditions = std::vector<Condition>;
bool hold(const Conditions& conditions, const std::vector<int64_t>& features);

struct TreeConfig {
  double chance = 0.001;      ///< of a question that chance alone makes worth its price
  int64_t least = 20;         ///< inputs of a leaf,
  double least_share = .005;  ///< and their share of all inputs
  int64_t most_values = 16;   ///< of a feature that are asked about, at equal shares of the inputs
};

/// Leaves, which share out all inputs; none where no question is worth its price.
/// @param categories  for each feature, whether its values have no order: then it is asked whether
///   a value is one of them, else whether it is at most one.
/// @throws std::invalid_argument for a cell with another number of features, or more failures than
///   inputs.
std::vector<Conditions> fit_tree(const std::vector<Cell>& cells,
                                 const std::vector<bool>& categories,
                                 const TreeConfig& config = {});

}  // namespace assay::statistics
