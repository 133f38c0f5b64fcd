#include "tools/decisions.h"

#include "axioms/experiment.h"
#include "interp/files/json_shape.h"

namespace assay::tools {

std::string decision_text(const nlohmann::ordered_json& decision, const tasks::Task& task) {
  const std::vector<int64_t> answers = task.answers();
  const auto index = decision.get<int64_t>();
  if (index == axioms::kTie) return "a tie";
  return task.answer_name(answers.at(index));
}

std::optional<std::string> answer_text(const nlohmann::ordered_json& value,
                                       const nlohmann::ordered_json& node,
                                       const tasks::Task& task) {
  if (!node.contains("alpha") || node["alpha"].at("operation") != "argmax_of") return std::nullopt;
  const auto tokens = interp::read_as<std::vector<int64_t>>(
      node["alpha"].at("parameters").at("tokens"), "the tokens of argmax_of");
  const auto chosen =
      interp::read_as<int64_t>(value.is_array() ? value.at(0) : value, "the token chosen");
  return task.answer_name(tokens.at(static_cast<size_t>(chosen)));
}

}  // namespace assay::tools
