#pragma once
// What was proved, and what a search for a failing input came to, in JSON, member by member
// (interp/files/fields.h).

#include <optional>
#include <string>
#include <vector>

#include "axioms/proofs/equal_rows.h"
#include "tools/record_fields.h"

namespace assay::proofs {

template <class V>
void fields(V& v, EqualRows& rows) {
  v("rows", rows.rows, "rows of a validation that fail on the same inputs",
    interp::json_shapes::list(interp::json_shapes::text(), 1));
  v("never", rows.never, "on none");
  v("is_error", rows.is_error, "on those on which the network's answer is wrong");
  v("because", rows.because, "the statements that it follows from");
}

}  // namespace assay::proofs

namespace assay::tools {

struct DomainRecord {
  std::string name, words, inputs;
  std::optional<std::string> right;
};

/// One alternative of `node = program`, at the position that is read.
struct CaseRecord {
  int64_t position = 0;
  std::string text, verdict;
  std::optional<double> margin;
  std::optional<std::string> closest;
};

struct RoundingRecord {
  double error = 0;
  std::string words;
};

struct StatementRecord {
  std::string statement;
  std::optional<std::string> node;
  std::string verdict, words;
  std::optional<double> margin, cpu_seconds;
  std::optional<std::vector<CaseRecord>> cases;
  std::optional<nlohmann::ordered_json> proof;
  std::optional<std::string> closest;
  std::optional<RoundingRecord> float32;
  std::optional<std::string> input, network, right;
};

struct ProofsRecord {
  std::string title;
  nlohmann::ordered_json task;
  axioms::Source model;
  TitledSource interpretation;
  DomainRecord domain;
  std::optional<std::string> certificate;
  std::vector<StatementRecord> statements;
  std::vector<proofs::EqualRows> rows;
};

struct ClosestInput {
  std::string input;
  double value = 0;
};

struct AttackRecord {
  std::optional<nlohmann::ordered_json> task = {};  ///< earlier searches do not say
  axioms::Source model;
  std::string row, domain;
  uint64_t seed = 0;
  int64_t runs = 0, climbs = 0;
  std::optional<std::string> input, right, network;
  std::optional<ClosestInput> closest;
};

template <class V>
void fields(V& v, DomainRecord& domain) {
  v("name", domain.name, "the task's name for it");
  v("words", domain.words, "which inputs these are");
  v("inputs", domain.inputs, "how many, in words");
  v("right", domain.right, "what the right answer is, in words");
}

inline interp::Shape proof_verdicts() {
  return interp::json_shapes::text_among({"proved", "refuted", "open"});
}

template <class V>
void fields(V& v, CaseRecord& one) {
  v("position", one.position, "that is read", interp::counts());
  v("text", one.text, "the alternative that stands there");
  v("verdict", one.verdict, "proved, refuted or open", proof_verdicts());
  or_null(v, "margin", one.margin, "a lower bound; null: none");
  v("closest", one.closest, "the input that comes closest to failing");
}

template <class V>
void fields(V& v, RoundingRecord& rounding) {
  v("error", rounding.error, "how far it can move the margin, at most",
    interp::json_shapes::nullable(interp::json_shapes::number()));
  v("words", rounding.words, "for which orders of operations, and what it leaves");
}

/// Of what certificates say in proof of a statement, the page shows the least margin.
inline interp::Shape proof_shape() {
  namespace shapes = interp::json_shapes;
  return shapes::object({shapes::optional("least_margin", shapes::nullable(shapes::number()))});
}

template <class V>
void fields(V& v, StatementRecord& statement) {
  v("statement", statement.statement,
    "`h = specification`, `suffix`, `node = program` or `output = specification`");
  or_null(v, "node", statement.node, "of which node; null: the whole interpretation");
  v("verdict", statement.verdict, "proved, refuted or open", proof_verdicts());
  v("words", statement.words, "what was shown, or what is left");
  v("margin", statement.margin, "the least one, a lower bound",
    interp::json_shapes::nullable(interp::json_shapes::number()));
  v("cpu_seconds", statement.cpu_seconds, "that it took", interp::json_shapes::number(0));
  v("cases", statement.cases, "of `node = program`, in place of the proof");
  v("proof", statement.proof, "as in a certificate", proof_shape());
  v("closest", statement.closest, "the input of the least margin, as text");
  v("float32", statement.float32, "what rounding in float32 can do");
  v("input", statement.input, "that refutes it, as text");
  v("network", statement.network, "what the network says on it");
  v("right", statement.right, "what is right");
}

template <class V>
void fields(V& v, ProofsRecord& record) {
  v("title", record.title, "of the interpretation");
  v("task", record.task, "name and settings", task_shape());
  v("model", record.model, "the network");
  v("interpretation", record.interpretation, "what is said of it");
  v("domain", record.domain, "the inputs that the statements are about");
  v("certificate", record.certificate, "the file that was written, if one was asked for");
  v("statements", record.statements, "what was proved, refuted or left open");
  v("rows", record.rows, "what follows for the rows of a validation");
}

template <class V>
void fields(V& v, ClosestInput& closest) {
  v("input", closest.input, "as text");
  v("value", closest.value, "how close it came; above 0 it would fail",
    interp::json_shapes::nullable(interp::json_shapes::number()));
}

template <class V>
void fields(V& v, AttackRecord& record) {
  v("task", record.task, "name and settings", task_shape());
  v("model", record.model, "the network");
  v("row", record.row, "that was to fail; `answer`: the network's answer");
  v("domain", record.domain, "name of the inputs that were searched");
  v("seed", record.seed, "of the search");
  v.derived("found", record.input.has_value(), "an input that fails");
  v("runs", record.runs, "inputs tried", interp::counts());
  v("climbs", record.climbs, "random inputs that were started from", interp::counts());
  v("input", record.input, "the one found, as text");
  v("right", record.right, "what is right on it");
  v("network", record.network, "what the network says");
  v("closest", record.closest, "the input that came closest, if none was found");
}

}  // namespace assay::tools
