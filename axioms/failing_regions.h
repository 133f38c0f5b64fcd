#pragma once
// Where an interpretation works and where it does not: which features of an input tell those on
// which a row fails from the others (arXiv 2605.02234, with features that the task knows).
//
// A tree of at most two questions (interp/statistics/decision_tree.h) is fitted on one part of the
// inputs and reported on the rest, so the rates of its leaves are not those that it was chosen for.
// With independent draws, the first inputs are fitted on: those before 128 * 2^k, for the largest k
// that leaves at least as many others. Whoever stops when claims are decided can only have stopped
// with one of log2(limit / 256) + 1 trees, each of which was fixed before the inputs that it is
// measured on. So bounds that hold at all times (interp/statistics/sequential.h), at a level
// divided by the number of these trees, hold wherever one stops. Of a list or a domain, whose order
// may mean something, half of the inputs is drawn at random.
//
// What is counted per combination of features adds up over shards; trees are fitted when all parts
// are there.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "interp/statistics/decision_tree.h"

namespace assay::axioms {

/// Something that can be said of an input, as a whole number from 0.
struct InputFeature {
  std::string name;                      ///< a noun: `the number of repeated clauses`
  bool category = false;                 ///< its values have no order
  std::vector<std::string> values = {};  ///< of a category: their names; empty: numbers
};

/// What a task knows of its inputs. Features should have few values, tens or hundreds: memory grows
/// with the number of combinations that occur.
struct InputFeatures {
  static constexpr const char* kAbsent = "no features of the inputs of {} are known";
  std::vector<InputFeature> all;
  /// int64 [batch, pos], on the CPU -> int64 [batch, features], none negative. Thread-safe.
  std::function<at::Tensor(const at::Tensor& tokens)> of;
};

/// How inputs are divided into those that trees are fitted on and the rest.
struct Division {
  bool drawn = true;  ///< inputs are independent draws, so that their order means nothing

  /// The block of an input, by its index alone: blocks stay together.
  int64_t block_of(int64_t input) const;
  /// Trees are fitted on the blocks below this one, where n inputs are counted.
  int64_t fitted_blocks(int64_t n) const;
};

/// Inputs, and failures of each row, by block and features.
struct FeatureCounts {
  struct Count {
    int64_t inputs = 0;
    std::map<int64_t, int64_t> failures = {};  ///< by row: node by node, in the order of kAxioms
    bool operator==(const Count&) const = default;
  };
  std::map<std::vector<int64_t>, Count> cells = {};  ///< by block, then the value of each feature
  FeatureCounts& operator+=(const FeatureCounts& other);
  bool operator==(const FeatureCounts&) const = default;
};

/// Counts one chunk of inputs.
class FeatureTally {
 public:
  /// @param tokens  int64 [batch, pos] of inputs first, first + 1, …
  /// @throws std::logic_error if the task gives features of another shape, or negative ones.
  FeatureTally(const InputFeatures& features, const Division& division, const at::Tensor& tokens,
               int64_t first);
  void add(int64_t row, const at::Tensor& failed);  ///< bool [batch]
  const FeatureCounts& counts() const { return counts_; }

 private:
  FeatureCounts counts_;
  std::vector<FeatureCounts::Count*> of_input_;
};

/// A question about a feature with its answer.
struct RegionCondition {
  std::string feature;
  statistics::Relation relation = statistics::Relation::AtMost;
  int64_t value = 0;
  std::optional<std::string> value_name = {};  ///< of a category with names
  std::string words() const;                   ///< `the number of repeated clauses is at least 1`
};

/// Inputs on which all conditions hold: a leaf of the tree.
struct Region {
  std::vector<RegionCondition> conditions;
  statistics::Estimate fitted;    ///< among the inputs that the tree was fitted on
  statistics::Estimate held_out;  ///< among the others
  double lower = 0, upper = 1;    ///< bounds of its rate, from held_out
};

/// Where one row fails. Everything but the counts and conditions is computed by conclude().
struct FailingRegions {
  statistics::Estimate fitted, held_out;  ///< of all inputs
  std::vector<Region> regions = {};       ///< they share out all inputs, the highest rate first (of
                                     ///< those fitted on); none: no feature tells failing inputs
  double others_upper = 1;   ///< bound of the rate outside of the first region, from held_out
  bool generalises = false;  ///< the first region surely fails more often than the rest
  std::string sentence = {};

  statistics::Estimate others() const;  ///< held out, outside of the first region
};

/// Fewer failures among the inputs fitted on are no reason to look for a rule.
inline constexpr int64_t kFewestFailures = 5;

/// Fits the tree of one row.
FailingRegions failing_regions(const FeatureCounts& counts,
                               const std::vector<InputFeature>& features, int64_t row,
                               const Division& division);

/// @param confidence  that no row of the report is wrongly said to generalise; `chances`: how many
///   rows and trees share the error.
/// @param anytime  the run ended when it had seen enough.
void conclude(FailingRegions& where, double confidence, int64_t chances, bool anytime);

/// @throws std::invalid_argument unless the regions share out all inputs and the counts add up to
///   those of the row.
void require_consistent(const FailingRegions& where, const statistics::Estimate& row);

}  // namespace assay::axioms
