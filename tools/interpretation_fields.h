#pragma once
// What commands that write interpretations report, in JSON, member by member
// (interp/files/fields.h): what a derivation and a search for places found, which mutations there
// are, and what one changed.

#include <string>
#include <vector>

#include "axioms/alignment_fields.h"
#include "tools/record_fields.h"

namespace assay::tools {

struct EvidenceRecord {
  std::string node, statement;
  nlohmann::ordered_json value;
  bool supports = true;
};

struct DerivationRecord {
  nlohmann::ordered_json task;
  axioms::Source model;
  std::string variant;
  nlohmann::ordered_json fitted_on;
  std::vector<EvidenceRecord> evidence;
  std::string interpretation;
};

struct AlignmentRecord {
  nlohmann::ordered_json task;
  axioms::Source model;
  nlohmann::ordered_json fitted_on;
  std::vector<axioms::Alignment> nodes;
};

/// A mutation that there is.
struct MutationRecord {
  std::string name, help;
  bool applies = false;
};

struct MutationsRecord {
  std::vector<MutationRecord> mutations;
};

/// A mutation that was made.
struct MutatedRecord {
  std::string mutation, title, interpretation;
};

template <class V>
void fields(V& v, EvidenceRecord& fact) {
  v("node", fact.node, "of the interpretation");
  v("statement", fact.statement, "what was computed from weights or activations, in words");
  v("value", fact.value, "its numbers");
  v("supports", fact.supports, "false: the fact speaks against the interpretation");
}

template <class V>
void fields(V& v, DerivationRecord& record) {
  v("task", record.task, "name and settings", task_shape());
  v("model", record.model, "the network");
  v("variant", record.variant, "of the interpretation");
  v("fitted_on", record.fitted_on, "part, seed, count and hash of the inputs");
  v("evidence", record.evidence, "for and against the interpretation");
  v("interpretation", record.interpretation, "the file that was written");
}

template <class V>
void fields(V& v, AlignmentRecord& record) {
  v("task", record.task, "name and settings", task_shape());
  v("model", record.model, "the network");
  v("fitted_on", record.fitted_on, "part, seed, count and hash of the inputs");
  v("nodes", record.nodes, "one for each node that was looked for");
}

template <class V>
void fields(V& v, MutationRecord& mutation) {
  v("name", mutation.name, "as `--mutation` takes it");
  v("help", mutation.help, "what it changes");
  v("applies", mutation.applies, "to this interpretation");
}

template <class V>
void fields(V& v, MutationsRecord& record) {
  v("mutations", record.mutations, "all of the task");
}

template <class V>
void fields(V& v, MutatedRecord& record) {
  v("mutation", record.mutation, "that was made");
  v("title", record.title, "of the changed interpretation, which says what was changed");
  v("interpretation", record.interpretation, "the file that was written");
}

}  // namespace assay::tools
