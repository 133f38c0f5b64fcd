#pragma once
// How faithful explanations of one input are to the network: the metrics of the field, for many
// explanations at once.

#include <ATen/core/Tensor.h>

#include <map>
#include <string>

#include "interp/attribution/game.h"
#include "interp/attribution/method.h"
#include "tasks/agreement.h"

namespace assay::tasks {

/// By name of the explanation:
///   `curves.insertion`, `curves.deletion`  mean height of the two curves, in the target's unit
///   `soft.sufficiency`, `soft.comprehensiveness`  with importances that sum to half the features,
///       as Hellinger distances, not divided by that of no input at all (which is the same for all)
///   `removal.error`  of the changes of the target when up to 10 features go, taking scores to add
///       up: squared, as a share of the error of predicting no change; 1 is no better than nothing
/// `(ols)`, ordinary least squares with intercept on random removals, stands beside them in
/// removal.
/// @param game  what taking features away means. @param scores  float64 [features] by name.
std::map<std::string, Measures> faithfulness_measures(
    const interp::attribution::Problem& problem, const interp::attribution::Game& game,
    const std::map<std::string, at::Tensor>& scores);

}  // namespace assay::tasks
