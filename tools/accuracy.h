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
/// Of a finished network, with what these inputs are: `99.9500% of 4,096 fresh inputs`.
std::string accuracy_sentence(const Accuracy& accuracy);

/// What a share was measured on, as members of a record say it.
struct MeasuredOn {
  std::optional<int64_t> inputs = {};
  std::optional<std::string> of = {};
  std::optional<std::vector<double>> interval = {};
};
MeasuredOn measured_on(const Accuracy& accuracy);

/// Beside a member NAME (interp/files/fields.h): `NAME_inputs`, `NAME_of` and `NAME_interval`.
template <class V>
void measured_on_fields(V& v, const std::string& name, MeasuredOn& on) {
  v((name + "_inputs").c_str(), on.inputs, "how many", interp::counts());
  v((name + "_of").c_str(), on.of, "which ones, in words");
  v((name + "_interval").c_str(), on.interval, "exact, of 95%; where they are independent draws",
    interp::json_shapes::list(interp::shares(), 2, 2));
}

/// `NAME`, and what it was measured on.
template <class V>
void accuracy_fields(V& v, const std::string& name, std::optional<Accuracy>& accuracy) {
  std::optional<double> share;
  MeasuredOn on;
  if (accuracy) {
    share = accuracy->share;
    on = measured_on(*accuracy);
  }
  v(name.c_str(), share, "share of inputs answered rightly", interp::shares());
  measured_on_fields(v, name, on);
  if (!accuracy && share)  // it is being read
    accuracy = {*share, on.inputs.value_or(0), on.of.value_or("inputs"), on.interval.has_value()};
}

}  // namespace assay::tools
