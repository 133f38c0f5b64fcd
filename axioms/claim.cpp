#include "axioms/claim.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <stdexcept>

#include "interp/names.h"
#include "interp/statistics/p_values.h"
#include "interp/statistics/sequential.h"

namespace assay::axioms {
namespace {

const interp::Names<Axiom> kAxiomNames = {{Axiom::PE, "PE"}, {Axiom::CE, "CE"}, {Axiom::PR, "PR"},
                                          {Axiom::CR, "CR"}, {Axiom::II, "II"}, {Axiom::IA, "IA"},
                                          {Axiom::UM, "UM"}};
const interp::Names<Verdict> kVerdicts = {{Verdict::Holds, "holds"},
                                          {Verdict::Violated, "violated"},
                                          {Verdict::Undecided, "undecided"},
                                          {Verdict::Vacuous, "vacuous"}};

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(' ');
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

Axiom parse_axiom(std::string_view name, std::string_view text) {
  try {
    return axiom_named(std::string(name));
  } catch (const std::invalid_argument& unknown) {
    throw std::invalid_argument(fmt::format("claim '{}': {}", text, unknown.what()));
  }
}

}  // namespace

std::string to_string(Axiom axiom) {
  return interp::name_of(axiom, kAxiomNames);
}

Axiom axiom_named(const std::string& name) {
  return interp::value_of(name, kAxiomNames, "axiom");
}

std::string to_string(Verdict verdict) {
  return interp::name_of(verdict, kVerdicts);
}

std::string Claim::row() const {
  const std::string name = fmt::format("{}.{}", node, to_string(axiom));
  return answer.empty() ? name : fmt::format("{}[{}]", name, answer);
}

Claim parse_claim(std::string_view text) {
  const size_t relation = text.find("<=");
  const std::string_view left = trimmed(text.substr(0, relation));
  // An answer in brackets may hold any character.
  const size_t bracket = left.ends_with(']') ? left.find('[') : left.npos;
  const std::string_view answer =
      bracket == left.npos ? "" : left.substr(bracket + 1, left.size() - bracket - 2);
  const size_t dot = left.substr(0, bracket).rfind('.');
  if (relation == text.npos || dot == left.npos || dot == 0)
    throw std::invalid_argument(
        fmt::format("claim '{}': expected NODE.AXIOM<=RATE, such as parse.PE<=0.001", text));
  const std::string_view number = trimmed(text.substr(relation + 2));
  Claim claim{.node = std::string(trimmed(left.substr(0, dot))),
              .axiom = parse_axiom(trimmed(left.substr(dot + 1, bracket - dot - 1)), text),
              .epsilon = 0,
              .answer = std::string(trimmed(answer))};
  if (bracket != left.npos && claim.answer.empty())
    throw std::invalid_argument(
        fmt::format("claim '{}': expected an answer of the network in the brackets", text));
  const auto [end, error] =
      std::from_chars(number.data(), number.data() + number.size(), claim.epsilon);
  if (error != std::errc() || end != number.data() + number.size() || !(claim.epsilon >= 0) ||
      claim.epsilon > 1)
    throw std::invalid_argument(
        fmt::format("claim '{}': expected a rate between 0 and 1, got '{}'", text, number));
  return claim;
}

std::vector<Verdict> judge(const std::vector<Claim>& claims,
                           const std::vector<statistics::Estimate>& estimates, double confidence,
                           bool exact) {
  std::vector<double> too_few, too_many;
  for (size_t i = 0; i < claims.size(); ++i) {
    too_few.push_back(claims[i].epsilon < 1
                          ? statistics::p_value_of_at_most(estimates[i], claims[i].epsilon)
                          : 0);  // no rate exceeds 1
    too_many.push_back(statistics::p_value_of_at_least(estimates[i], claims[i].epsilon));
  }
  const std::vector<double> below = statistics::holm(too_few), above = statistics::holm(too_many);
  std::vector<Verdict> verdicts;
  for (size_t i = 0; i < claims.size(); ++i) {
    Verdict verdict = Verdict::Undecided;
    if (exact)
      verdict = estimates[i].rate() <= claims[i].epsilon ? Verdict::Holds : Verdict::Violated;
    else if (below[i] <= 1 - confidence)
      verdict = Verdict::Holds;
    else if (above[i] < 1 - confidence)
      verdict = Verdict::Violated;
    verdicts.push_back(verdict);
  }
  return verdicts;
}

double level_of_each(int64_t claims, double confidence) {
  return (1 - confidence) / static_cast<double>(claims);
}

std::optional<Verdict> decided(const Claim& claim, const statistics::Estimate& estimate,
                               double level) {
  const double enough = -std::log(level);
  if (claim.epsilon >= 1) return Verdict::Holds;  // no rate exceeds 1
  if (statistics::log_evidence_against_at_least(estimate, claim.epsilon) >= enough)
    return Verdict::Holds;
  if (statistics::log_evidence_against_at_most(estimate, claim.epsilon) >= enough)
    return Verdict::Violated;
  return std::nullopt;
}

}  // namespace assay::axioms
