#include "tools/equality_words.h"

#include <algorithm>

#include "tasks/registry.h"
#include "tasks/wording.h"

namespace assay::tools {
namespace {

/// The operation of a report's text: `equal_rounded, decimals 3`.
circuits::Operation operation_of(const std::string& text) {
  const std::string between = ", ";
  size_t end = text.find(between);
  circuits::Operation operation{.name = text.substr(0, end), .tensors = {}};
  while (end != text.npos) {
    const size_t begin = end + between.size();
    end = text.find(between, begin);
    const std::string parameter = text.substr(begin, end == text.npos ? end : end - begin);
    const size_t blank = parameter.find(' ');
    if (blank != parameter.npos)
      operation.parameters[parameter.substr(0, blank)] =
          nlohmann::json::parse(parameter.substr(blank), nullptr, false);
  }
  return operation;
}

}  // namespace

std::string equality_words(const axioms::Report& report, const std::string& name,
                           const tasks::Task& task) {
  const auto node = std::ranges::find(report.nodes, name, &axioms::ReportNode::name);
  if (node == report.nodes.end()) return "";
  if (const auto& of_node = tasks::wording_of(task).of_node) {
    const nlohmann::ordered_json json = {{"node", node->name},
                                         {"equality", node->equality},
                                         {"h",
                                          {{"operation", node->definition.h.operation},
                                           {"parameters", node->definition.h.parameters}}}};
    if (const std::string own = of_node("equality", json); !own.empty()) return own;
  }
  return circuits::sentence_of(tasks::operations().equalities, operation_of(node->equality));
}

}  // namespace assay::tools
