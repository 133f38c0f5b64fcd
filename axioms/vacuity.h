#pragma once
// Does an interpretation say anything? The four axioms with numbers can all hold for a claim that
// cheats. The two informal ones of arXiv 2407.13594 forbid it: what an abstract component computes
// must be something that the concrete component could compute, prefix by prefix and component by
// component. No program can decide that in general. Four ways to break it leave traces:
//
//   one component     no inner node stands between the tokens and the answer, or only such as are
//                     the answer by another name: one abstract component for the whole network
//   unseen input      h reads what its component cannot see, because the other parents' sites are
//                     a complete cut behind it
//   early answer      a node's value, or one element of it, is the answer already, but attention
//                     and MLPs that come after its sites still decide
//   written answer    γ writes one and the same state for all values that lead to one answer, so
//                     that whatever comes after reads the answer off
//
// A cheat that spreads the answer over several elements, or hides it among honest ones in what γ
// writes, is not found: no objection is no proof.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "axioms/checker.h"

namespace assay::axioms {

/// A reason why an interpretation is vacuous.
struct Objection {
  std::string node;
  std::string kind;      ///< `early answer`, …
  std::string violates;  ///< the informal axiom
  std::string reason;    ///< what was seen, with its numbers
};

nlohmann::ordered_json to_json(const Objection& objection);

/// Inputs looked at; it takes ten for each answer that occurs to tell a value that is the answer
/// from one that happens to go with it.
inline constexpr int64_t kVacuityInputs = 4096;

/// Objections to an interpretation; none on one that passes.
/// @param inputs  as for check(): the first `count`, at most kVacuityInputs, are looked at.
/// @param readout  position at which the network's answer is read.
std::vector<Objection> objections(const interp::Transformer& model,
                                  const circuits::Program& program, const Inputs& inputs,
                                  int64_t count, int64_t readout);

}  // namespace assay::axioms
