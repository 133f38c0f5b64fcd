// Reports as JSON, and what their members must say about each other.

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "axioms/report.h"
#include "axioms/report_fields.h"

namespace assay::axioms {

using nlohmann::ordered_json;

namespace {

void require_that(bool holds, const std::string& what) {
  if (!holds) throw std::invalid_argument(what);
}

// Pairs have no input twice, and answers share out all inputs and all pairs.
void require_chance(const ReportRow& row) {
  const auto [pairs, failing] = row.unrelated;
  const int64_t most = is_interchange(row.axiom) ? row.estimate.n : row.estimate.n / 2;
  require_that(!row.answer && !row.answer_name && failing <= pairs && pairs <= most,
               fmt::format("row {}: {} failures of {} pairs of {} inputs", row.name(), failing,
                           pairs, row.estimate.n));
  statistics::Estimate inputs, unrelated;
  for (size_t i = 0; i < row.answers.size(); ++i) {
    const AnswerCounts& counts = row.answers[i];
    inputs += counts.estimate;
    unrelated += counts.unrelated;
    require_that(
        counts.estimate.failures <= counts.estimate.n &&
            counts.unrelated.failures <= counts.unrelated.n &&
            (i == 0 || row.answers[i - 1].answer < counts.answer),
        fmt::format("row {}: answer {} is out of order, or fails more often than it occurs",
                    row.name(), counts.answer));
    if (inputs.n > row.estimate.n) break;  // more are not worth adding up, and may overflow
  }
  require_that(row.answers.empty() || (inputs == row.estimate && unrelated == row.unrelated),
               fmt::format("row {}: its answers do not add up to it", row.name()));
}

// Every input has as many sources, and what is counted beside the failures is part of all pairs.
void require_interchange(const ReportRow& row, const Report& report) {
  const auto [pairs, failures] = row.estimate;
  const std::string name = row.name();
  require_that(failures <= pairs &&
                   (report.inputs == 0 ? pairs == 0 : pairs > 0 && pairs % report.inputs == 0),
               fmt::format("row {}: {} failures of {} pairs, for {} inputs", name, failures, pairs,
                           report.inputs));
  require_that(row.exchange.has_value(), fmt::format("row {}: field 'exchange' is missing", name));
  const auto& [changing, resampled, parts, drawn] = *row.exchange;
  require_that(changing.failures <= changing.n && changing.failures <= failures &&
                   changing.n <= pairs && (row.axiom != Axiom::UM || changing.n == 0),
               fmt::format("row {}: {} of {} pairs that change the answer fail, of {} of {}", name,
                           changing.failures, changing.n, failures, pairs));
  require_that(!resampled || (resampled->n == pairs && resampled->failures <= pairs),
               fmt::format("row {}: its resampled pairs are others", name));
  for (const auto& [part, estimate] : parts)
    require_that(row.axiom == Axiom::UM && estimate.n == pairs && estimate.failures <= pairs,
                 fmt::format("row {}: part {} has other pairs", name, part));
  require_that(
      std::ssize(row.witnesses) <= failures,
      fmt::format("row {}: {} witnesses of {} failures", name, row.witnesses.size(), failures));
  require_chance(row);
}

// A claim was decided at a look that this run had and that decides it.
void require_decided(const ReportRow& row, const Report& report) {
  if (!row.decided_at) return;
  const statistics::Estimate &at = *row.decided_at, all = evidence_of(report, row).estimate;
  const bool possible = report.sequential && row.claim && !row.never && at.n <= all.n &&
                        at.failures <= all.failures && all.failures - at.failures <= all.n - at.n;
  require_that(possible && at.failures <= at.n &&
                   decided(row.as_claim(), at,
                           level_of_each(report.count_unproved_claims(), report.confidence)),
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
  require_that(report.rows.size() >= report.whole_rows(),
               fmt::format("{} rows: expected {} for each of {} nodes", report.rows.size(),
                           std::size(kAxioms), report.nodes.size()));
  for (size_t i = report.whole_rows(); i < report.rows.size(); ++i) {
    const ReportRow& row = report.rows[i];
    if (is_interchange(row.axiom) && !row.answer) {
      require_interchange(row, report);
      continue;
    }
    require_that(row.answer && row.answer_name && row.claim && row.witnesses.empty() &&
                     std::ranges::count(report.nodes, row.node, &ReportNode::name) == 1,
                 fmt::format("row {}: expected a claim about one answer", row.name()));
  }
  for (size_t i = 0; i < report.whole_rows(); ++i) {
    const ReportRow& row = report.rows[i];
    const ReportNode& node = report.nodes[i / std::size(kAxioms)];
    const std::string name = fmt::format("{}.{}", row.node, to_string(row.axiom));
    require_that(row.node == node.name && row.axiom == kAxioms[i % std::size(kAxioms)],
                 fmt::format("row {}: expected {}.{} in this place", name, node.name,
                             to_string(kAxioms[i % std::size(kAxioms)])));
    const int64_t inputs = left_out(report.proofs, row.node, row.axiom) ? 0 : report.inputs;
    for (const statistics::Estimate& estimate : {row.estimate, row.plain.value_or(row.estimate)})
      require_that(
          estimate.n == inputs && estimate.failures <= estimate.n,
          fmt::format("row {}: {} failures of {} inputs: expected at most as many as the {} "
                      "inputs of the report",
                      name, estimate.failures, estimate.n, inputs));
    if (row.axiom == Axiom::PE)
      require_that(node.inherited <= row.estimate.failures,
                   fmt::format("row {}: {} failures, fewer than the {} inherited ones", name,
                               row.estimate.failures, node.inherited));
    require_that(std::ssize(row.witnesses) <= row.estimate.failures,
                 fmt::format("row {}: {} witnesses of {} failures", name, row.witnesses.size(),
                             row.estimate.failures));
    require_chance(row);
    if (row.where) require_consistent(*row.where, row.estimate);
  }
}

ordered_json to_json(const Report& report) {
  return interp::write_record(report);
}

Report report_from_json(const ordered_json& json, const std::string& where) {
  auto report = interp::read_record<Report>(json, where);
  try {
    require_consistent(report);
    conclude(report);
    for (const ReportRow& row : report.rows) require_decided(row, report);
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
  return axiom_named(name);
}

ordered_json parts_as_json(const std::map<std::string, statistics::Estimate>& parts) {
  std::vector<PartCounts> list;
  for (const auto& [part, estimate] : parts) list.push_back({part, estimate});
  return interp::write_record(list);
}

std::map<std::string, statistics::Estimate> parts_from_json(const ordered_json& list) {
  std::map<std::string, statistics::Estimate> parts;
  for (const auto& [part, estimate] : interp::read_checked<std::vector<PartCounts>>(list))
    parts[part] = estimate;
  return parts;
}

ordered_json scope_as_json(Scope scope) {
  return to_string(scope);
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

}  // namespace assay::axioms
