#pragma once
// What the derivations of all tasks share: which variant, on which inputs, the node that is the
// answer, and facts beside the nodes that they are about.

#include <ATen/core/TensorBody.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tasks/capabilities.h"

namespace assay::tasks {

/// The variant that is asked for, or the task's first. @throws std::invalid_argument if there is
///   none of this name.
std::string variant_of(const Task& task, const DeriveConfig& config);

/// Interpretation::fitted_on.
nlohmann::json fitted_on(const DeriveConfig& config, int64_t count, const std::string& sha256);

/// The inputs that a derivation is fitted on, as they are drawn.
struct FittingInputs {
  at::Tensor tokens;         ///< int64 [input, pos]
  nlohmann::json fitted_on;  ///< Interpretation::fitted_on
};
/// As many as are asked for, or as Interpretations::inputs says.
/// @throws std::invalid_argument for fewer than one.
FittingInputs fitting_inputs(const Task& task, const DeriveConfig& config);

/// Where an answer stands and what it may be.
struct AnswerPlace {
  int64_t position = 0;
  std::vector<int64_t> answers;  ///< tokens: the one with the largest logit is the answer
  int64_t d_vocab = 0;
};
/// The node whose value is the network's answer. γ writes logits from which it is read.
circuits::Node answer_node(const std::string& name, std::vector<std::string> parents,
                           circuits::Operation h, const AnswerPlace& place);

/// The interpretation, with every fact at the node that it is about.
Derivation derivation_of(circuits::Interpretation interpretation, std::vector<Evidence> evidence);

}  // namespace assay::tasks
