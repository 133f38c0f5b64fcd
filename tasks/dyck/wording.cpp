#include "tasks/dyck/wording.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tasks/dyck/strings.h"

namespace assay::tasks::dyck {
namespace {

using nlohmann::ordered_json;

const char* fact_name(const std::string& fact) {
  if (fact == "depth") return "open";
  if (fact == "token") return "last";
  if (fact == "violation") return "closed too many";
  return "ever closed too many";
}

std::string number_text(const ordered_json& fact, const ordered_json& number) {
  const auto value = number.get<double>();
  if (fact == "token") return value == kOpen ? "(" : ")";
  if (fact != "depth") return value == 0 ? "no" : "yes";
  return fmt::format("{}{:g}", value < 0 ? "−" : "", std::abs(value));
}

/// `open 1 0 −1 …; last ( ) ) …`: each fact along the string. @param value  [pos, facts].
std::string facts_text(const ordered_json& facts, const ordered_json& value) {
  std::string text;
  for (size_t f = 0; f < facts.size(); ++f) {
    text += fmt::format("{}{}", f == 0 ? "" : "; ", fact_name(facts[f].get<std::string>()));
    for (const ordered_json& position : value) {
      if (!position.is_array() || position.size() != facts.size() || !position[f].is_number())
        return "";
      text += " " + number_text(facts[f], position[f]);
    }
  }
  return text;
}

std::string of_node(const std::string& part, const ordered_json& node) {
  if (!node.contains("h")) return "";
  const std::string h = node["h"].value("operation", "");
  const bool equal = node.value("equality", "") == "equal";
  if (part == "equality" && equal && h == "balanced_by") return "the same answer";
  if (h != "prefix_facts") return "";
  if (part == "equality" && equal) return "the same facts at every parenthesis";
  const ordered_json facts = node["h"].at("parameters").value("facts", ordered_json());
  const bool named = facts.is_array() && std::ranges::all_of(facts, [](const ordered_json& fact) {
                       return fact.is_string();
                     });
  return part == "value" && named && node.at("value").is_array() ? facts_text(facts, node["value"])
                                                                 : "";
}

}  // namespace

Wording wording(int64_t length) {
  const auto nested = static_cast<size_t>(length / 2 - 1);
  return {.deed = "tells whether parentheses balance",
          .sentence = fmt::format(
              "It reads {} parentheses and answers whether they balance: whether each one that "
              "opens is closed again, and none is closed before.",
              length),
          .example =
              fmt::format("(){}{}: balanced", std::string(nested, '('), std::string(nested, ')')),
          .input = "string",
          .inputs = "strings",
          .of_node = of_node};
}

}  // namespace assay::tasks::dyck
