#pragma once
// What a network or an interpretation decided, in the words of its task.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "axioms/claim.h"
#include "tasks/task.h"

namespace assay::tools {

/// `UNSAT`, `a tie`. @param decision  as axioms::decide() gives it: an index into the task's
/// answers.
std::string decision_text(const nlohmann::ordered_json& decision, const tasks::Task& task);

/// Finds the answer that a claim names, in upper or lower case, and writes its name as the task
/// does.
/// @throws std::invalid_argument for one that the task does not have, and for a task whose answers
///   are too many to be told apart.
void find_answer(axioms::Claim& claim, const tasks::Task& task);

/// `UNSAT`, where the value of a node is which of some tokens has the largest logit.
/// @param value  of one input, as reports have it. @param node  of the report.
/// @return nothing for values of any other kind.
std::optional<std::string> answer_text(const nlohmann::ordered_json& value,
                                       const nlohmann::ordered_json& node, const tasks::Task& task);

}  // namespace assay::tools
