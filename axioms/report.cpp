#include "axioms/report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <stdexcept>

#include "interp/names.h"
#include "interp/statistics/p_values.h"

namespace assay::axioms {
namespace {

using circuits::Interpretation;
using circuits::Node;
using nlohmann::ordered_json;

const Node& node_named(const std::string& name, const Interpretation& interpretation) {
  return *std::ranges::find(interpretation.nodes, name, &Node::name);
}

std::string equality_text(const circuits::Operation& equality) {
  std::string text = equality.name;
  for (const auto& [name, value] : equality.parameters.items())
    text += fmt::format(", {} {}", name, value.dump());
  return text;
}

ordered_json definition_of(const Node& node) {
  const auto names = [](const std::vector<interp::Site>& sites) {
    ordered_json list = ordered_json::array();
    for (const interp::Site& site : sites) list.push_back(to_string(site));
    return list;
  };
  const auto operation = [](const circuits::Operation& operation) -> ordered_json {
    return {{"operation", operation.name}, {"parameters", operation.parameters}};
  };
  return {{"parents", node.parents},        {"sites", names(node.sites)},
          {"reads", names(node.reads)},     {"h", operation(node.h)},
          {"alpha", operation(node.alpha)}, {"gamma", operation(node.gamma)},
          {"evidence", node.evidence}};
}

ReportNode describe(const NodeResult& result, const Interpretation& interpretation,
                    const interp::Network& network, int64_t readout) {
  const Node& node = node_named(result.node, interpretation);
  return {.name = node.name,
          .inherited = result.inherited,
          .introduced = result[Axiom::PE].estimate.failures - result.inherited,
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

ReportRow bounded(const std::string& node, Axiom axiom, const AxiomResult& result,
                  double confidence, double simultaneous) {
  return {.node = node,
          .axiom = axiom,
          .estimate = result.estimate,
          .lower = statistics::lower_bound(result.estimate, confidence),
          .upper = statistics::upper_bound(result.estimate, confidence),
          .simultaneous_upper = statistics::upper_bound(result.estimate, simultaneous),
          .claim = {},
          .verdict = {},
          .because = {},
          .witnesses = result.witnesses,
          .plain = {}};
}

// Inputs were gone through in order: all of them tell ε itself, a part of them tells nothing of the
// others.
ReportRow enumerated(const std::string& node, Axiom axiom, const AxiomResult& result,
                     bool complete) {
  const double rate = result.estimate.rate();
  return {.node = node,
          .axiom = axiom,
          .estimate = result.estimate,
          .lower = complete ? rate : 0,
          .upper = complete ? rate : 1,
          .simultaneous_upper = complete ? rate : 1,
          .claim = {},
          .verdict = {},
          .because = {},
          .witnesses = result.witnesses,
          .plain = {}};
}

void add_verdicts(Report& report, const std::vector<Claim>& claims) {
  std::vector<ReportRow*> claimed;
  std::vector<statistics::Estimate> estimates;
  for (const Claim& claim : claims) {
    const auto row = std::ranges::find_if(report.rows, [&](const ReportRow& row) {
      return row.node == claim.node && row.axiom == claim.axiom;
    });
    claimed.push_back(&*row);
    estimates.push_back(row->estimate);
  }
  std::vector<Verdict> verdicts = judge(claims, estimates, report.confidence, report.exact);
  // Of a list or a domain, a part says nothing of the rest.
  if (report.scope != Scope::Distribution && report.partial)
    std::ranges::fill(verdicts, Verdict::Undecided);
  for (size_t i = 0; i < claims.size(); ++i) {
    claimed[i]->claim = claims[i].epsilon;
    claimed[i]->verdict = verdicts[i];
  }
}

ordered_json to_json(const Source& source) {
  return {{"path", source.path}, {"sha256", source.sha256}};
}

ordered_json to_json(const interp::Blas& blas) {
  return {{"library", blas.library},
          {"configuration", blas.configuration},
          {"core", blas.core},
          {"gflops", blas.gflops},
          {"fast", blas.fast}};
}

// Null where nobody knows.
ordered_json complete_cut(const interp::Around& around) {
  if (around.found == interp::Found::Unknown) return nullptr;
  return around.found == interp::Found::No;
}

ordered_json to_json(const ReportNode& node) {
  ordered_json json = {{"node", node.name},
                       {"inherited_failures", node.inherited},
                       {"introduced_failures", node.introduced},
                       {"equality", node.equality},
                       {"complete_cut", complete_cut(node.around)},
                       {"path_around", node.around.path},
                       {"has_evidence", node.has_evidence}};
  if (node.grip) json["grip"] = to_json(*node.grip);
  json.update(node.definition);
  return json;
}

ordered_json to_json(const Witness& witness) {
  return {{"input", witness.input},
          {"tokens", witness.tokens},
          {"network", witness.network},
          {"interpretation", witness.interpretation}};
}

ordered_json to_json(const ReportRow& row, double confidence, bool exact) {
  ordered_json json = {{"node", row.node},
                       {"axiom", to_string(row.axiom)},
                       {"n", row.estimate.n},
                       {"failures", row.estimate.failures},
                       {"rate", row.estimate.rate()},
                       {"exact", exact}};
  if (!exact)
    json.update({{"upper", row.upper},
                 {"lower", row.lower},
                 {"confidence", confidence},
                 {"simultaneous_upper", row.simultaneous_upper}});
  if (row.claim) json["claim"] = *row.claim;
  if (row.verdict) json["verdict"] = to_string(*row.verdict);
  if (!row.because.empty()) json["because"] = row.because;
  if (row.plain)
    json["plain_equality"] = {
        {"n", row.plain->n}, {"failures", row.plain->failures}, {"rate", row.plain->rate()}};
  json["witnesses"] = ordered_json::array();
  for (const Witness& witness : row.witnesses) json["witnesses"].push_back(to_json(witness));
  return json;
}

// Of the three outcomes, the one that counts.
const char* vacuity_outcome(const Report& report) {
  if (!report.objections.empty()) return "found";
  return report.untested.empty() ? "not found" : "not tested";
}

// "2 of 5 claims hold, 1 is violated, …"
std::string count_of_claims(const Report& report) {
  std::map<Verdict, int64_t> count;
  int64_t claims = 0, withheld = 0;
  for (const ReportRow& row : report.rows) {
    if (!row.verdict) continue;
    ++claims;
    ++count[*row.verdict];
    withheld += !row.because.empty();
  }
  if (claims == 0) return "No claim was made";
  const int64_t holding = count[Verdict::Holds];
  if (holding == claims)
    return claims == 1 ? std::string("The claim holds") : fmt::format("All {} claims hold", claims);
  std::vector<std::string> parts;
  const auto add = [&](int64_t n, const char* one, const char* many) {
    if (n > 0)
      parts.push_back(claims == 1 ? fmt::format("The claim {}", one)
                                  : fmt::format("{} {}", n, n == 1 ? one : many));
  };
  if (claims > 1)
    parts.push_back(
        fmt::format("{} of {} claims hold{}", holding, claims, holding == 1 ? "s" : ""));
  add(count[Verdict::Violated], "is violated", "are violated");
  add(count[Verdict::Vacuous], "says nothing (vacuous)", "say nothing (vacuous)");
  add(withheld, "could not be tested", "could not be tested");
  add(count[Verdict::Undecided] - withheld, "is undecided", "are undecided");
  return fmt::format("{}", fmt::join(parts, ", "));
}

// What the numbers speak of, as a sentence.
std::string scope_text(const Report& report) {
  const std::string inputs =
      report.inputs_text.empty() ? fmt::format("{} inputs", report.inputs) : report.inputs_text;
  switch (report.scope) {
    case Scope::Domain:
      return fmt::format("Rates are exact: {}.", inputs);
    case Scope::List:
      return fmt::format("Rates are exact for {}; nothing is said of other inputs.", inputs);
    case Scope::Distribution:
      break;
  }
  return fmt::format("Tested on {}, with {:g}% confidence.", inputs, 100 * report.confidence);
}

}  // namespace

std::string to_string(Scope scope) {
  static const interp::Names<Scope> kScopes = {
      {Scope::Distribution, "distribution"}, {Scope::Domain, "domain"}, {Scope::List, "list"}};
  return interp::name_of(scope, kScopes);
}

std::string verdict_sentence(const Report& report) {
  std::string text = fmt::format("{}. {}", count_of_claims(report), scope_text(report));
  std::vector<std::string> downstream;
  for (const ReportNode& node : report.nodes)
    if (node.equality == "downstream") downstream.push_back(node.name);
  if (!downstream.empty())
    text += fmt::format(
        " Values of {} are compared by their effect on the answer (downstream), not by what they "
        "are.",
        fmt::join(downstream, ", "));
  for (const Remark& remark : report.remarks)
    if (remark.node.empty()) text += fmt::format(" Note that {}.", remark.text);
  return text;
}

void require_claims_fit(const std::vector<Claim>& claims, const Interpretation& interpretation) {
  std::vector<std::string> names;
  for (const Node& node : interpretation.nodes) names.push_back(node.name);
  for (auto claim = claims.begin(); claim != claims.end(); ++claim) {
    if (std::ranges::find(names, claim->node) == names.end()) {
      throw std::invalid_argument(fmt::format("claim on unknown node '{}'; {}", claim->node,
                                              interp::there_are(names, claim->node)));
    }
    const auto same_row = [&](const Claim& other) {
      return other.node == claim->node && other.axiom == claim->axiom;
    };
    if (std::any_of(claims.begin(), claim, same_row)) {
      throw std::invalid_argument(
          fmt::format("two claims on {}.{}", claim->node, to_string(claim->axiom)));
    }
  }
}

Report make_report(const Interpretation& interpretation, const CheckResult& result,
                   const std::vector<Claim>& claims, double confidence,
                   const interp::Network& network, int64_t readout, Scope scope) {
  require_claims_fit(claims, interpretation);
  const auto n_rows = static_cast<int64_t>(result.nodes.size() * std::size(kAxioms));
  const double simultaneous = statistics::bonferroni(confidence, n_rows);
  Report report{.facts = {},
                .title = interpretation.title,
                .task = interpretation.task,
                .confidence = confidence,
                .inputs = result.inputs,
                .partial = !result.complete,
                .scope = scope,
                .inputs_text = {},
                .exact = scope != Scope::Distribution && result.complete,
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
    for (const Axiom axiom : kAxioms) {
      report.rows.push_back(scope == Scope::Distribution
                                ? bounded(node.node, axiom, node[axiom], confidence, simultaneous)
                                : enumerated(node.node, axiom, node[axiom], result.complete));
      report.rows.back().plain = plain_estimate(node, axiom);
    }
  }
  add_verdicts(report, claims);
  return report;
}

void add_vacuity(Report& report, const Vacuity& vacuity) {
  report.objections = vacuity.objections;
  report.untested = vacuity.untested;
  std::ranges::copy(vacuity.remarks, std::back_inserter(report.remarks));
  for (size_t v = 0; v < vacuity.grips.size(); ++v) report.nodes[v].grip = vacuity.grips[v];
  for (ReportRow& row : report.rows) {
    if (row.verdict != Verdict::Holds) continue;
    if (!report.objections.empty()) {
      row.verdict = Verdict::Vacuous;
      continue;
    }
    for (const Remark& remark : report.untested) {
      if (!remark.node.empty() && remark.node != row.node) continue;
      row.verdict = Verdict::Undecided;
      row.because = remark.text;
      break;
    }
  }
}

ordered_json to_json(const Report& report) {
  const RunFacts& facts = report.facts;
  ordered_json nodes = ordered_json::array(), rows = ordered_json::array(),
               objections = ordered_json::array();
  for (const Objection& objection : report.objections) objections.push_back(to_json(objection));
  const auto listed = [](const std::vector<Remark>& remarks) {
    ordered_json list = ordered_json::array();
    for (const Remark& remark : remarks) list.push_back(to_json(remark));
    return list;
  };
  for (const ReportNode& node : report.nodes) nodes.push_back(to_json(node));
  for (const ReportRow& row : report.rows)
    rows.push_back(to_json(row, report.confidence, report.exact));
  return {{"kind", kReportKind},
          {"schema", kReportSchema},
          {"command", facts.command},
          {"version", facts.version},
          {"title", report.title},
          {"task", report.task},
          {"model", to_json(facts.model)},
          {"interpretation", to_json(facts.interpretation)},
          {"data", facts.data},
          {"seeds", facts.seeds},
          {"threads", facts.threads},
          {"device", facts.device},
          {"blas", to_json(facts.blas)},
          {"times",
           {{"started", facts.started},
            {"seconds", facts.seconds},
            {"cpu_seconds", facts.cpu_seconds}}},
          {"confidence", report.confidence},
          {"inputs", report.inputs},
          {"partial", report.partial},
          {"scope", to_string(report.scope)},
          {"exact", report.exact},
          {"verdict", verdict_sentence(report)},
          {"vacuity", vacuity_outcome(report)},
          {"objections", objections},
          {"untested", listed(report.untested)},
          {"remarks", listed(report.remarks)},
          {"nodes", nodes},
          {"rows", rows}};
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
