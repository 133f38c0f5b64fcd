#include "circuits/interpretation/program.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <stdexcept>

#include "circuits/interpretation/value_operations.h"
#include "interp/network/cut.h"
#include "interp/network/places.h"

namespace assay::circuits {
namespace {

template <typename F>
F make_for(const Node& node, const interp::Registry<OperationEntry<F>>& known,
           const Operation& operation) {
  try {
    return make(known, operation);
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(fmt::format("node '{}': {}", node.name, error.what()));
  }
}

std::string names_of(const std::vector<interp::Site>& sites) {
  std::vector<std::string> names;
  for (const interp::Site& site : sites) names.push_back(to_string(site));
  return fmt::format("{}", fmt::join(names, ", "));
}

void validate_sites(const Node& node, const interp::Places& places) {
  try {
    const bool place_unknown = node.alpha.name == kUnknown && node.gamma.name == kUnknown;
    if (!place_unknown && (node.sites.empty() || node.reads.empty()))
      throw std::invalid_argument(
          fmt::format("expected at least one site and one that alpha reads, found {} and {}",
                      node.sites.size(), node.reads.size()));
    for (const auto* sites : {&node.sites, &node.reads})
      for (const interp::Site& site : *sites) interp::validate(site, places);
    for (const interp::Site& site : node.reads)
      if (!lies_within(site, node.sites, places))
        throw std::invalid_argument(
            fmt::format("alpha reads {}, which lies outside of the node's sites ({}): its value "
                        "would be read in "
                        "one place and written in another",
                        to_string(site), names_of(node.sites)));
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(fmt::format("node '{}': {}", node.name, error.what()));
  }
}

}  // namespace

Program compile(const Interpretation& interpretation, const Operations& operations,
                const interp::Places& places) {
  Program program;
  std::map<std::string, int> step_of{{kTokens, -1}};
  for (const size_t index : topological_order(interpretation)) {
    const Node& node = interpretation.nodes[index];
    validate_sites(node, places);
    Step step{.name = node.name,
              .parents = {},
              .sites = node.sites,
              .reads = node.reads,
              .h = make_for(node, operations.functions, node.h),
              .alpha = make_for(node, operations.abstractions, node.alpha),
              .gamma = make_for(node, operations.concretisations, node.gamma),
              .equality = make_for(node, operations.equalities, node.equality)};
    for (const std::string& parent : node.parents) step.parents.push_back(step_of.at(parent));
    if (node.name == interpretation.output) program.output = program.steps.size();
    step_of[node.name] = static_cast<int>(program.steps.size());
    program.steps.push_back(std::move(step));
  }
  return program;
}

}  // namespace assay::circuits
