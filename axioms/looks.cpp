#include "axioms/looks.h"

#include <algorithm>

#include "interp/statistics/sequential.h"

namespace assay::axioms {
namespace {

template <typename Rows>
auto row_of_claim(Rows& rows, const Claim& claim) {
  return std::ranges::find_if(rows, [&](const ReportRow& row) {
    return row.node == claim.node && row.axiom == claim.axiom && row.answer == claim.answer_index;
  });
}

Counts counted(const CheckResult& result, const Claim& claim) {
  auto node = std::ranges::find(result.nodes, claim.node, &NodeResult::node);
  if (node == result.nodes.end())
    node = std::ranges::find(result.pairs, claim.node, &NodeResult::node);
  const AxiomResult& all = (*node)[claim.axiom];
  if (!claim.answer_index) return {all.estimate, all.unrelated};
  const auto of_answer = all.by_answer.find(*claim.answer_index);
  return of_answer == all.by_answer.end() ? Counts() : of_answer->second;
}

}  // namespace

Looks::Looks(std::vector<Claim> claims, double confidence, const Report* begun)
    : claims_(std::move(claims)),
      confidence_(confidence),
      level_(level_of_each(std::ssize(claims_), confidence)),
      before_(claims_.size()),
      decided_at_(claims_.size()) {
  if (!begun) return;
  for (size_t i = 0; i < claims_.size(); ++i) {
    const auto row = row_of_claim(begun->rows, claims_[i]);
    before_[i] = {row->estimate, row->unrelated};
    decided_at_[i] = row->decided_at;
  }
}

bool Looks::decides(const Claim& claim, const Counts& counts) const {
  const std::optional<Verdict> verdict = decided(claim, counts.estimate, level_);
  if (verdict != Verdict::Holds) return verdict.has_value();
  return beats_chance(statistics::anytime_upper_bound(counts.estimate, confidence_),
                      counts.unrelated, confidence_, /*anytime=*/true);
}

bool Looks::look(const CheckResult& so_far) {
  for (size_t i = 0; i < claims_.size(); ++i) {
    if (decided_at_[i]) continue;
    Counts counts = before_[i];
    counts += counted(so_far, claims_[i]);
    if (decides(claims_[i], counts)) decided_at_[i] = counts.estimate;
  }
  return std::ranges::all_of(decided_at_, [](const auto& at) { return at.has_value(); });
}

void Looks::note(Report& report) const {
  for (size_t i = 0; i < claims_.size(); ++i)
    row_of_claim(report.rows, claims_[i])->decided_at = decided_at_[i];
  conclude(report);
}

}  // namespace assay::axioms
