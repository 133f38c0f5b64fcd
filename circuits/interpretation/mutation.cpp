#include "circuits/interpretation/mutation.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/types.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "circuits/interpretation/composition.h"
#include "interp/names.h"
#include "interp/statistics/random.h"

namespace assay::circuits {
namespace {

using at::Tensor;

// --- blind-alpha

// The numbers of α that make it say the same of any activations; false where there are none.
bool blind(Operation& alpha) {
  const auto tensor = alpha.tensors.find(alpha.name == "linear"              ? "weight"
                                         : alpha.name == "threshold"         ? "thresholds"
                                         : alpha.name == "nearest_prototype" ? "labels"
                                                                             : "");
  if (tensor == alpha.tensors.end()) return false;
  const Tensor& numbers = tensor->second;
  if (alpha.name == "linear")
    tensor->second = at::zeros_like(numbers);
  else if (alpha.name == "threshold")
    tensor->second = at::full_like(numbers, std::numeric_limits<float>::max());  // never reached
  else
    tensor->second = numbers[0].expand_as(numbers).contiguous();
  return true;
}

Interpretation blind_alpha(const Interpretation& interpretation, uint64_t seed) {
  Interpretation changed = interpretation;
  Node& node = choose_node(changed, seed, "an alpha that can be made to ignore its input",
                           [&](const Node& candidate) {
                             Operation alpha = candidate.alpha;
                             return candidate.name != interpretation.output && blind(alpha);
                           });
  blind(node.alpha);
  return retitled(changed, fmt::format("alpha of {} ignores its input", node.name));
}

// --- permute-prototypes

bool has_prototypes(const Node& node) {
  return node.alpha.name == "nearest_prototype" && node.gamma.name == "write_prototypes" &&
         node.alpha.tensors.at("labels").size(0) > 1;
}

// α and γ agree on the new labels, so that nothing but the network can tell that they are wrong.
Interpretation permute_prototypes(const Interpretation& interpretation, uint64_t seed) {
  Interpretation changed = interpretation;
  Node& node = choose_node(changed, seed, "a choice of prototypes", has_prototypes);
  statistics::Engine engine(seed);
  const int64_t n = node.alpha.tensors.at("labels").size(0);
  std::vector<int64_t> order;
  do {
    order = statistics::permutation(engine, n);
  } while (std::ranges::is_sorted(order));
  for (Operation* operation : {&node.alpha, &node.gamma}) {
    Tensor& prototypes = operation->tensors.at("prototypes");
    prototypes = prototypes.index_select(0, torch::tensor(order, torch::kInt64));
  }
  return retitled(changed, fmt::format("prototypes of {} permuted", node.name));
}

// --- whole-network

Interpretation whole_network(const Interpretation& interpretation, uint64_t) {
  Interpretation changed = interpretation;
  if (changed.nodes.size() < 2) throw std::invalid_argument("it has one node already");
  const Operation all = chain(functions_after(interpretation, kTokens));
  std::erase_if(changed.nodes, [&](const Node& node) { return node.name != changed.output; });
  changed.nodes.front().parents = {kTokens};
  changed.nodes.front().h = all;
  return retitled(changed, "one node for the whole network");
}

}  // namespace

std::vector<Mutation> generic_mutations() {
  return {
      {"blind-alpha", "an alpha that ignores its input", blind_alpha},
      {"permute-prototypes", "prototypes that stand for each other's values", permute_prototypes},
      {"whole-network", "one node that computes everything from the tokens", whole_network}};
}

std::vector<Mutation> mutations_for(const interp::Registry<Mutation>& all,
                                    const Interpretation& interpretation) {
  std::vector<Mutation> some;
  for (const Mutation& mutation : all)
    if (mutation.task.empty() || mutation.task == interpretation.task.value("name", ""))
      some.push_back(mutation);
  return some;
}

std::vector<std::string> applicable(const std::vector<Mutation>& mutations,
                                    const Interpretation& interpretation) {
  std::vector<std::string> names;
  for (const Mutation& mutation : mutations) {
    try {
      mutation.apply(interpretation, 0);
      names.push_back(mutation.name);
    } catch (const std::invalid_argument&) {  // it does not apply
    }
  }
  return names;
}

Interpretation mutate(const std::vector<Mutation>& mutations, const std::string& name,
                      const Interpretation& interpretation, uint64_t seed) {
  const auto found = std::ranges::find(mutations, name, &Mutation::name);
  if (found == mutations.end()) interp::refuse_name("mutation", name, interp::names_of(mutations));
  try {
    return found->apply(interpretation, seed);
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(
        fmt::format("{} does not apply to this interpretation: {}; those that do: {}", name,
                    error.what(), fmt::join(applicable(mutations, interpretation), ", ")));
  }
}

Interpretation retitled(Interpretation interpretation, const std::string& change) {
  interpretation.title += fmt::format("; mutated: {}", change);
  return interpretation;
}

Node& choose_node(Interpretation& interpretation, uint64_t seed, const std::string& what,
                  const std::function<bool(const Node& node)>& takes) {
  std::vector<Node*> candidates;
  for (Node& node : interpretation.nodes)
    if (takes(node)) candidates.push_back(&node);
  if (candidates.empty()) throw std::invalid_argument(fmt::format("no node has {}", what));
  return *candidates[seed % candidates.size()];
}

}  // namespace assay::circuits
