// The verdict for people.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>

#include "axioms/report.h"
#include "interp/numerals.h"

namespace assay::axioms {
namespace {

// "2 of 5 claims hold, 1 is violated, …"
std::string count_of_claims(const Report& report) {
  std::map<Verdict, int64_t> count;
  int64_t claims = 0, withheld = 0, by_chance = 0;
  for (const ReportRow& row : report.rows) {
    if (!row.verdict) continue;
    ++claims;
    ++count[*row.verdict];
    withheld += !row.because.empty() && !row.by_chance;
    by_chance += row.by_chance;
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
  add(by_chance, "is no better than chance", "are no better than chance");
  add(count[Verdict::Undecided] - withheld - by_chance, "is undecided", "are undecided");
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

// The worst that was found, beside the rates and apart from them.
std::string worst_case_text(const Report& report) {
  std::vector<std::string> found;
  int64_t runs = 0;
  for (const Search& search : report.worst_case->searches) {
    runs += search.runs;
    if (search.found) found.push_back(fmt::format("{}: {}", search.words, *search.found));
  }
  if (found.empty())
    return fmt::format("A search for an input that fails found none in {} runs.",
                       interp::grouped(runs));
  return fmt::format("But a search found an input on which {}.",
                     fmt::join(found, "; and one on which "));
}

// What a shard says in place of a verdict.
std::string part_text(const Report& report) {
  const Part& part = *report.part;
  return fmt::format(
      "Part {} of {}: {} of {} inputs. The verdict needs all parts together (assay merge).",
      part.shard.index, part.shard.of, report.inputs, part.inputs);
}

}  // namespace

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
  if (const std::string proved = proofs_sentence(report); !proved.empty()) text += " " + proved;
  for (const Remark& remark : report.remarks)
    if (remark.node.empty()) text += fmt::format(" Note that {}.", remark.text);
  if (report.worst_case) text += " " + worst_case_text(report);
  return text;
}

}  // namespace assay::axioms
