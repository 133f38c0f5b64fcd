#pragma once
// What a network or an interpretation decided, in the words of its task.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "tasks/task.h"

namespace assay::tools {

/// The node that decides: the last one from which no other is computed.
/// @param nodes  of a report, at least one.
const nlohmann::ordered_json& deciding_node(const nlohmann::ordered_json& nodes);

/// `UNSAT`, where the value of a node is which of some tokens has the largest logit.
/// @param value  of one input, as reports have it. @param node  of the report.
/// @return nothing for values of any other kind.
std::optional<std::string> decision_text(const nlohmann::ordered_json& value,
                                         const nlohmann::ordered_json& node,
                                         const tasks::Task& task);

}  // namespace assay::tools
