#pragma once
// A comparison of methods in figures: means over inputs, how far they can be trusted, and what
// scores that know nothing would have reached.

#include <map>
#include <string>
#include <vector>

#include "interp/statistics/bootstrap.h"
#include "tasks/comparison.h"

namespace assay::tasks {

/// The mean of a measure over the inputs on which it is defined.
struct MeanMeasure {
  double mean = 0;
  statistics::Interval interval;  ///< mean_interval() over inputs
  int64_t inputs = 0;
};

/// Something that is to be said of some inputs.
struct Note {
  int64_t inputs = 0;
  std::string first;  ///< in the words of the first
  bool empty() const { return inputs == 0; }
};

struct MethodSummary {
  std::string method;
  std::map<std::string, MeanMeasure> measures;
  double rows = 0, seconds = 0;  ///< per explanation, on average over those that there are
  Note caveats = {};
  Note failures = {};  ///< inputs without an explanation, left out of all averages
};

/// How far the leader of a measure is from another method, input by input.
struct PairedDifference {
  std::string method;             ///< the other one
  double mean = 0;                ///< of the leader's value less the other's; NaN: no common input
  statistics::Interval interval;  ///< of that mean; all intervals of a leader hold together
  int64_t inputs = 0;             ///< on which both have the measure

  /// Does the interval exclude 0? One difference, or none, tells nothing.
  bool tells_apart() const { return interval.exists() && (interval.low > 0 || interval.high < 0); }
};

/// The method with the best mean of a measure, and whether that says that it is the best one.
struct Leader {
  std::string method;
  std::vector<std::string> not_told_apart;         ///< whose paired differences from it may be 0
  std::vector<PairedDifference> differences = {};  ///< from each rival; earlier reports have none
  bool above_chance = true;  ///< or there are no scores that know nothing to compare with

  bool is_best() const { return not_told_apart.empty() && above_chance; }
};

struct ComparisonSummary {
  std::vector<MethodSummary> methods;
  /// By measure, where two methods or more have it. Baselines and what a measure holds scores
  /// against do not compete. Methods explain the same inputs, so their differences are taken input
  /// by input: the leader is told apart from another where the bootstrap interval of the mean
  /// difference excludes 0, at a confidence at which all intervals of the measure hold together
  /// (Bonferroni over the leader's rivals).
  std::map<std::string, Leader> leaders;
  /// Between which bounds the mean of a measure lies where scores know nothing.
  std::map<std::string, statistics::Interval> random;
};

/// Measures that are defined on no input are left out.
ComparisonSummary summarise(const Comparison& comparison,
                            const statistics::Bootstrap& bootstrap = {});

/// `none is best: lime leads, not told apart from random`
std::string in_words(const Leader& leader);

nlohmann::ordered_json to_json(const ComparisonSummary& summary);

}  // namespace assay::tasks
