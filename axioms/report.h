#pragma once
// The validation report as data: what was checked, on what, by whom, and what came out. Printing is
// somebody else's job; a machine reads to_json().

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "axioms/checker.h"
#include "axioms/claim.h"
#include "axioms/proved.h"
#include "axioms/vacuity.h"
#include "circuits/interpretation/interpretation.h"
#include "interp/execution/blas.h"
#include "interp/execution/shards.h"
#include "interp/network/network.h"

namespace assay::axioms {

/// Of to_json(Report).
inline constexpr const char* kReportKind = "validation";
/// 1 did not say what the inputs were nor what could not be tested; 2 neither
/// when the run ended nor what chance would give.
inline constexpr int kReportSchema = 4;

struct Times {
  std::string started;  ///< UTC, ISO 8601
  double seconds = 0;   ///< of the check, by the clock
  double cpu_seconds = 0;
};

/// What stands behind the numbers: enough to run the same thing again.
struct RunFacts {
  std::string command;              ///< the command line
  std::string version;              ///< of assay
  std::vector<Source> loaded = {};  ///< shared objects that brought tasks, operations, …
  std::optional<Source> plan = {};  ///< in which the run was declared beforehand
  Source model, interpretation;
  nlohmann::json data;   ///< {source, count, sha256} and either {part, seed} or {path}
  nlohmann::json seeds;  ///< object: what was drawn -> its seed
  int64_t threads = 1;
  std::string device = "cpu";
  interp::Blas blas;
  Times times;
};

/// What the inputs are, and so what their failure rates speak of.
enum class Scope {
  Distribution,  ///< independent draws from it: rates carry bounds
  Domain,        ///< every input there is, once: rates are exact
  List,          ///< a finite list that somebody chose: rates are exact for it, and say no more
};
std::string to_string(Scope scope);  ///< `distribution`, `domain`, `list`

/// A row on the inputs to which the network gives one answer.
struct AnswerCounts {
  int64_t answer = 0;  ///< of the task's; kTie: none
  statistics::Estimate estimate;
  statistics::Estimate unrelated;
};

/// The answer on whose inputs a row fails most.
struct WorstAnswer {
  int64_t answer = 0;
  statistics::Estimate estimate;
  double upper = 1;  ///< bound that holds for all answers together
};

/// One node and one axiom; with an answer, on the inputs to which the network gives it.
struct ReportRow {
  std::string node;
  Axiom axiom = Axiom::PE;
  statistics::Estimate estimate;
  bool exact = false;        ///< as the report's
  double confidence = 0.95;  ///< as the report's
  /// One-sided bounds, each at that confidence. Where the row is exact: the rate.
  double lower = 0, upper = 1;
  /// All rows' bounds hold together at that confidence (Bonferroni).
  double simultaneous_upper = 1;
  std::optional<double> claim = {};  ///< claimed largest rate
  std::optional<Verdict> verdict = {};
  std::string because = {};  ///< why `holds` was withheld, where it was
  /// Of a sequential run: the first look that decided the claim, one-sided bounds that hold at
  /// every number of inputs (each at that confidence), and, where the claim is undecided, about how
  /// many more inputs would decide it at the rate seen; none: more than anybody has.
  std::optional<statistics::Estimate> decided_at = {};
  std::optional<double> anytime_lower = {}, anytime_upper = {};
  std::optional<int64_t> more_inputs = {};
  std::vector<Witness> witnesses;
  /// Where the node's equality is `downstream`, PE and CE: with values compared element by element.
  std::optional<statistics::Estimate> plain = {};
  /// The same with the value of an unrelated input: what chance alone would give.
  statistics::Estimate unrelated = {};
  std::vector<AnswerCounts> answers = {};  ///< by the network's decision, in order
  std::optional<WorstAnswer> worst = {};
  bool better_than_chance = false;  ///< surely fails less often than with unrelated values
  bool by_chance = false;           ///< `holds` was withheld because it does not
  /// Of a row that stands for a claim about one answer, which one. Such rows follow the others.
  std::optional<int64_t> answer = {};
  std::optional<std::string> answer_name = {};
  /// Of a whole run on inputs whose features are known, where anything fails.
  std::optional<FailingRegions> where = {};
  std::optional<Exchange> exchange = {};  ///< of interchanges
  bool drawn() const { return exchange && exchange->drawn; }
  /// What a proof says of the row (proved.h): it fails on no input; it is equal to another row,
  /// which carries the evidence; the same in a few words. With neither, the row is an unknown.
  bool never = false;
  std::string same_as = {}, proved = {};

  std::string name() const;  ///< `parse.PR`, `parse.PR[UNSAT]`
  Claim as_claim() const;    ///< of a row with one

  std::optional<std::string> verdict_text() const;
};

/// An operation as the interpretation names it, without its tensors.
struct OperationText {
  std::string operation;
  nlohmann::json parameters;
};

/// What the interpretation says of a node.
struct Definition {
  std::vector<std::string> parents, sites, reads;
  OperationText h, alpha, gamma;
  nlohmann::json evidence;
};

/// What is said of a node as a whole.
struct ReportNode {
  std::string name;
  int64_t inherited = 0;       ///< PE failures that a parent's wrong value explains
  int64_t introduced = 0;      ///< PE failures that are new here
  std::string equality;        ///< which values count as the same, with parameters
  interp::Around around = {};  ///< a path that its sites do not cut; none: complete cut
  bool has_evidence = false;
  std::optional<Grip> grip = {};  ///< where it was tested
  Definition definition = {};
};

/// What makes a report that of a part of a run: one of several shards, or as much as there was time
/// for. With it, parts can be added up (merge.h) and interrupted runs can go on.
struct Part {
  interp::Shard shard = {};
  int64_t inputs = 0;                       ///< of the whole run
  int64_t chunk = 1;                        ///< inputs that pass through the network at once
  interp::Ranges counted = {};              ///< the inputs that are counted here: whole chunks
  int64_t witnesses = 1;                    ///< failing inputs kept per row
  std::string output = {};                  ///< the node whose alpha reads the decision
  Readings readings = {};                   ///< what that alpha gave
  std::vector<InputFeature> features = {};  ///< of the inputs; empty: none are known
  FeatureCounts by_features = {};           ///< inputs and failures by these
};

/// Makes a report that of a run whose number of inputs nobody chose: it ends when all claims are
/// decided. Verdicts rest on evidence that holds at any number of looks.
struct Sequential {
  int64_t limit = 0;     ///< inputs at most
  bool stopped = false;  ///< before the limit, since all claims were decided
  double level = 0.05;   ///< of error of each claim
};

/// One search for an input on which something fails, by hill climbing over the inputs.
struct Search {
  std::string of;                         ///< `answer`, or a row
  int64_t runs = 0;                       ///< inputs tried
  int64_t climbs = 0;                     ///< random inputs that were started from
  std::optional<std::string> found = {};  ///< an input that fails, as text
  std::string words = {};                 ///< what is wrong there, or how close the search came
};

/// The worst that a search found. It says nothing of how often that happens.
struct WorstCase {
  double seconds = 0;  ///< for each search
  uint64_t seed = 0;
  std::string domain;  ///< the inputs that were searched, in words
  std::vector<Search> searches = {};
};

struct Report {
  RunFacts facts;
  std::string title;    ///< of the interpretation
  nlohmann::json task;  ///< name and settings
  double confidence = 0.95;
  int64_t inputs = 0;
  bool partial = false;                       ///< interrupted: fewer inputs than asked for
  std::optional<Part> part = {};              ///< none: a whole run
  std::optional<Sequential> sequential = {};  ///< none: as many inputs as were asked for
  Scope scope = Scope::Distribution;
  std::string inputs_text;  ///< which inputs the whole run has, in words: `80,000 fresh inputs
                            ///< (test part, seed 1)`
  /// All inputs of a domain or a list were checked: rates are ε itself, and bounds have no meaning.
  bool exact = false;
  std::optional<Proofs> proofs = {};         ///< what is proved of the rows, if anything was asked
  std::optional<WorstCase> worst_case = {};  ///< what a search found; no rate, and no part of any
  std::vector<ReportNode> nodes;
  /// Node by node, in the order of kAxioms; then interchanges, if they were asked for; then one for
  /// each claim about one answer.
  std::vector<ReportRow> rows;
  std::vector<Objection> objections;  ///< with any, the interpretation is vacuous
  std::vector<Remark> untested;       ///< what stands between the numbers and a verdict
  std::vector<Remark> remarks;        ///< what belongs beside the verdict

  /// How many rows are of the four axioms on all inputs.
  size_t whole_rows() const { return nodes.size() * std::size(kAxioms); }
  int64_t count_claims() const;
  /// Of those, claims that no proof has decided: the ones that may be decided wrongly.
  int64_t count_unproved_claims() const;
  /// Rows of all inputs that are neither proved never to fail nor equal to another one.
  int64_t unknown_rows() const;
  /// One of several shards: its numbers carry no verdict.
  bool is_shard() const { return part && !part->shard.is_whole(); }
};

/// @param readout  position at which the network's answer is read.
/// @throws std::invalid_argument for a claim on a node that does not exist (listing those that do),
///   for two claims on one row and for a claim on an interchange that was not made.
Report make_report(const circuits::Interpretation& interpretation, const CheckResult& result,
                   const std::vector<Claim>& claims, double confidence,
                   const interp::Network& network, int64_t readout,
                   Scope scope = Scope::Distribution);

/// What a check has counted of a row, and the row with other counts.
AxiomResult counts_of(const ReportRow& row);
void set_counts(ReportRow& row, AxiomResult counts);

/// What the fields of a report say about each other.
/// @throws std::invalid_argument naming the row: rows that are not those of the nodes, more
/// failures
///   than inputs, and the like.
void require_consistent(const Report& report);

/// Computes everything that follows from the counts, the claims and what was found of vacuity:
/// bounds, verdicts and why they are withheld. make_report() and add_vacuity() end with it; whoever
/// changes the rest of a report calls it again.
void conclude(Report& report);

/// Of a sequential run: looks at all inputs counted so far, which decide the claims that no earlier
/// look has decided if the evidence is strong enough. Otherwise nothing.
void look(Report& report);

/// From a report that is still a part (it may be the only one): where each row fails.
void find_failing_regions(Report& report);

/// Adds what was found of the interpretation's vacuity to the report. With an objection, claims
/// that hold by their numbers become vacuous; where something could not be tested, they become
/// undecided: all of them, or those on the node concerned.
void add_vacuity(Report& report, const Vacuity& vacuity);

/// The verdict in one or two sentences, for people: how many claims hold, what is wrong, what the
/// numbers speak of, and by which equality values were compared.
std::string verdict_sentence(const Report& report);

/// Whether a row surely fails less often than with the values of unrelated inputs: its upper bound
/// is below their lower one, each at this confidence, wherever one stops or for a number of inputs
/// chosen beforehand.
bool beats_chance(double upper, const statistics::Estimate& unrelated, double confidence,
                  bool anytime);

/// What a row's chance level is: `with the value of an unrelated input`, or of an interchange.
std::string chance_in_words(Axiom axiom);

/// The part of make_report() that can be refused before anything is computed.
void require_claims_fit(const std::vector<Claim>& claims,
                        const circuits::Interpretation& interpretation);

nlohmann::ordered_json to_json(const Report& report);
/// Reads what to_json() wrote, and concludes from it. @throws std::runtime_error "WHERE: field …".
Report report_from_json(const nlohmann::ordered_json& json, const std::string& where);

/// Whether reasons for vacuity were found: `found`, `not found`, `not tested`. Shards but the first
/// one do not look.
std::string vacuity_outcome(const Report& report);

/// 1 if a claim is violated or vacuous, else 3 if one is undecided, else 0.
int exit_code(const Report& report);

}  // namespace assay::axioms
