#pragma once
// Claims about error rates, `parse.PE<=0.001`, and the verdicts on them.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "interp/statistics/binomial.h"

namespace assay::axioms {

/// The four axioms that are numbers (arXiv 2407.13594): prefix and component equivalence compare
/// abstract values, prefix and component replaceability compare decisions.
/// The rest are asked on demand (interchange.h): II and IA exchange a value between two inputs, by
/// γ and by activations; UM resamples what the interpretation calls irrelevant.
enum class Axiom { PE, CE, PR, CR, II, IA, UM };
inline constexpr Axiom kAxioms[] = {Axiom::PE, Axiom::CE, Axiom::PR, Axiom::CR};
inline constexpr Axiom kInterchanges[] = {Axiom::II, Axiom::IA, Axiom::UM};
inline constexpr bool is_interchange(Axiom axiom) {
  return axiom >= Axiom::II;
}
std::string to_string(Axiom axiom);
/// @throws std::invalid_argument listing those that there are.
Axiom axiom_named(const std::string& name);

/// Vacuous: the numbers hold, but the interpretation says nothing (vacuity.h). Undecided: too few
/// inputs, or the numbers hold but something that they rest on could not be tested.
enum class Verdict { Holds, Violated, Undecided, Vacuous };
std::string to_string(Verdict verdict);

/// "The failure rate of `axiom` at `node` is at most `epsilon`", of all inputs or of those to which
/// the network gives one answer.
struct Claim {
  std::string node;
  Axiom axiom = Axiom::PE;
  double epsilon = 0;
  std::string answer = {};                   ///< as written, `UNSAT`; empty: all inputs
  std::optional<int64_t> answer_index = {};  ///< of the task's answers, once they are known

  std::string row() const;  ///< `parse.PR`, `parse.PR[UNSAT]`
};

/// Reads `node.PE<=0.001` and `node.PE[answer]<=0.001`; blanks around the parts are free.
/// @throws std::invalid_argument saying which part is wrong and what was expected.
Claim parse_claim(std::string_view text);

/// Holds if the upper bound is at most ε, violated if the lower bound is above it. Over several
/// claims the p-values of each question are adjusted by Holm's method first, so that all `holds`
/// are right together with at least `confidence`, and so are all `violated`.
/// @param exact  estimates counted every input there is: then the rate itself is compared.
std::vector<Verdict> judge(const std::vector<Claim>& claims,
                           const std::vector<statistics::Estimate>& estimates, double confidence,
                           bool exact = false);

/// The error level of each of so many claims that are decided one by one: the probability that any
/// of them is ever decided wrongly, in either way, is then at most 1 - confidence. Claims are not
/// tested by stepping down (Holm): one that was rightly found to hold can still be wrongly found
/// violated later, so that none leaves its share to the others.
double level_of_each(int64_t claims, double confidence);

/// What these inputs decide of a claim, however often and whenever one looks: holds or violated if
/// the evidence (interp/statistics/sequential.h) reaches 1/level, else nothing.
std::optional<Verdict> decided(const Claim& claim, const statistics::Estimate& estimate,
                               double level);

}  // namespace assay::axioms
