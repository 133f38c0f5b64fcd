#include "axioms/looks.h"

#include <fmt/format.h>

#include <algorithm>

#include "interp/statistics/sequential.h"

namespace assay::axioms {
namespace {

template <typename Rows>
auto row_about(Rows& rows, const std::string& node, Axiom axiom, std::optional<int64_t> answer) {
  return std::ranges::find_if(rows, [&](const ReportRow& row) {
    return row.node == node && row.axiom == axiom && row.answer == answer;
  });
}

// What a result has counted of a row, on all inputs or on those with one answer.
Counts counted(const CheckResult& result, const std::string& name, Axiom axiom,
               std::optional<int64_t> answer) {
  auto node = std::ranges::find(result.nodes, name, &NodeResult::node);
  if (node == result.nodes.end()) node = std::ranges::find(result.pairs, name, &NodeResult::node);
  const AxiomResult& all = (*node)[axiom];
  if (!answer) return {all.estimate, all.unrelated};
  const auto of_answer = all.by_answer.find(*answer);
  return of_answer == all.by_answer.end() ? Counts() : of_answer->second;
}

Axiom axiom_of(const std::string& row) {
  return *std::ranges::find_if(kAxioms,
                               [&](Axiom axiom) { return row.ends_with("." + to_string(axiom)); });
}

}  // namespace

Looks::Looks(std::vector<Claim> claims, double confidence, const Report* begun,
             const std::optional<Proofs>& proofs)
    : confidence_(confidence) {
  int64_t unproved = 0;
  for (Claim& claim : claims) {
    Watched watched{.claim = claim, .node = claim.node, .axiom = claim.axiom};
    const std::string name = fmt::format("{}.{}", claim.node, to_string(claim.axiom));
    if (const ProvedRows* proved = proofs ? proofs->of(name) : nullptr) {
      watched.never = proved->never;
      const std::string& evidence = proved->never ? name : proved->evidence();
      watched.node = evidence.substr(0, evidence.rfind('.'));
      watched.axiom = axiom_of(evidence);
    }
    unproved += !watched.never;
    if (begun) {
      // A row about one answer has its counts from the row that carries the evidence already.
      const bool own = claim.answer_index.has_value();
      const auto row = row_about(begun->rows, own ? claim.node : watched.node,
                                 own ? claim.axiom : watched.axiom, claim.answer_index);
      watched.before = {row->estimate, row->unrelated};
      watched.decided_at =
          row_about(begun->rows, claim.node, claim.axiom, claim.answer_index)->decided_at;
    }
    claims_.push_back(std::move(watched));
  }
  level_ = level_of_each(std::max<int64_t>(1, unproved), confidence);
}

bool Looks::decides(const Watched& watched, const Counts& counts) const {
  const std::optional<Verdict> verdict =
      watched.never ? Verdict::Holds : decided(watched.claim, counts.estimate, level_);
  if (verdict != Verdict::Holds) return verdict.has_value();
  const double upper =
      watched.never ? 0 : statistics::anytime_upper_bound(counts.estimate, confidence_);
  return beats_chance(upper, counts.unrelated, confidence_, /*anytime=*/true);
}

bool Looks::look(const CheckResult& so_far) {
  for (Watched& watched : claims_) {
    if (watched.decided_at) continue;
    Counts counts = watched.before;
    counts += counted(so_far, watched.node, watched.axiom, watched.claim.answer_index);
    if (decides(watched, counts)) watched.decided_at = counts.estimate;
  }
  return std::ranges::all_of(claims_,
                             [](const Watched& watched) { return watched.decided_at.has_value(); });
}

void Looks::note(Report& report) const {
  for (const Watched& watched : claims_) {
    if (watched.never) continue;  // by the proof, and by no look
    const Claim& claim = watched.claim;
    row_about(report.rows, claim.node, claim.axiom, claim.answer_index)->decided_at =
        watched.decided_at;
  }
  conclude(report);
}

}  // namespace assay::axioms
