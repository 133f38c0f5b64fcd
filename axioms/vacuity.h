#pragma once
// Does an interpretation say anything? The four axioms with numbers can all hold for a claim that
// cheats. The two informal ones of arXiv 2407.13594 forbid it: what an abstract component computes
// must be something that the concrete component could compute, prefix by prefix and component by
// component. No program can decide that in general. These ways to break it leave traces:
//
//   another decision  the output's alpha is not the network's answer under another name
//   one component     no inner node stands between the tokens and the answer, or only such as are
//                     the tokens or the answer by another name
//   no part           the graph's answer never depends on the node
//   unseen input      h reads what its component cannot see, because the other parents' sites are
//                     a complete cut behind it
//   early answer      a node's value, or one element of it, is the answer already, but attention
//                     and MLPs that come after its sites still decide
//   written answer    what γ writes is told by the answer alone, though the value is not
//   dead site         nothing at its sites can reach the readout
//   no grip           writing another input's value at its sites never changes the decision
//   weak equality     values count as equal whenever the answer is the same, and those of the
//                     interpretation often are other ones than the network's
//   repeat            the value of another node, at the same sites
//
// "Is" and "told by" leave room for a few exceptions (determination.h). A cheat that spreads the
// answer over several elements, or hides it among honest ones in what γ writes, is not found: no
// objection is no proof.
//
// There are three outcomes: objections were found, none were found, or something could not be
// tested. A claim holds only in the second.

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

/// What is said of one node; of the interpretation as a whole, if `node` is empty.
struct Remark {
  std::string node;
  std::string text;
};

/// How much hangs on what is written at a node's sites: the value of another input was written
/// there.
struct Grip {
  int64_t inputs = 0;
  int64_t changed = 0;   ///< inputs whose decision changed
  int64_t pairs = 0;     ///< inputs whose own decision and the other input's differ
  int64_t followed = 0;  ///< of these pairs, how often the decision became the other input's
};

struct Vacuity {
  int64_t inputs = 0;                      ///< looked at
  std::vector<Objection> objections = {};  ///< found
  std::vector<Remark> untested = {};       ///< what could not be tested, and why
  std::vector<Remark> remarks = {};        ///< what a reader should know, and no reason to say no
  std::vector<Grip> grips = {};            ///< of each step
};

/// Inputs looked at; it takes ten for each answer that occurs to tell a value that is the answer
/// from one that happens to go with it.
inline constexpr int64_t kVacuityInputs = 4096;

/// @param inputs  as for check(): the first `count`, at most kVacuityInputs, are looked at.
/// @param exhaustive  these are all inputs there are, so that few for each answer are enough.
/// @throws as check().
Vacuity vacuity(const Experiment& experiment, const Inputs& inputs, int64_t count,
                bool exhaustive = false);

/// What the checker saw of the output's alpha on every input: an objection `another decision`, or
/// that there was no decision to tell apart, added to what was found.
void add_readings(Vacuity& vacuity, const Experiment& experiment, const Readings& readings);
/// @param output  name of the output node.
void add_readings(Vacuity& vacuity, const std::string& output, const Readings& readings);

}  // namespace assay::axioms
