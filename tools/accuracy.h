#pragma once
// How often a network is right, and on which inputs that was found out.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "interp/files/fields.h"

namespace assay::tools {

struct Accuracy {
  double share = 0;  ///< of the inputs answered rightly
  int64_t inputs = 0;
  std::string of = {};  ///< which inputs, in words
  bool draws = false;   ///< they are independent draws of what the accuracy is meant to be about
};

/// The exact binomial one (Clopper-Pearson) of 95%, where inputs are draws.
std::optional<std::vector<double>> interval_of(const Accuracy& accuracy);
/// `99.95% [99.81%, 99.99%] of 4,096`
std::string accuracy_in_words(const Accuracy& accuracy, int decimals);

/// Members of a record (interp/files/fields.h): `NAME`, `NAME_inputs`, `NAME_of` and
/// `NAME_interval`.
template <class V>
void accuracy_fields(V& v, const std::string& name, std::optional<Accuracy>& accuracy) {
  std::optional<double> share;
  std::optional<int64_t> inputs;
  std::optional<std::string> of;
  std::optional<std::vector<double>> interval;
  if (accuracy) {
    share = accuracy->share;
    inputs = accuracy->inputs;
    of = accuracy->of;
    interval = interval_of(*accuracy);
  }
  v(name.c_str(), share, "share of inputs answered rightly", interp::shares());
  v((name + "_inputs").c_str(), inputs, "how many", interp::counts());
  v((name + "_of").c_str(), of, "which ones, in words");
  v((name + "_interval").c_str(), interval, "exact, of 95%; where they are independent draws",
    interp::json_shapes::list(interp::shares(), 2, 2));
  if (!accuracy && share)  // it is being read
    accuracy = {*share, inputs.value_or(0), of.value_or("inputs"), interval.has_value()};
}

}  // namespace assay::tools
