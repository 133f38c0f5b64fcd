#include "axioms/claimed_graph.h"

#include <torch/types.h>

#include "circuits/interpretation/abstract_values.h"
#include "interp/statistics/random.h"

namespace assay::axioms {

using at::Tensor;
using circuits::Value;
using interp::Site;

namespace {
constexpr uint64_t kShuffleSeed = 828;
}

ClaimedGraph::ClaimedGraph(const circuits::Program& program, const Tensor& tokens)
    : program_(program), tokens_(tokens), values_(circuits::prefix_values(program, tokens)) {
  for (const Value& value : values_) keys_.push_back(keys_of(value));
}

std::vector<Site> ClaimedGraph::sites_of(const Steps& steps) const {
  std::vector<Site> sites;
  for (const int v : steps) sites.insert(sites.end(), step(v).sites.begin(), step(v).sites.end());
  return sites;
}

Steps ClaimedGraph::ancestors(int of) const {
  Steps found;
  std::vector<int> next = {of};
  while (!next.empty()) {
    const int v = next.back();
    next.pop_back();
    for (const int parent : step(v).parents)
      if (parent >= 0 && found.insert(parent).second) next.push_back(parent);
  }
  return found;
}

// Does the graph's answer change on any input, if v gets the value that one parent has on another
// input?
bool ClaimedGraph::matters(int v, size_t parent) const {
  statistics::Engine engine(kShuffleSeed);
  const Tensor shuffled =
      torch::tensor(statistics::permutation(engine, n()), torch::kInt64).to(tokens_.device());
  std::vector<Value> parents;
  for (const int p : step(v).parents) parents.push_back(p < 0 ? tokens_ : values_[p]);
  parents[parent] = parents[parent].index_select(0, shuffled);
  const Value changed = step(v).h(parents);
  return keys_of(conclusion(program_, v, values_, tokens_, changed)) != answers();
}

Steps ClaimedGraph::parts() const {
  Steps found;
  std::vector<int> next = {output()};
  while (!next.empty()) {
    const int v = next.back();
    next.pop_back();
    for (size_t i = 0; i < step(v).parents.size(); ++i) {
      const int parent = step(v).parents[i];
      if (parent >= 0 && !found.contains(parent) && matters(v, i)) {
        found.insert(parent);
        next.push_back(parent);
      }
    }
  }
  return found;
}

bool ClaimedGraph::is_the_answer(int v) const {
  const Tensor value = values_[v].unsqueeze(-1).flatten(1);
  const auto tells = [&](const Tensor& part) {
    return error_avoided(answers(), keys_of(part)) >= kDetermined;
  };
  const Tensor explained = variance_explained(value, answers());
  for (int64_t i = 0; i < value.size(1); ++i)
    if (explained[i].item<double>() >= kDetermined && tells(value.select(1, i))) return true;
  VarianceExplained whole(answers());
  whole.add(value);
  return whole.value() >= kDetermined && tells(value);
}

}  // namespace assay::axioms
