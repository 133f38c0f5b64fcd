#include "tasks/compiled/wording.h"

#include <algorithm>
#include <vector>

#include "tasks/compiled/built_in.h"
#include "tasks/compiled/program.h"

namespace assay::tasks::compiled {
namespace {

using nlohmann::ordered_json;

/// The program whose lines a node runs: of a wrong interpretation the rival.
Program program_run_by(const ordered_json& parameters) {
  const ordered_json& named = parameters.at("program");
  const ordered_json json =
      named.is_object() ? named : program_of_setting(named.get<std::string>());
  return parameters.at("rival").get<bool>() ? rival_from_json(json) : program_from_json(json);
}

/// Whether it is int64 [pos, variables], each the index of one of the variable's values or -1.
bool is_value_of(const ordered_json& value, const std::vector<std::vector<std::string>>& names) {
  const auto fits = [&](const ordered_json& position) {
    if (!position.is_array() || position.size() != names.size()) return false;
    for (size_t v = 0; v < names.size(); ++v)
      if (!position[v].is_number_integer() || position[v] < kNone ||
          position[v] >= std::ssize(names[v]))
        return false;
    return true;
  };
  return value.is_array() && std::ranges::all_of(value, fits);
}

std::string values_text(const ordered_json& parameters, const ordered_json& value) {
  const Program program = program_run_by(parameters);
  const auto wanted = parameters.at("wanted").get<std::vector<std::string>>();
  const auto positions = parameters.at("positions").get<std::vector<int64_t>>();
  std::vector<std::vector<std::string>> names;
  for (const std::string& variable : wanted) names.push_back(program.values_of(variable));
  if (!is_value_of(value, names) || value.size() != positions.size()) return "";
  std::string text;
  for (size_t v = 0; v < wanted.size(); ++v) {
    text += (v == 0 ? "" : "; ") + wanted[v];
    for (size_t p = 0; p < value.size(); ++p) {
      const auto index = value[p][v].get<int64_t>();
      if (index >= 0)
        text += " " + names[v][static_cast<size_t>(index)];
      else if (positions[p] > 0)  // at the mark there is no symbol to speak of
        text += " –";
    }
  }
  return text;
}

}  // namespace

std::string of_node(const std::string& part, const ordered_json& node) {
  if (part != "value" || node.at("h").value("operation", "") != "run_lines") return "";
  const ordered_json& parameters = node["h"].at("parameters");
  return parameters.contains("answers") ? "" : values_text(parameters, node.at("value"));
}

}  // namespace assay::tasks::compiled
