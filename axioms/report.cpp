#include "axioms/report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <stdexcept>

#include "axioms/report_fields.h"
#include "interp/names.h"
#include "interp/numerals.h"
#include "interp/statistics/p_values.h"
#include "interp/statistics/sequential.h"

namespace assay::axioms {
namespace {

using circuits::Interpretation;
using circuits::Node;
using nlohmann::ordered_json;

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
  const auto claim = std::ranges::find_if(
      claims, [&](const Claim& claim) { return claim.node == node.node && claim.axiom == axiom; });
  return {.node = node.node,
          .axiom = axiom,
          .estimate = node[axiom].estimate,
          .claim = claim == claims.end() ? std::nullopt : std::optional(claim->epsilon),
          .verdict = {},
          .because = {},
          .witnesses = node[axiom].witnesses,
          .plain = plain_estimate(node, axiom)};
}

// Independent draws bound their rate. Of what is gone through in order, all inputs tell the rate
// itself, and a part of them tells nothing of the others.
void conclude(ReportRow& row, const Report& report) {
  row.exact = report.exact;
  row.confidence = report.confidence;
  if (report.scope == Scope::Distribution) {
    const double simultaneous = statistics::bonferroni(report.confidence, std::ssize(report.rows));
    row.lower = statistics::lower_bound(row.estimate, report.confidence);
    row.upper = statistics::upper_bound(row.estimate, report.confidence);
    row.simultaneous_upper = statistics::upper_bound(row.estimate, simultaneous);
  } else {
    const double rate = row.estimate.rate();
    row.lower = report.exact ? rate : 0;
    row.upper = row.simultaneous_upper = report.exact ? rate : 1;
  }
  row.anytime_lower = row.anytime_upper = std::nullopt;
  if (!report.sequential) return;
  row.anytime_lower = statistics::anytime_lower_bound(row.estimate, report.confidence);
  row.anytime_upper = statistics::anytime_upper_bound(row.estimate, report.confidence);
}

Claim claim_of(const ReportRow& row) {
  return {row.node, row.axiom, *row.claim};
}

int64_t count_claims(const Report& report) {
  return std::ranges::count_if(report.rows, [](const auto& row) { return row.claim.has_value(); });
}

// What looking again and again has decided, and how far the rest is from it.
void add_sequential_verdicts(Report& report) {
  Sequential& sequential = *report.sequential;
  sequential.stopped = !report.partial && !report.is_shard() && report.inputs < sequential.limit;
  sequential.level = level_of_each(std::max<int64_t>(1, count_claims(report)), report.confidence);
  for (ReportRow& row : report.rows) {
    row.verdict = {};
    row.because = {};
    row.more_inputs = {};
    if (!row.claim || report.is_shard()) continue;
    row.verdict = Verdict::Undecided;
    if (row.decided_at)
      row.verdict = decided(claim_of(row), *row.decided_at, sequential.level);
    else if (const auto needed =
                 statistics::inputs_until_decided(row.estimate, *row.claim, sequential.level))
      row.more_inputs = *needed - row.estimate.n;
  }
}

void add_verdicts(Report& report) {
  std::vector<ReportRow*> claimed;
  std::vector<Claim> claims;
  std::vector<statistics::Estimate> estimates;
  for (ReportRow& row : report.rows) {
    row.verdict = {};
    row.because = {};
    if (!row.claim || report.is_shard()) continue;
    claimed.push_back(&row);
    claims.push_back(claim_of(row));
    estimates.push_back(row.estimate);
  }
  std::vector<Verdict> verdicts = judge(claims, estimates, report.confidence, report.exact);
  // Of a list or a domain, a part says nothing of the rest.
  if (report.scope != Scope::Distribution && report.partial)
    std::ranges::fill(verdicts, Verdict::Undecided);
  for (size_t i = 0; i < claims.size(); ++i) claimed[i]->verdict = verdicts[i];
}

// What keeps a claim that holds by its numbers from holding.
void withhold(Report& report) {
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
  if (!report.sequential)
    return fmt::format("Tested on {}, with {:g}% confidence.", inputs, 100 * report.confidence);
  return fmt::format(
      "{} The probability that any verdict is wrong is at most {:g}%, however often one looks.",
      report.sequential->stopped
          ? fmt::format("Stopped at {} of {}, because all claims were decided.",
                        interp::grouped(report.inputs), inputs)
          : fmt::format("Tested on {}.", inputs),
      100 * (1 - report.confidence));
}

// What a shard says in place of a verdict.
std::string part_text(const Report& report) {
  const Part& part = *report.part;
  return fmt::format(
      "Part {} of {}: {} of {} inputs. The verdict needs all parts together (assay merge).",
      part.shard.index, part.shard.of, report.inputs, part.inputs);
}

}  // namespace

std::string to_string(Scope scope) {
  return interp::name_of(scope, kScopes);
}

std::string verdict_sentence(const Report& report) {
  if (report.is_shard()) return part_text(report);
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
  conclude(report);
  return report;
}

namespace {

void require_that(bool holds, const std::string& what) {
  if (!holds) throw std::invalid_argument(what);
}

// A claim was decided at a look that this run had and that decides it.
void require_decided(const ReportRow& row, const Report& report) {
  if (!row.decided_at) return;
  const statistics::Estimate& at = *row.decided_at;
  const bool possible = report.sequential && row.claim && at.n <= row.estimate.n &&
                        at.failures <= row.estimate.failures &&
                        row.estimate.failures - at.failures <= row.estimate.n - at.n;
  require_that(
      possible && at.failures <= at.n &&
          decided(claim_of(row), at, level_of_each(count_claims(report), report.confidence)),
      fmt::format("row {}.{}: {} failures of {} inputs do not decide its claim", row.node,
                  to_string(row.axiom), at.failures, at.n));
}

}  // namespace

void require_consistent(const Report& report) {
  require_that(!report.sequential || report.scope == Scope::Distribution,
               "sequential: rates of a list or a domain are exact, and need no looks");
  require_that(!report.sequential || report.inputs <= report.sequential->limit,
               fmt::format("{} inputs, more than the limit", report.inputs));
  require_that(report.confidence > 0 && report.confidence < 1,
               fmt::format("confidence {}: expected a number between 0 and 1", report.confidence));
  require_that(report.rows.size() == report.nodes.size() * std::size(kAxioms),
               fmt::format("{} rows: expected {} for each of {} nodes", report.rows.size(),
                           std::size(kAxioms), report.nodes.size()));
  for (size_t i = 0; i < report.rows.size(); ++i) {
    const ReportRow& row = report.rows[i];
    const ReportNode& node = report.nodes[i / std::size(kAxioms)];
    const std::string name = fmt::format("{}.{}", row.node, to_string(row.axiom));
    require_that(row.node == node.name && row.axiom == kAxioms[i % std::size(kAxioms)],
                 fmt::format("row {}: expected {}.{} in this place", name, node.name,
                             to_string(kAxioms[i % std::size(kAxioms)])));
    for (const statistics::Estimate& estimate : {row.estimate, row.plain.value_or(row.estimate)})
      require_that(
          estimate.n == report.inputs && estimate.failures <= estimate.n,
          fmt::format("row {}: {} failures of {} inputs: expected at most as many as the {} "
                      "inputs of the report",
                      name, estimate.failures, estimate.n, report.inputs));
    if (row.axiom == Axiom::PE)
      require_that(node.inherited <= row.estimate.failures,
                   fmt::format("row {}: {} failures, fewer than the {} inherited ones", name,
                               row.estimate.failures, node.inherited));
    require_decided(row, report);
    require_that(std::ssize(row.witnesses) <= row.estimate.failures,
                 fmt::format("row {}: {} witnesses of {} failures", name, row.witnesses.size(),
                             row.estimate.failures));
  }
}

void conclude(Report& report) {
  report.exact = report.scope != Scope::Distribution && !report.partial && !report.is_shard();
  for (ReportRow& row : report.rows) conclude(row, report);
  for (size_t v = 0; v < report.nodes.size(); ++v) {
    const ReportRow& pe = report.rows[v * std::size(kAxioms)];  // the first of the node's rows
    report.nodes[v].introduced = pe.estimate.failures - report.nodes[v].inherited;
  }
  if (report.sequential)
    add_sequential_verdicts(report);
  else
    add_verdicts(report);
  withhold(report);
}

void look(Report& report) {
  if (!report.sequential || report.is_shard()) return;
  for (ReportRow& row : report.rows)
    if (row.claim && !row.decided_at &&
        decided(claim_of(row), row.estimate, report.sequential->level))
      row.decided_at = row.estimate;
  conclude(report);
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

std::optional<std::string> ReportRow::verdict_text() const {
  return verdict ? std::optional(to_string(*verdict)) : std::nullopt;
}

ordered_json to_json(const Report& report) {
  return interp::write_record(report);
}

Report report_from_json(const ordered_json& json, const std::string& where) {
  auto report = interp::read_record<Report>(json, where);
  try {
    require_consistent(report);
    conclude(report);
  } catch (const std::invalid_argument& error) {
    throw std::runtime_error(fmt::format("{}: {}", where, error.what()));
  }
  return report;
}

interp::Shape hex_text() {
  interp::Shape shape = interp::json_shapes::text();
  shape.problem = [text = shape.problem](
                      const ordered_json& value,
                      const interp::JsonPlace& place) -> std::optional<std::string> {
    if (auto problem = text(value, place)) return problem;
    const auto& digits = value.get_ref<const std::string&>();
    const bool hex = digits.find_first_not_of("0123456789abcdef") == digits.npos;
    if (hex && digits.size() % 2 == 0) return std::nullopt;
    return fmt::format("field '{}': expected bytes in hex, two digits each", place.path());
  };
  return shape;
}

ordered_json cut_as_json(interp::Found path_around) {
  if (path_around == interp::Found::Unknown) return nullptr;
  return path_around == interp::Found::No;
}

interp::Found cut_from_json(const ordered_json& complete_cut) {
  if (complete_cut.is_null()) return interp::Found::Unknown;
  return complete_cut.get<bool>() ? interp::Found::No : interp::Found::Yes;
}

ordered_json axiom_as_json(Axiom axiom) {
  return to_string(axiom);
}

Axiom axiom_from_json(const ordered_json& name) {
  return *std::ranges::find_if(kAxioms, [&](Axiom axiom) { return name == to_string(axiom); });
}

ordered_json scope_as_json(Scope scope) {
  return to_string(scope);
}

Scope scope_from_json(const ordered_json& name) {
  return interp::value_of(name.get<std::string>(), kScopes, "scope");
}

ordered_json readings_as_json(const Readings::Counts& counts) {
  ordered_json list = ordered_json::array();
  for (const auto& [reading, inputs] : counts) {
    std::string hex;
    for (const unsigned char byte : reading.first) hex += fmt::format("{:02x}", byte);
    list.push_back({{"value", hex}, {"decision", reading.second}, {"inputs", inputs}});
  }
  return list;
}

Readings::Counts readings_from_json(const ordered_json& list) {
  Readings::Counts counts;
  for (const ordered_json& entry : list) {
    std::string bytes;
    const std::string hex = entry.at("value");
    for (size_t i = 0; i + 1 < hex.size(); i += 2)
      bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    counts[{bytes, entry.at("decision")}] = entry.at("inputs");
  }
  return counts;
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
