#include "axioms/looks.h"

#include <algorithm>

namespace assay::axioms {
namespace {

template <typename Rows>
auto row_of_claim(Rows& rows, const Claim& claim) {
  return std::ranges::find_if(rows, [&](const ReportRow& row) {
    return row.node == claim.node && row.axiom == claim.axiom;
  });
}

}  // namespace

Looks::Looks(std::vector<Claim> claims, double confidence, const Report* begun)
    : claims_(std::move(claims)),
      level_(level_of_each(std::ssize(claims_), confidence)),
      before_(claims_.size()),
      decided_at_(claims_.size()) {
  if (!begun) return;
  for (size_t i = 0; i < claims_.size(); ++i) {
    const auto row = row_of_claim(begun->rows, claims_[i]);
    before_[i] = row->estimate;
    decided_at_[i] = row->decided_at;
  }
}

bool Looks::look(const CheckResult& so_far) {
  for (size_t i = 0; i < claims_.size(); ++i) {
    if (decided_at_[i]) continue;
    const auto node = std::ranges::find(so_far.nodes, claims_[i].node, &NodeResult::node);
    statistics::Estimate estimate = before_[i];
    estimate += (*node)[claims_[i].axiom].estimate;
    if (decided(claims_[i], estimate, level_)) decided_at_[i] = estimate;
  }
  return std::ranges::all_of(decided_at_, [](const auto& at) { return at.has_value(); });
}

void Looks::note(Report& report) const {
  for (size_t i = 0; i < claims_.size(); ++i)
    row_of_claim(report.rows, claims_[i])->decided_at = decided_at_[i];
  conclude(report);
}

}  // namespace assay::axioms
