#pragma once
// The table mutation x axiom x node, for people and for machines.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tasks/mutation_table.h"
#include "tools/terminal.h"

namespace assay::tools {

/// What was changed: the end of the title.
std::string change_of(const tasks::MutationResult& result);
/// `13 of 14 mutations are caught`
std::string caught_sentence(const std::vector<tasks::MutationResult>& results);
void print_mutations(const std::vector<tasks::MutationResult>& results, const Console& console);

nlohmann::ordered_json to_json(const std::vector<tasks::MutationResult>& results);
nlohmann::ordered_json to_json(const tasks::MutationResult& result);
/// Reads what to_json() wrote. @throws std::runtime_error "WHERE: field …".
tasks::MutationResult mutation_from_json(const nlohmann::ordered_json& json,
                                         const std::string& where = "a mutation");
std::vector<tasks::MutationResult> mutations_from_json(const nlohmann::ordered_json& list,
                                                       const std::string& where);

}  // namespace assay::tools
