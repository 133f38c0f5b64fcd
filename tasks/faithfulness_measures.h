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
/// - curves.insertion, curves.deletion: mean height of the two curves, in the target's unit
/// - soft.sufficiency, soft.comprehensiveness: with importances that sum to half the features, as
///   Hellinger distances
/// - soft-published.sufficiency, …: the same with importances that sum to 1, which rewards peaked
///   scores
/// - hard.sufficiency, …: with the features of the largest scores alone: the mean over 10, 20 … 50%
///   of them
/// - removal.error: of the changes of the target when up to 10 features go, taking scores to add
/// up:
///   squared, as a share of the error of predicting no change; 1 is no better than nothing
/// - removal-mse.01 … removal-mse.10: the squared errors behind it, by how many features go
///
/// Soft and hard ones are NaN where an input with all its features erased gives nearly the answer
/// of the whole (a Hellinger distance below 0.05), for every method alike. Baselines stand beside
/// them: `(all)`, the most that soft and hard ones can reach, so that a ratio of means to it is the
/// normalised metric; in removals `(ols)`, ordinary least squares with intercept on random ones,
/// and `(no change)`.
/// @param game  what taking features away means. @param scores  float64 [features] by name.
std::map<std::string, Measures> faithfulness_measures(
    const interp::attribution::Problem& problem, const interp::attribution::Game& game,
    const std::map<std::string, at::Tensor>& scores);

/// Of a measure by its name: deletion curves and errors of removals are better where they are low,
/// all others, those of agreement among them, where they are high.
bool lower_is_better(const std::string& measure);

}  // namespace assay::tasks
