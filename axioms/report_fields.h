#pragma once
// What a validation report is in JSON, member by member (interp/files/fields.h). Everything that
// conclude() computes is derived: it is written, and computed anew when a report is read.

#include "axioms/experiment.h"
#include "axioms/failing_regions_fields.h"
#include "axioms/report.h"
#include "interp/files/fields.h"

namespace assay::statistics {

template <class V>
void fields(V& v, Estimate& estimate) {
  v("n", estimate.n, "inputs", interp::counts());
  v("failures", estimate.failures, "how many of them fail", interp::counts());
  v.derived("rate", estimate.rate(), "their share", interp::shares());
}

}  // namespace assay::statistics

namespace assay::interp {

template <class V>
void fields(V& v, Range& range) {
  v("first", range.first, "index of the first input", counts());
  v("count", range.count, "how many", counts());
}

template <class V>
void fields(V& v, Blas& blas) {
  v("library", blas.library, "the file that matrix products come from");
  v("configuration", blas.configuration, "what OpenBLAS says of itself");
  v("core", blas.core, "the processor that its kernels are made for");
  v("gflops", blas.gflops, "measured on one thread", json_shapes::number(0));
  v("fast", blas.fast, "whether that is as fast as it should be");
}

}  // namespace assay::interp

namespace assay::axioms {

/// Bytes, two digits each.
interp::Shape hex_text();
// What JSON says in another way than the members.
nlohmann::ordered_json cut_as_json(interp::Found path_around);
interp::Found cut_from_json(const nlohmann::ordered_json& complete_cut);
nlohmann::ordered_json axiom_as_json(Axiom axiom);
Axiom axiom_from_json(const nlohmann::ordered_json& name);
nlohmann::ordered_json scope_as_json(Scope scope);
Scope scope_from_json(const nlohmann::ordered_json& name);
nlohmann::ordered_json readings_as_json(const Readings::Counts& counts);
Readings::Counts readings_from_json(const nlohmann::ordered_json& list);

template <class V>
void fields(V& v, Source& source) {
  v("path", source.path, "where it was read");
  v("sha256", source.sha256, "its hash");
}

template <class V>
void fields(V& v, Times& times) {
  v("started", times.started, "UTC, ISO 8601");
  v("seconds", times.seconds, "of the check, by the clock", interp::json_shapes::number(0));
  v("cpu_seconds", times.cpu_seconds, "of processor time", interp::json_shapes::number(0));
}

template <class V>
void fields(V& v, OperationText& operation) {
  v("operation", operation.operation, "its name");
  v("parameters", operation.parameters, "without tensors",
    interp::json_shapes::map(interp::json_shapes::anything()));
}

template <class V>
void fields(V& v, Objection& objection) {
  v("node", objection.node, "the node concerned");
  v("kind", objection.kind, "`early answer`, … (docs/mutations.md)");
  v("violates", objection.violates, "the informal axiom");
  v("reason", objection.reason, "what was seen, with its numbers");
}

template <class V>
void fields(V& v, Remark& remark) {
  v("node", remark.node, "the node concerned; empty: the whole");
  v("text", remark.text, "what is said of it");
}

template <class V>
void fields(V& v, Grip& grip) {
  v("inputs", grip.inputs, "inputs tried", interp::counts());
  v("changed", grip.changed, "decisions that changed", interp::counts());
  v("pairs", grip.pairs, "inputs decided differently from the other one", interp::counts());
  v("followed", grip.followed, "of these, how many came to the other's decision", interp::counts());
}

/// One unmapped part, as `Exchange::parts` holds it by its name.
struct PartCounts {
  std::string part;
  statistics::Estimate estimate;
};

template <class V>
void fields(V& v, PartCounts& counts) {
  v("part", counts.part, "where it is");
  fields(v, counts.estimate);
}

nlohmann::ordered_json parts_as_json(const std::map<std::string, statistics::Estimate>& parts);
std::map<std::string, statistics::Estimate> parts_from_json(const nlohmann::ordered_json& list);

template <class V>
void fields(V& v, Exchange& exchange) {
  v("changing", exchange.changing, "pairs in which the program's answer changes (not of UM)");
  v("resampled", exchange.resampled,
    "the same pairs with all unmapped parts of the node's sites taken from a third input");
  v.through("parts", exchange.parts, parts_as_json, parts_from_json,
            interp::json_shapes::list(interp::shape_of<PartCounts>()),
            "of UM: each unmapped part resampled alone");
  v("drawn", exchange.drawn,
    "sources were drawn, so that the rate carries bounds even where inputs are all there are");
}

template <class V>
void fields(V& v, Witness& witness) {
  using namespace interp::json_shapes;
  v("input", witness.input, "its index in the stream", interp::counts());
  v("tokens", witness.tokens, "the input", list(interp::counts(), 1));
  v("network", witness.network,
    "the network's value; of PR and CR its decision, an index into the task's answers (-1: a tie)");
  v("interpretation", witness.interpretation,
    "the interpretation's; of PR and CR the decision of the replaced run");
  v.if_any("sources", witness.sources,
           "of an interchange: the inputs that values were taken from; the decisions are then the "
           "network's and the one expected");
}

template <class V>
void fields(V& v, ReportNode& node) {
  using namespace interp::json_shapes;
  v("node", node.name, "its name");
  v("inherited_failures", node.inherited, "PE failures that a parent's wrong value explains",
    interp::counts());
  v.derived("introduced_failures", node.introduced, "PE failures that are new here",
            interp::counts());
  v("equality", node.equality, "which values count as the same");
  v.through("complete_cut", node.around.found, cut_as_json, cut_from_json, nullable(boolean()),
            "whether its sites are a complete cut; null: not known");
  v("path_around", node.around.path, "a path that they do not cut");
  v("has_evidence", node.has_evidence, "whether the interpretation gives any");
  v("grip", node.grip, "what follows when another input's value is written at its sites");
  v("parents", node.definition.parents, "what the interpretation says of it, here and below");
  v("sites", node.definition.sites, "where γ writes");
  v("reads", node.definition.reads, "what α reads");
  v("h", node.definition.h, "the value from the parents' values");
  v("alpha", node.definition.alpha, "the value from activations");
  v("gamma", node.definition.gamma, "activations from the value");
  v("evidence", node.definition.evidence, "what speaks for it",
    list(object({optional("statement", text()), optional("supports", boolean())})));
}

template <class V>
void fields(V& v, AnswerCounts& counts) {
  v("answer", counts.answer, "index into the task's answers (-1: a tie)",
    interp::json_shapes::integer(kTie, interp::kMostCounted));
  fields(v, counts.estimate);
  v("unrelated", counts.unrelated, "with the value of an unrelated input");
}

template <class V>
void fields(V& v, ProvedStatement& statement) {
  v("statement", statement.statement, "`h = specification`, `suffix`, `node = program`");
  v("node", statement.node, "of which node; empty: the whole interpretation");
  v("verdict", statement.verdict, "proved, refuted or open",
    interp::json_shapes::text_among({"proved", "refuted", "open"}));
  v("words", statement.words, "what was shown, or what is left");
  v("margin", statement.margin, "the least margin, a lower bound", interp::json_shapes::number(0));
  v("float32_error", statement.float32_error, "how far rounding in float32 can move it, at most",
    interp::json_shapes::number(0));
}

template <class V>
void fields(V& v, ProvedRows& rows) {
  v("rows", rows.rows, "rows that fail on the same inputs",
    interp::json_shapes::list(interp::json_shapes::text(), 1));
  v("never", rows.never, "on none");
  v("margin", rows.margin, "by which they never do", interp::json_shapes::number(0));
  v("because", rows.because, "the statements that it follows from");
}

template <class V>
void fields(V& v, Proofs& proofs) {
  v("certificate", proofs.certificate,
    "where the statements were read, and not checked again; without: proved by the run itself");
  v("domain", proofs.domain, "name of the inputs that they are about");
  v("words", proofs.words, "which inputs these are");
  v("inputs", proofs.inputs, "how many, in words");
  v("statements", proofs.statements, "what was proved");
  v("rows", proofs.rows,
    "what follows for the rows; anything that does not follow is refused when a report is read");
}

template <class V>
void fields(V& v, Search& search) {
  v("of", search.of, "`answer`, or the row that is to fail");
  v("runs", search.runs, "inputs tried", interp::counts());
  v("climbs", search.climbs, "random inputs that were started from", interp::counts());
  v("found", search.found, "an input that fails, as text");
  v("words", search.words, "what is wrong there, or how close the search came");
}

template <class V>
void fields(V& v, WorstCase& worst) {
  v("seconds", worst.seconds, "for each search", interp::json_shapes::number(0));
  v("seed", worst.seed, "of the searches");
  v("domain", worst.domain, "the inputs that were searched");
  v("searches", worst.searches, "one for the answer, and one for each claimed row without failure");
}

template <class V>
void fields(V& v, WorstAnswer& worst) {
  v("answer", worst.answer, "index into the task's answers (-1: a tie)",
    interp::json_shapes::integer(kTie, interp::kMostCounted));
  fields(v, worst.estimate);
  v("upper", worst.upper, "bound of the rate that holds for all answers together",
    interp::shares());
}

template <class V>
void fields(V& v, ReportRow& row) {
  const auto bound = [&](double value) {
    return row.exact ? std::nullopt : std::optional<double>(value);
  };
  v("node", row.node, "name of the node");
  v.through("axiom", row.axiom, axiom_as_json, axiom_from_json,
            interp::json_shapes::text_among({"PE", "CE", "PR", "CR", "II", "IA", "UM"}),
            "PE, CE, PR or CR; of interchanges II, IA or UM");
  fields(v, row.estimate);
  v.derived("exact", row.exact, "the rate is that of all inputs there are: no bounds");
  v.derived("upper", bound(row.upper), "one-sided bound of the rate", interp::shares());
  v.derived("lower", bound(row.lower), "the bound from below", interp::shares());
  v.derived("confidence", bound(row.confidence), "of each bound", interp::shares());
  v.derived("simultaneous_upper", bound(row.simultaneous_upper),
            "bounds that hold for all rows together", interp::shares());
  v("claim", row.claim, "claimed largest rate", interp::shares());
  v.derived("verdict", row.verdict_text(), "holds, violated, undecided or vacuous");
  v.derived("because", row.because.empty() ? std::nullopt : std::optional(row.because),
            "why `holds` was withheld");
  v("decided_at", row.decided_at, "the first look that decided the claim, of a sequential run");
  v.derived("anytime_lower", row.anytime_lower,
            "as lower, and true however many inputs there are when one looks", interp::shares());
  v.derived("anytime_upper", row.anytime_upper, "as upper, the same", interp::shares());
  v.derived("more_inputs", row.more_inputs,
            "about how many more would decide the claim, at the rate seen", interp::counts());
  v("plain_equality", row.plain,
    "PE and CE of a node compared downstream: the same with values compared element by element");
  v("witnesses", row.witnesses, "the first failing inputs");
  v("unrelated", row.unrelated,
    "the same with the value of an unrelated input: the chance level; of II and IA without the "
    "exchange, of UM with what α reads resampled instead");
  v.derived("better_than_chance", row.better_than_chance,
            "the row surely fails less often than that");
  v.derived("by_chance", row.by_chance, "`holds` was withheld because it does not");
  v("answers", row.answers, "by the network's answer");
  v.derived("worst", row.worst, "the answer on whose inputs it fails most");
  v("answer", row.answer, "of a row for a claim about one answer: its index",
    interp::json_shapes::integer(0, interp::kMostCounted));
  v("answer_name", row.answer_name, "the same in words");
  v("where", row.where, "which inputs it fails on, where features of the inputs are known");
  v("exchange", row.exchange, "of an interchange: what is counted beside its failures");
  v.derived("proved", row.proved.empty() ? std::nullopt : std::optional(row.proved),
            "what a proof says of the row: `0 for all 1.05e16, margin 3.12`, or `= or.PE`: then n "
            "may be 0, since the row was not run, and bounds and verdict are those of the other "
            "row");
}

template <class V>
void fields(V& v, Readings& readings) {
  using namespace interp::json_shapes;
  v("ties", readings.ties, "inputs without a decision", interp::counts());
  v.through("values", readings.inputs, readings_as_json, readings_from_json,
            list(object({{"value", hex_text()},
                         {"decision", interp::counts()},
                         {"inputs", integer(1, interp::kMostCounted)}})),
            "inputs by what the output's alpha gives (its bytes, in hex) and by decision");
}

template <class V>
void fields(V& v, Part& part) {
  using namespace interp::json_shapes;
  v("index", part.shard.index, "which part, from 1", integer(1, interp::kMostCounted));
  v("of", part.shard.of, "of how many", integer(1, interp::kMostCounted));
  v("inputs", part.inputs, "of the whole run", interp::counts());
  v("chunk", part.chunk, "inputs that pass through the network at once",
    integer(1, interp::kMostCounted));
  v("counted", part.counted, "the inputs that are counted here");
  v("witnesses", part.witnesses, "failing inputs kept per row", interp::counts());
  v("output", part.output, "the node whose alpha reads the decision");
  v("readings", part.readings, "what that alpha gave");
  v("features", part.features, "of the inputs, as the task knows them");
  v.through("cells", part.by_features, cells_as_json, cells_from_json, cells_shape(),
            "inputs that have the same features: their block and then the `features`, how many "
            "`inputs`, and `failures` by row (pairs: which row, how many)");
}

template <class V>
void fields(V& v, Sequential& sequential) {
  v("limit", sequential.limit, "inputs at most", interp::counts());
  v.derived("stopped", sequential.stopped, "before the limit, since all claims were decided");
  v.derived("level", sequential.level,
            "probability at most that a claim is ever decided wrongly; of all together: 1 - "
            "confidence",
            interp::shares());
}

template <class V>
void fields(V& v, Report& report) {
  using namespace interp::json_shapes;
  RunFacts& facts = report.facts;
  v.derived("kind", std::string(kReportKind), "`validation`");
  v.derived("schema", int64_t{kReportSchema}, "version of this form");
  v("command", facts.command, "the command line");
  v("version", facts.version, "of assay");
  v.if_any("loaded", facts.loaded, "shared objects that brought tasks, operations, … (--load)");
  v("plan", facts.plan, "in which the run was declared beforehand; without: exploratory");
  v("title", report.title, "of the interpretation");
  v("task", report.task, "name and settings",
    object({{"name", text()}, {"settings", map(anything())}}));
  v("model", facts.model, "the network");
  v("interpretation", facts.interpretation, "what is said of it");
  v("data", facts.data,
    "`part` and `seed`, or the path with the number of lines (`count`), `distinct` ones, those "
    "that "
    "the task never draws (`outside_distribution`), and whether the user states that they are "
    "`independent`",
    object({optional("path", text()), optional("distinct", interp::counts())}));
  v("seeds", facts.seeds, "what was drawn, by its seed");
  v("threads", facts.threads, "that it ran on", integer(1, interp::kMostCounted));
  v("device", facts.device, "that it ran on");
  v("blas", facts.blas, "which BLAS");
  v("times", facts.times, "when and how long");
  v("confidence", report.confidence, "of every bound and of all verdicts", number(0, 1));
  v("inputs", report.inputs, "checked", interp::counts());
  v("inputs_text", report.inputs_text, "the inputs of the whole run, in words");
  v("partial", report.partial, "interrupted");
  v("sequential", report.sequential,
    "of a run that ends when all claims are decided (`--stop decided`)");
  v("shard", report.part, "of a part of a run, and of an interrupted one: what the rest must know");
  v.through("scope", report.scope, scope_as_json, scope_from_json,
            text_among({"distribution", "domain", "list"}),
            "`distribution` (independent draws, rates carry bounds), `domain` (every input there "
            "is) or `list` (lines of a file, of which nothing is bounded)");
  v.derived("exact", report.exact, "all of a domain or a list");
  v.derived("verdict", verdict_sentence(report), "in one or two sentences");
  v.derived("vacuity", vacuity_outcome(report),
            "whether reasons were looked for, and found, why the interpretation says nothing: "
            "`found`, `not found`, `not tested`");
  v("objections", report.objections, "these reasons");
  v("untested", report.untested, "what could not be tested");
  v("remarks", report.remarks, "what belongs beside the verdict");
  v("proofs", report.proofs, "what is proved of the rows (`--prove`, `--certificate`)");
  v("worst_case", report.worst_case,
    "what a search found (`--attack`): no rate, and no verdict rests on it");
  v("nodes", report.nodes, "what is said of each node as a whole");
  v("rows", report.rows, "one per node and axiom", list(interp::shape_of<ReportRow>(), 1));
}

}  // namespace assay::axioms
