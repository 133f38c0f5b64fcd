#pragma once
// Wrong claims made from right ones: an interpretation with one thing changed, which validation
// must catch. Mutations here know no task; those that do stand with their task.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "circuits/interpretation/interpretation.h"
#include "interp/registry.h"

namespace assay::circuits {

struct Mutation {
  std::string name;  ///< `blind-alpha`
  std::string help;
  /// A changed copy; its title says what was changed. The seed chooses where there is a choice.
  /// @throws std::invalid_argument saying why, where there is nothing to change.
  std::function<Interpretation(const Interpretation& interpretation, uint64_t seed)> apply;
  /// The task whose interpretations it changes; empty: those of any.
  std::string task = {};
};
/// Those that speak about this interpretation's task.
std::vector<Mutation> mutations_for(const interp::Registry<Mutation>& all,
                                    const Interpretation& interpretation);

/// `blind-alpha`, `permute-prototypes`, `whole-network`.
std::vector<Mutation> generic_mutations();

/// Names of those that apply.
std::vector<std::string> applicable(const std::vector<Mutation>& mutations,
                                    const Interpretation& interpretation);

/// @throws std::invalid_argument for an unknown mutation, listing those that exist, and for one
///   that does not apply, listing those that do.
Interpretation mutate(const std::vector<Mutation>& mutations, const std::string& name,
                      const Interpretation& interpretation, uint64_t seed);

/// The interpretation with its title followed by what was changed.
Interpretation retitled(Interpretation interpretation, const std::string& change);

/// Nodes that `takes` is true of, in the interpretation's order, one of which the seed chooses.
/// @throws std::invalid_argument that `what` is missing, if there is none.
Node& choose_node(Interpretation& interpretation, uint64_t seed, const std::string& what,
                  const std::function<bool(const Node& node)>& takes);

}  // namespace assay::circuits
