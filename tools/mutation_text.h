#pragma once
// The table mutation x axiom x node, for people and for machines.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tasks/mutation_table.h"
#include "tools/record_fields.h"
#include "tools/terminal.h"

namespace assay::tools {

/// What a table's record says beside its mutations.
struct MutationTableHead {
  std::string title;
  nlohmann::ordered_json data;
};

/// In what parts of one table agree beside the head; stands in their member `shard`.
struct MutationPart {
  std::string model_sha256, interpretation_sha256;
  uint64_t seed = 0;
  std::string inputs_text;
};

template <class V>
void fields(V& v, MutationTableHead& head) {
  v("title", head.title, "of the unchanged interpretation");
  v("data", head.data, "the inputs, as in a validation");
}

template <class V>
void fields(V& v, MutationPart& part) {
  v("model_sha256", part.model_sha256, "of the network");
  v("interpretation_sha256", part.interpretation_sha256, "of the unchanged interpretation");
  v("seed", part.seed, "of the mutations");
  v("inputs_text", part.inputs_text, "the inputs, in words");
}

void print_mutations(const std::vector<tasks::MutationResult>& results, const Console& console);

nlohmann::ordered_json to_json(const std::vector<tasks::MutationResult>& results);
nlohmann::ordered_json to_json(const tasks::MutationResult& result);
/// Reads what to_json() wrote. @throws std::runtime_error "WHERE: field …".
tasks::MutationResult mutation_from_json(const nlohmann::ordered_json& json,
                                         const std::string& where = "a mutation");
std::vector<tasks::MutationResult> mutations_from_json(const nlohmann::ordered_json& list,
                                                       const std::string& where);

}  // namespace assay::tools
