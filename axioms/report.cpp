#include "axioms/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "axioms/report_fields.h"
#include "interp/names.h"

namespace assay::axioms {
namespace {

using circuits::Interpretation;
using circuits::Node;

const interp::Names<Scope> kScopes = {
    {Scope::Distribution, "distribution"}, {Scope::Domain, "domain"}, {Scope::List, "list"}};

const Node& node_named(const std::string& name, const Interpretation& interpretation) {
  return *std::ranges::find(interpretation.nodes, name, &Node::name);
}

std::string equality_text(const circuits::Operation& equality) {
  std::string text = equality.name;
  for (const auto& [name, value] : equality.parameters.items())
    text += fmt::format(", {} {}", name, value.dump());
  return text;
}

Definition definition_of(const Node& node) {
  const auto names = [](const std::vector<interp::Site>& sites) {
    std::vector<std::string> list;
    for (const interp::Site& site : sites) list.push_back(to_string(site));
    return list;
  };
  const auto text = [](const circuits::Operation& operation) -> OperationText {
    return {operation.name, operation.parameters};
  };
  return {.parents = node.parents,
          .sites = names(node.sites),
          .reads = names(node.reads),
          .h = text(node.h),
          .alpha = text(node.alpha),
          .gamma = text(node.gamma),
          .evidence = node.evidence};
}

ReportNode describe(const NodeResult& result, const Interpretation& interpretation,
                    const interp::Network& network, int64_t readout) {
  const Node& node = node_named(result.node, interpretation);
  return {.name = node.name,
          .inherited = result.inherited,
          .equality = equality_text(node.equality),
          .around = network.path_around(node.sites, interp::logits_site(network, readout)),
          .has_evidence = !node.evidence.empty(),
          .definition = definition_of(node)};
}

// Of PE and CE by plain equality, where the node has another one.
std::optional<statistics::Estimate> plain_estimate(const NodeResult& node, Axiom axiom) {
  if (!node.plain || (axiom != Axiom::PE && axiom != Axiom::CE)) return std::nullopt;
  return (*node.plain)[axiom == Axiom::PE ? 0 : 1];
}

ReportRow row_of(const NodeResult& node, Axiom axiom, const std::vector<Claim>& claims) {
  const auto claim = std::ranges::find_if(claims, [&](const Claim& claim) {
    return claim.node == node.node && claim.axiom == axiom && claim.answer.empty();
  });
  ReportRow row{.node = node.node, .axiom = axiom, .estimate = {}, .witnesses = {}};
  if (claim != claims.end()) row.claim = claim->epsilon;
  row.plain = plain_estimate(node, axiom);
  set_counts(row, node[axiom]);
  return row;
}

// A claim about one answer has a row of its own, whose counts are a part of another row's.
ReportRow row_of_answer(const Claim& claim) {
  ReportRow row{.node = claim.node, .axiom = claim.axiom, .estimate = {}, .witnesses = {}};
  row.claim = claim.epsilon;
  row.answer = claim.answer_index;
  row.answer_name = claim.answer;
  return row;
}

// As they may be called where both are exchanged; of either order only one has rows.
std::vector<std::string> pairs_of(const Interpretation& interpretation) {
  std::vector<std::string> pairs;
  for (const Node& one : interpretation.nodes)
    for (const Node& other : interpretation.nodes)
      if (&one != &other) pairs.push_back(fmt::format("{}+{}", one.name, other.name));
  return pairs;
}

// Only those that were made have a row, and a claim without one must not pass unnoticed.
void add_interchanges(Report& report, const CheckResult& result, const std::vector<Claim>& claims) {
  for (const auto* results : {&result.nodes, &result.pairs})
    for (const NodeResult& node : *results)
      for (const auto& [axiom, counts] : node.interchanged)
        report.rows.push_back(row_of(node, axiom, claims));
  for (const Claim& claim : claims) {
    const bool made = std::ranges::any_of(report.rows, [&](const ReportRow& row) {
      return row.node == claim.node && row.axiom == claim.axiom;
    });
    if (!made)
      throw std::invalid_argument(fmt::format(
          "claim on {}: {}", claim.row(),
          claim.axiom == Axiom::UM
              ? "alpha reads all of its sites, or it is the output and nothing is known to lead "
                "around the nodes"
              : "expected an inner node, or a pair of them whose sites do not overlap"));
  }
}

}  // namespace

std::string to_string(Scope scope) {
  return interp::name_of(scope, kScopes);
}

Scope scope_from_json(const nlohmann::ordered_json& name) {
  return interp::value_of(name.get<std::string>(), kScopes, "scope");
}

void require_claims_fit(const std::vector<Claim>& claims, const Interpretation& interpretation) {
  std::vector<std::string> names;
  for (const Node& node : interpretation.nodes) names.push_back(node.name);
  const std::vector<std::string> pairs = pairs_of(interpretation);
  for (auto claim = claims.begin(); claim != claims.end(); ++claim) {
    const bool pair = is_interchange(claim->axiom) && std::ranges::count(pairs, claim->node) > 0;
    if (!pair && std::ranges::find(names, claim->node) == names.end()) {
      throw std::invalid_argument(fmt::format("claim on unknown node '{}'; {}", claim->node,
                                              interp::there_are(names, claim->node)));
    }
    const auto same_row = [&](const Claim& other) {
      return other.node == claim->node && other.axiom == claim->axiom &&
             other.answer == claim->answer;
    };
    if (std::any_of(claims.begin(), claim, same_row))
      throw std::invalid_argument("two claims on " + claim->row());
  }
}

Report make_report(const Interpretation& interpretation, const CheckResult& result,
                   const std::vector<Claim>& claims, double confidence,
                   const interp::Network& network, int64_t readout, Scope scope) {
  require_claims_fit(claims, interpretation);
  Report report{.facts = {},
                .title = interpretation.title,
                .task = interpretation.task,
                .confidence = confidence,
                .inputs = result.inputs,
                .partial = !result.complete,
                .scope = scope,
                .inputs_text = {},
                .nodes = {},
                .rows = {},
                .objections = {},
                .untested = {},
                .remarks = {}};
  if (interpretation.fitted_on.empty())
    report.remarks.push_back(
        {"",
         "it is not known what the interpretation was fitted on: inputs may be among those that "
         "it was made from"});
  for (const NodeResult& node : result.nodes) {
    report.nodes.push_back(describe(node, interpretation, network, readout));
    for (const Axiom axiom : kAxioms) report.rows.push_back(row_of(node, axiom, claims));
  }
  add_interchanges(report, result, claims);
  for (const Claim& claim : claims)
    if (!claim.answer.empty()) report.rows.push_back(row_of_answer(claim));
  conclude(report);
  return report;
}

void add_vacuity(Report& report, const Vacuity& vacuity) {
  std::ranges::copy(vacuity.objections, std::back_inserter(report.objections));
  std::ranges::copy(vacuity.untested, std::back_inserter(report.untested));
  std::ranges::copy(vacuity.remarks, std::back_inserter(report.remarks));
  for (size_t v = 0; v < vacuity.grips.size(); ++v) report.nodes[v].grip = vacuity.grips[v];
  conclude(report);
}

std::string vacuity_outcome(const Report& report) {
  if (report.is_shard() && report.part->shard.index != 1) return "not tested";
  if (!report.objections.empty()) return "found";
  return report.untested.empty() ? "not found" : "not tested";
}

AxiomResult counts_of(const ReportRow& row) {
  AxiomResult counts{.estimate = row.estimate,
                     .witnesses = row.witnesses,
                     .unrelated = row.unrelated,
                     .exchange = row.exchange};
  for (const auto& [answer, estimate, unrelated] : row.answers)
    counts.by_answer[answer] = {estimate, unrelated};
  return counts;
}

void set_counts(ReportRow& row, AxiomResult counts) {
  row.estimate = counts.estimate;
  row.witnesses = std::move(counts.witnesses);
  row.unrelated = counts.unrelated;
  row.exchange = std::move(counts.exchange);
  row.answers.clear();
  for (const auto& [answer, of] : counts.by_answer)
    row.answers.push_back({answer, of.estimate, of.unrelated});
}

std::string ReportRow::name() const {
  const std::string all = fmt::format("{}.{}", node, to_string(axiom));
  return answer_name ? fmt::format("{}[{}]", all, *answer_name) : all;
}

Claim ReportRow::as_claim() const {
  return {node, axiom, *claim, answer_name.value_or(""), answer};
}

int64_t Report::count_claims() const {
  return std::ranges::count_if(rows, [](const ReportRow& row) { return row.claim.has_value(); });
}

int64_t Report::count_unproved_claims() const {
  return std::ranges::count_if(
      rows, [](const ReportRow& row) { return row.claim.has_value() && !row.never; });
}

int64_t Report::unknown_rows() const {
  return std::count_if(rows.begin(), rows.begin() + static_cast<int64_t>(whole_rows()),
                       [](const ReportRow& row) { return !row.never && row.same_as.empty(); });
}

std::optional<std::string> ReportRow::verdict_text() const {
  return verdict ? std::optional(to_string(*verdict)) : std::nullopt;
}

int exit_code(const Report& report) {
  const auto any = [&](Verdict verdict) {
    return std::ranges::any_of(report.rows,
                               [&](const ReportRow& row) { return row.verdict == verdict; });
  };
  if (any(Verdict::Violated) || any(Verdict::Vacuous)) return 1;
  return any(Verdict::Undecided) ? 3 : 0;
}

}  // namespace assay::axioms
