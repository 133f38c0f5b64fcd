#pragma once
// The table mutation x axiom x node in JSON, member by member (interp/files/fields.h).

#include <string>

#include "tasks/mutation_table.h"
#include "tools/data_fields.h"
#include "tools/record_fields.h"

namespace assay::tasks {

template <class V>
void fields(V& v, MutatedRow& row) {
  v("node", row.node, "name of the node");
  v.through("axiom", row.axiom, axioms::axiom_as_json, axioms::axiom_from_json,
            interp::json_shapes::text_among({"PE", "CE", "PR", "CR"}), "PE, CE, PR or CR");
  v("n", row.after.n, "inputs", interp::counts());
  v("failures_before", row.before.failures, "of the unchanged interpretation", interp::counts());
  v("failures", row.after.failures, "of the mutated one", interp::counts());
  v("claim", row.claim, "the rate that the unchanged one keeps to", interp::shares());
  v.derived("caught", row.caught(), "whether that claim is violated");
  v("first_failure", row.first_failure, "index of the first failing input", interp::counts());
  v("violated_after", row.violated_after, "inputs from which on the claim is violated",
    interp::counts());
}

template <class V>
void fields(V& v, MutationResult& result) {
  v("mutation", result.mutation, "its name");
  v("seed", result.seed, "what it was made with");
  v("title", result.title, "of the mutated interpretation");
  v.derived("caught", result.caught(), "by a row or by an objection");
  v("rows", result.rows, "one per node and axiom");
  v("objections", result.objections, "why the mutated interpretation says nothing");
}

}  // namespace assay::tasks

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
  v("data", head.data, "the inputs, as in a validation", interp::shape_of<DataRecord>());
}

template <class V>
void fields(V& v, MutationPart& part) {
  v("model_sha256", part.model_sha256, "of the network");
  v("interpretation_sha256", part.interpretation_sha256, "of the unchanged interpretation");
  v("seed", part.seed, "of the mutations");
  v("inputs_text", part.inputs_text, "the inputs, in words");
}

}  // namespace assay::tools
