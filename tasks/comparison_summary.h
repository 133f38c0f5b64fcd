#pragma once
// A comparison of methods in figures: means over inputs, how far they can be trusted, and what
// scores that know nothing would have reached.

#include <map>
#include <string>
#include <vector>

#include "interp/bootstrap.h"
#include "tasks/comparison.h"

namespace assay::tasks {

/// The mean of a measure over the inputs on which it is defined.
struct MeanMeasure {
  double mean = 0;
  interp::Interval interval;  ///< mean_interval() over inputs
  int64_t inputs = 0;
};

/// Something that is to be said of some inputs.
struct Note {
  int64_t inputs = 0;
  std::string first;  ///< in the words of the first
};

struct MethodSummary {
  std::string method;
  std::map<std::string, MeanMeasure> measures;
  double rows = 0, seconds = 0;  ///< per explanation, on average over those that there are
  Note caveats = {};
  Note failures = {};  ///< inputs without an explanation, left out of all averages
};

struct ComparisonSummary {
  std::vector<MethodSummary> methods;
  /// Between which bounds the mean of a measure lies where scores know nothing.
  std::map<std::string, interp::Interval> random;
};

/// Measures that are defined on no input are left out.
ComparisonSummary summarise(const Comparison& comparison, const interp::Bootstrap& bootstrap = {});

nlohmann::ordered_json to_json(const ComparisonSummary& summary);

}  // namespace assay::tasks
