#pragma once
// What a step of a compiled network's interpretation holds, in the words of its program.

#include <nlohmann/json.hpp>
#include <string>

namespace assay::tasks::compiled {

/// Wording::of_node (capabilities.h): a value of run_lines as the program writes it, variable by
/// variable: `symbol c; asked 4`, or `symbol c c b` where it speaks of several positions.
std::string of_node(const std::string& part, const nlohmann::ordered_json& node);

}  // namespace assay::tasks::compiled
