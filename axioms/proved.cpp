#include "axioms/proved.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "axioms/report.h"

namespace assay::axioms {
namespace {

std::string row_name(const std::string& node, Axiom axiom) {
  return fmt::format("{}.{}", node, to_string(axiom));
}

// Rounded down, as a lower bound must be.
std::string margin_text(double margin) {
  return fmt::format("{:.2f}", std::floor(margin * 100) / 100);
}

std::string text_of(const ProvedRows& proved, const Proofs& proofs) {
  if (!proved.never) return "= " + proved.evidence();
  const std::string margin =
      proved.margin ? fmt::format(", margin {}", margin_text(*proved.margin)) : "";
  return fmt::format("0 for all {}{}", proofs.inputs, margin);
}

[[noreturn]] void contradicted(const Proofs& proofs, const std::string& what) {
  if (proofs.certificate)
    throw std::invalid_argument(fmt::format(
        "{}: it says that {}; the certificate is wrong, which assay-check can show, or this "
        "program is",
        proofs.certificate->path, what));
  throw std::invalid_argument(
      fmt::format("internal error: it is proved that {}; this should be reported", what));
}

void require_uncontradicted(const Report& report) {
  const Proofs& proofs = *report.proofs;
  for (size_t i = 0; i < report.whole_rows(); ++i) {
    const ReportRow& row = report.rows[i];
    if (row.never && row.estimate.failures > 0)
      contradicted(proofs, fmt::format("{} never fails, but it fails on {} of {} inputs",
                                       row.name(), row.estimate.failures, row.estimate.n));
    if (row.same_as.empty() || left_out(report.proofs, row.node, row.axiom)) continue;
    const ReportRow& other = evidence_of(report, row);
    if (row.estimate != other.estimate)
      contradicted(
          proofs, fmt::format("{} and {} fail on the same inputs, but they fail on {} and {} of {}",
                              row.name(), other.name(), row.estimate.failures,
                              other.estimate.failures, row.estimate.n));
  }
}

}  // namespace

bool ProvedStatement::proved_as_it_runs() const {
  if (verdict != "proved") return false;
  return !float32_error || (margin && *margin > *float32_error);
}

bool ProvedRows::contain(const std::string& row) const {
  return std::ranges::count(rows, row) > 0;
}

const std::string& ProvedRows::evidence() const {
  for (const char* axiom : {".PE", ".CE"})
    for (const std::string& row : rows)
      if (row.ends_with(axiom)) return row;
  return rows.front();
}

const ProvedRows* Proofs::of(const std::string& row) const {
  const auto found =
      std::ranges::find_if(rows, [&](const ProvedRows& proved) { return proved.contain(row); });
  return found == rows.end() ? nullptr : &*found;
}

std::string Proofs::source() const {
  return certificate ? fmt::format("proved by {}, not checked here", certificate->path)
                     : "proved by the run itself";
}

bool left_out(const std::optional<Proofs>& proofs, const std::string& node, Axiom axiom) {
  if (!proofs || (axiom != Axiom::PR && axiom != Axiom::CR)) return false;
  return std::ranges::all_of(std::initializer_list<Axiom>{Axiom::PR, Axiom::CR}, [&](Axiom of) {
    const std::string row = row_name(node, of);
    const ProvedRows* proved = proofs->of(row);
    return proved && !proved->never && proved->evidence() != row;
  });
}

void apply_proofs(Report& report) {
  for (ReportRow& row : report.rows) {
    row.never = false;
    row.same_as.clear();
    row.proved.clear();
    if (!report.proofs) continue;
    const std::string name = row_name(row.node, row.axiom);
    const ProvedRows* proved = report.proofs->of(name);
    if (!proved) continue;
    row.never = proved->never;
    if (!row.never && proved->evidence() == name) continue;
    if (!row.never) row.same_as = proved->evidence();
    if (row.never || !row.answer)  // one about an answer shows the counts that it takes from there
      row.proved = text_of(*proved, *report.proofs);
  }
  if (report.proofs) require_uncontradicted(report);
}

const ReportRow& evidence_of(const Report& report, const ReportRow& row) {
  if (row.same_as.empty() || row.answer) return row;
  for (size_t i = 0; i < report.whole_rows(); ++i)
    if (report.rows[i].name() == row.same_as) return report.rows[i];
  return row;
}

std::string proofs_sentence(const Report& report) {
  if (!report.proofs || report.proofs->rows.empty()) return {};
  std::vector<std::string> sets;
  for (const ProvedRows& proved : report.proofs->rows)
    sets.push_back(fmt::format("{}{}", fmt::join(proved.rows, " = "), proved.never ? " = 0" : ""));
  return fmt::format("For every one of {} inputs ({}): {}. So of {} rows {} {} unknown.",
                     report.proofs->inputs, report.proofs->source(), fmt::join(sets, "; "),
                     report.whole_rows(), report.unknown_rows(),
                     report.unknown_rows() == 1 ? "is" : "are");
}

}  // namespace assay::axioms
