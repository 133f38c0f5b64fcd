#include "axioms/merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "interp/files/json_difference.h"

namespace assay::axioms {
namespace {

using interp::Range;
using interp::Ranges;
using nlohmann::ordered_json;

Exchange emptied(Exchange exchange) {
  exchange.changing = {};
  if (exchange.resampled) exchange.resampled = statistics::Estimate();
  for (auto& [part, estimate] : exchange.parts) estimate = {};
  return exchange;
}

/// The report without what its inputs and its process have brought in. Parts of one run agree in
/// the rest.
ordered_json asked_of(Report report) {
  Part& part = *report.part;
  part.shard.index = 0;
  part.counted.clear();
  part.readings = {};
  part.by_features = {};
  const RunFacts facts = std::move(report.facts);
  std::vector<Source> loaded = facts.loaded;
  for (Source& object : loaded) object.path.clear();
  report.facts = {.command = {},
                  .version = facts.version,
                  .loaded = loaded,
                  .plan = facts.plan ? std::optional(Source{{}, facts.plan->sha256}) : std::nullopt,
                  .model = {.path = {}, .sha256 = facts.model.sha256},
                  .interpretation = {.path = {}, .sha256 = facts.interpretation.sha256},
                  .data = facts.data,
                  .seeds = facts.seeds,
                  .device = facts.device,
                  .blas = {},
                  .times = {}};
  report.inputs = 0;
  report.partial = false;
  report.objections.clear();
  report.untested.clear();
  report.remarks.clear();
  report.worst_case.reset();
  if (report.proofs && report.proofs->certificate) report.proofs->certificate->path.clear();
  for (ReportNode& node : report.nodes) {
    node.inherited = 0;
    node.grip.reset();
  }
  for (ReportRow& row : report.rows) {
    row.estimate = {};
    row.plain.reset();
    row.decided_at.reset();
    row.unrelated = {};
    row.answers.clear();
    row.witnesses.clear();
    row.where.reset();
    if (row.exchange) row.exchange = emptied(*row.exchange);
  }
  conclude(report);
  return to_json(report);
}

void require(bool holds, const std::string& what) {
  if (!holds) throw std::invalid_argument(what);
}

void require_counted(const Report& report, const Part& part) {
  const Range own = interp::range_of(part.shard, part.inputs, part.chunk);
  require(interp::joined(part.counted) == part.counted, "its ranges of inputs are not in order");
  const int64_t end = own.first + own.count;
  for (const Range& range : part.counted)
    require(range.first % part.chunk == 0 && own.first <= range.first &&
                range.first + range.count <= end,
            fmt::format("part {} of {} has inputs {} to {}, and counts inputs {} to {}",
                        part.shard.index, part.shard.of, own.first, end - 1, range.first,
                        range.first + range.count - 1));
  for (const Range& range : part.counted)
    require(range.count % part.chunk == 0 || range.first + range.count == part.inputs,
            fmt::format("it counts {} inputs from {} on, no whole chunks of {}", range.count,
                        range.first, part.chunk));
  const int64_t inputs = interp::count_of(part.counted);
  require(inputs == report.inputs && report.partial == (inputs < own.count),
          fmt::format("it says {} inputs{} and counts {} of {}", report.inputs,
                      report.partial ? ", interrupted," : "", inputs, own.count));
}

void require_row(const ReportRow& row, const ReportNode& node, const Part& part) {
  const std::string name = fmt::format("row {}.{}", row.node, to_string(row.axiom));
  const bool plain = node.equality == "downstream" && row.estimate.n > 0 &&
                     (row.axiom == Axiom::PE || row.axiom == Axiom::CE);
  require(row.plain.has_value() == plain,
          fmt::format("{}: plain_equality is {}", name, plain ? "missing" : "not expected"));
  require(std::ssize(row.witnesses) == std::min(part.witnesses, row.estimate.failures),
          fmt::format("{}: {} witnesses of {} failures, expected the first {}", name,
                      row.witnesses.size(), row.estimate.failures, part.witnesses));
  for (size_t i = 0; i < row.witnesses.size(); ++i)
    require(
        contains(part.counted, row.witnesses[i].input) &&
            (i == 0 || row.witnesses[i - 1].input < row.witnesses[i].input),
        fmt::format("{}: its witness, input {}, is not among the inputs counted, or not in order",
                    name, row.witnesses[i].input));
}

// At most one failing pair is kept of each base.
void require_interchange_witnesses(const ReportRow& row, const Part& part) {
  require((row.estimate.failures == 0 || part.witnesses == 0) == row.witnesses.empty() &&
              std::ssize(row.witnesses) <= part.witnesses,
          fmt::format("row {}: {} witnesses, of {} failures", row.name(), row.witnesses.size(),
                      row.estimate.failures));
  for (size_t i = 0; i < row.witnesses.size(); ++i)
    require(contains(part.counted, row.witnesses[i].input) &&
                (i == 0 || row.witnesses[i - 1].input < row.witnesses[i].input),
            fmt::format("row {}: its witness, input {}, is not among the inputs counted, or not in "
                        "order",
                        row.name(), row.witnesses[i].input));
}

void require_readings(const Report& report, const Part& part) {
  int64_t inputs = part.readings.ties;
  for (const auto& [reading, n] : part.readings.inputs) {
    inputs += n;
    if (inputs > report.inputs) break;  // more are not worth adding up, and may overflow
  }
  require(inputs == report.inputs,
          fmt::format("its readings are of {} inputs, not of {}", inputs, report.inputs));
}

// Cells share out all inputs, and the failures of every row.
void require_cells(const Report& report, const Part& part) {
  int64_t inputs = 0;
  std::vector<int64_t> failures(report.whole_rows());
  for (const auto& [key, count] : part.by_features.cells) {
    require(!part.features.empty() && key.size() == part.features.size() + 1,
            fmt::format("a cell with {} numbers: expected its block and {} features", key.size(),
                        part.features.size()));
    inputs += count.inputs;
    if (inputs > report.inputs) break;  // more are not worth adding up, and may overflow
    for (const auto& [row, n] : count.failures) {
      require(std::cmp_less(row, failures.size()) && n <= count.inputs,
              fmt::format("a cell with {} failures in row {}, of {} inputs", n, row, count.inputs));
      failures[row] += n;
    }
  }
  require(part.features.empty() || inputs == report.inputs,
          fmt::format("its cells are of {} inputs, not of {}", inputs, report.inputs));
  for (size_t i = 0; i < failures.size() && !part.features.empty(); ++i)
    require(failures[i] == report.rows[i].estimate.failures,
            fmt::format("row {}: its cells have {} failures, not {}", report.rows[i].name(),
                        failures[i], report.rows[i].estimate.failures));
}

void require_vacuity_in_the_first(const Report& report, const Part& part) {
  const bool found = !report.objections.empty() || !report.untested.empty();
  require(part.shard.index == 1 || !found, "only the first part says what was found of vacuity");
  require(part.shard.index == 1 || !report.worst_case,
          "only the first part searches the worst case");
  for (const ReportNode& node : report.nodes) {
    if (!node.grip) continue;
    require(part.shard.index == 1, "only the first part has grips");
    require(node.grip->changed <= node.grip->inputs && node.grip->pairs <= node.grip->inputs &&
                node.grip->followed <= node.grip->pairs,
            fmt::format("node {}: more inputs of its grip than there are", node.name));
  }
}

}  // namespace

void require_part(const NamedReport& named) {
  const auto& [name, report] = named;
  try {
    require(report.part.has_value(), "the report of a whole run, not of a part of one (--shard)");
    require_counted(report, *report.part);
    for (size_t i = 0; i < report.whole_rows(); ++i)
      require_row(report.rows[i], report.nodes[i / std::size(kAxioms)], *report.part);
    for (const ReportRow& row : report.rows)
      if (is_interchange(row.axiom) && !row.answer)
        require_interchange_witnesses(row, *report.part);
    require_readings(report, *report.part);
    require_cells(report, *report.part);
    require_vacuity_in_the_first(report, *report.part);
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(fmt::format("{}: {}", name, error.what()));
  }
}

void require_same_run(const NamedReport& one, const NamedReport& other) {
  const auto difference = interp::first_difference(asked_of(one.report), asked_of(other.report));
  if (difference)
    throw std::invalid_argument(
        fmt::format("{} and {} are not of one run: {}", one.name, other.name, *difference));
}

void add_counts(Report& total, const Report& more) {
  Part& part = *total.part;
  Ranges counted = part.counted;
  std::ranges::copy(more.part->counted, std::back_inserter(counted));
  part.counted = interp::joined(std::move(counted));
  part.readings += more.part->readings;
  part.by_features += more.part->by_features;
  total.inputs += more.inputs;
  Times& times = total.facts.times;
  times.started = std::min(times.started, more.facts.times.started);
  times.seconds += more.facts.times.seconds;
  times.cpu_seconds += more.facts.times.cpu_seconds;
  for (size_t v = 0; v < total.nodes.size(); ++v) {
    total.nodes[v].inherited += more.nodes[v].inherited;
    for (size_t i = v * std::size(kAxioms); i < (v + 1) * std::size(kAxioms); ++i) {
      AxiomResult sum = counts_of(total.rows[i]);
      add(sum, counts_of(more.rows[i]), part.witnesses);
      set_counts(total.rows[i], std::move(sum));
      if (more.rows[i].plain) {
        if (!total.rows[i].plain) total.rows[i].plain.emplace();
        *total.rows[i].plain += *more.rows[i].plain;
      }
    }
  }
  for (size_t i = total.whole_rows(); i < total.rows.size(); ++i) {
    if (total.rows[i].answer) continue;
    AxiomResult sum = counts_of(total.rows[i]);
    add(sum, counts_of(more.rows[i]), part.witnesses);
    set_counts(total.rows[i], std::move(sum));
  }
  const Range own = interp::range_of(part.shard, part.inputs, part.chunk);
  total.partial = total.partial && total.inputs < own.count;
  conclude(total);
}

void complete(Report& report) {
  if (report.is_shard()) return;
  Vacuity found;
  add_readings(found, report.part->output, report.part->readings);
  find_failing_regions(report);
  if (!report.partial) report.part.reset();
  add_vacuity(report, found);
  look(report);
}

Report merge(std::vector<NamedReport> parts) {
  if (parts.empty()) throw std::invalid_argument("expected the parts of a run");
  std::vector<interp::NamedShard> shards;
  for (const NamedReport& part : parts) {
    require_part(part);
    require(!part.report.partial,
            part.name + ": this part was interrupted; let it go on with --resume first");
    require(part.report.is_shard(),
            part.name + ": the only part of its run, so that there is nothing to merge");
    require_same_run(parts.front(), part);
    shards.push_back({part.name, part.report.part->shard});
  }
  std::ranges::stable_sort(parts, {},
                           [](const NamedReport& part) { return part.report.part->shard.index; });
  require_each_once(shards);
  Report whole = std::move(parts.front().report);
  whole.part->shard = {};
  for (auto part = parts.begin() + 1; part != parts.end(); ++part) add_counts(whole, part->report);
  complete(whole);
  return whole;
}

}  // namespace assay::axioms
