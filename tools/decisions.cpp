#include "tools/decisions.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <stdexcept>

#include "axioms/checker.h"
#include "axioms/experiment.h"
#include "interp/files/json_shape.h"
#include "interp/names.h"

namespace assay::tools {

std::string decision_text(const nlohmann::ordered_json& decision, const tasks::Task& task) {
  const std::vector<int64_t> answers = task.answers();
  const auto index = decision.get<int64_t>();
  if (index == axioms::kTie) return "a tie";
  return task.answer_name(answers.at(index));
}

void find_answer(axioms::Claim& claim, const tasks::Task& task) {
  const std::vector<int64_t> answers = task.answers();
  if (std::ssize(answers) > axioms::kMostAnswers)
    throw std::invalid_argument(
        fmt::format("claim on {}: rates are told by answer where there are at most {}, not {}",
                    claim.row(), axioms::kMostAnswers, answers.size()));
  const auto same = [](char one, char other) {
    return std::tolower(static_cast<unsigned char>(one)) ==
           std::tolower(static_cast<unsigned char>(other));
  };
  std::vector<std::string> names;
  for (const int64_t answer : answers) {
    names.push_back(task.answer_name(answer));
    if (!std::ranges::equal(names.back(), claim.answer, same)) continue;
    claim.answer = names.back();
    claim.answer_index = std::ssize(names) - 1;
    return;
  }
  throw std::invalid_argument(fmt::format("claim on {}: unknown answer '{}'; {}", claim.row(),
                                          claim.answer, interp::there_are(names, claim.answer)));
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
