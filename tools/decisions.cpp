#include "tools/decisions.h"

#include <algorithm>
#include <set>

namespace assay::tools {

const nlohmann::ordered_json& deciding_node(const nlohmann::ordered_json& nodes) {
  std::set<std::string> parents;
  for (const auto& node : nodes)
    if (node.contains("parents"))
      for (const std::string parent : node["parents"]) parents.insert(parent);
  const auto decides = [&](const auto& node) {
    return !parents.contains(node.at("node").template get<std::string>());
  };
  const auto last = std::find_if(nodes.rbegin(), nodes.rend(), decides);
  return last == nodes.rend() ? nodes.back() : *last;
}

std::optional<std::string> decision_text(const nlohmann::ordered_json& value,
                                         const nlohmann::ordered_json& node,
                                         const tasks::Task& task) {
  if (!node.contains("alpha") || node["alpha"].at("operation") != "argmax_of") return std::nullopt;
  const auto& tokens = node["alpha"].at("parameters").at("tokens");
  const auto& chosen = value.is_array() ? value.at(0) : value;
  return task.answer_name(tokens.at(chosen.get<size_t>()));
}

}  // namespace assay::tools
