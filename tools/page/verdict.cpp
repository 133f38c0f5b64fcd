// The verdict: a sign, a sentence, what qualifies it, and four facts.

#include <fmt/format.h>

#include "axioms/report.h"
#include "tasks/wording.h"
#include "tools/page/node_words.h"
#include "tools/page/outcomes.h"
#include "tools/page/sections.h"
#include "tools/plural.h"
#include "tools/terminal.h"
#include "tools/verdict_words.h"

namespace assay::tools::page {
namespace {

using axioms::Report;
using axioms::ReportRow;
using tasks::page::Html;
using tasks::page::mark;
using tasks::page::span;
using tasks::page::tag;

const char* sign_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::Holds:
      return "M14 25l7 7 14-15";
    case Outcome::Violated:
      return "M16 16l16 16M32 16L16 32";
    case Outcome::Undecided:
      return "M18 19a6 6 0 1 1 6 7v3M24 34v.5";
    case Outcome::Vacuous:
      return "M17 31L31 17M24 15a9 9 0 1 0 .01 0";
    case Outcome::None:
    case Outcome::Untested:
      break;
  }
  return "M15 24h18";
}

Html sign(Outcome outcome) {
  return tag("svg", {{"viewBox", "0 0 48 48"}, {"aria-hidden", "true"}},
             mark("circle", {{"cx", "24"}, {"cy", "24"}, {"r", "21"}}) +
                 mark("path", {{"d", sign_of(outcome)}}));
}

Html verdict_fact(const std::string& figure, const std::string& words) {
  return tag("div", tag("dt", figure) + tag("dd", words));
}

Html claims_fact(const Report& report) {
  int64_t holding = 0;
  for (const ReportRow& row : report.rows) holding += outcome_of(row) == Outcome::Holds;
  const int64_t claims = report.count_claims();
  if (claims == 0)
    return verdict_fact(counted(std::ssize(report.rows), "row"), "measured; nothing was claimed");
  const std::string together =
      report.exact ? "exactly"
                   : fmt::format("{}with {:g}% confidence", claims == 1 ? "" : "all together ",
                                 100 * report.confidence);
  return verdict_fact(fmt::format("{} of {}", holding, claims),
                      fmt::format("{} {}, {}", claims == 1 ? "claim" : "claims",
                                  holding == 1 || claims == 1 ? "holds" : "hold", together));
}

/// The row with the largest bound, beside its chance level.
Html worst_fact(const Report& report, const std::string& inputs) {
  const ReportRow* worst = nullptr;
  for (const ReportRow& row : report.rows)
    if (!row.answer && !is_interchange(row.axiom) && (!worst || bound_of(row) > bound_of(*worst)))
      worst = &row;
  if (!worst) return verdict_fact("–", "no row was measured");
  const std::string chance =
      worst->unrelated.n == 0
          ? ""
          : fmt::format("; by chance {} would", share_text(worst->unrelated.rate()));
  const std::string share =
      share_text(bound_of(*worst), worst->exact ? Rounding::Nearest : Rounding::Up);
  return verdict_fact((worst->exact ? "= " : "≤ ") + share,
                      fmt::format("of {} fail the worst row, {}{}", inputs, worst->name(), chance));
}

/// What no sample is needed for.
Html proved_fact(const Report& report) {
  const auto rows = std::span(report.rows).first(report.whole_rows());
  const auto proved =
      std::ranges::count_if(rows, [](const ReportRow& row) { return !row.proved.empty(); });
  if (proved == 0 && report.exact && report.scope == axioms::Scope::Domain)
    return verdict_fact("all", "inputs that there are were checked, so that rates are exact");
  if (proved == 0 && report.scope == axioms::Scope::List)
    return verdict_fact("0 proved", "nothing is said of inputs that are not listed");
  if (proved == 0) return verdict_fact("0 proved", "every bound rests on a sample");
  return verdict_fact(fmt::format("{} proved", proved),
                      fmt::format("of {}, for every one of {}", counted(std::ssize(rows), "row"),
                                  powers_of_ten(report.proofs->inputs)));
}

/// `formulas were`
std::string said(int64_t inputs, const tasks::Wording& words) {
  return inputs == 1 ? words.input + " was" : words.inputs + " were";
}

Html decided_fact(const Report& report, const tasks::Wording& words) {
  if (!report.sequential || report.count_claims() == 0)
    return verdict_fact(grouped(report.inputs), said(report.inputs, words) + " checked");
  int64_t last = 0;
  bool all = true;
  for (const ReportRow& row : report.rows) {
    if (!row.claim || row.never) continue;  // a proof needs no inputs
    all = all && row.decided_at;
    if (row.decided_at) last = std::max(last, row.decided_at->n);
  }
  if (all && last == 0)
    return verdict_fact(grouped(report.inputs),
                        said(report.inputs, words) + " run; proofs decided every claim");
  return all ? verdict_fact(grouped(last), fmt::format("{} decided every claim; {} were run",
                                                       words.inputs, grouped(report.inputs)))
             : verdict_fact(grouped(report.inputs),
                            fmt::format("{} did not decide every claim",
                                        report.inputs == 1 ? words.input : words.inputs));
}

/// A link to an input on which the row fails that the verdict speaks of: a violated one, else the
/// one that fails most.
Html to_failing_input(const Report& report, const std::string& input) {
  const auto weight = [](const ReportRow& row) {
    return std::pair(outcome_of(row) == Outcome::Violated, row.estimate.failures);
  };
  const ReportRow* shown = nullptr;
  for (const ReportRow& row : report.rows)
    if (!row.witnesses.empty() && (!shown || weight(row) > weight(*shown))) shown = &row;
  if (!shown) return {};
  return tag("p", {{"class", "small"}},
             tag("a", {{"href", fmt::format("#w={}", shown->witnesses.front().input)}},
                 fmt::format("See a failing {}, step by step.", input)));
}

}  // namespace

std::optional<Section> verdict_section(const Run& run) {
  if (run.kind != RunKind::Validation) return std::nullopt;
  const Report& report = *run.validation;
  const VerdictWords words = verdict_words(report, *run.task);
  const tasks::Wording& noun = tasks::wording_of(*run.task);
  Html said = tag("p", {{"class", "say"}}, tag("b", words.head) + " " + words.say);
  if (!words.but_head.empty())
    said += tag("p", {{"class", "but"}}, tag("b", words.but_head) + " " + words.but);
  said += to_failing_input(report, noun.input);
  for (const axioms::Objection& objection : report.objections)
    said += tag("p", {{"class", "but"}},
                tag("b", objection.node) +
                    fmt::format(": {}. It violates: {}.", objection.reason, objection.violates));
  for (const axioms::Remark& remark : report.remarks)
    said +=
        tag("p", {{"class", "but soft"}},
            fmt::format("{}{}.", remark.node.empty() ? "Note: " : remark.node + ": ", remark.text));
  Section section{.title = "Verdict", .run = {}};
  section.blocks.push_back(
      tasks::page::block(tag("div", {{"class", std::string("verdict ") + style_of(words.outcome)}},
                             sign(words.outcome) + tag("div", said)) +
                         tag("dl", {{"class", "facts"}},
                             claims_fact(report) + worst_fact(report, noun.inputs) +
                                 proved_fact(report) + decided_fact(report, noun))));
  return section;
}

}  // namespace assay::tools::page
