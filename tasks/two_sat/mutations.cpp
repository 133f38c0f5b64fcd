#include "tasks/two_sat/mutations.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <stdexcept>

#include "circuits/interpretation/composition.h"
#include "interp/statistics/random.h"
#include "tasks/two_sat/programs.h"
#include "tasks/two_sat/tokens.h"

namespace assay::tasks::two_sat {
namespace {

using at::Tensor;
using circuits::Interpretation;
using circuits::Node;
using circuits::Operation;
using statistics::draw_below;
using statistics::Engine;

constexpr double kNoise = 0.01;
constexpr int64_t kPrime = 1'000'003;  // modulus of the hash

Node& evaluating(Interpretation& interpretation) {
  return circuits::choose_node(
      interpretation, 0, "programs of evaluating neurons",
      [](const Node& node) { return node.h.name == "truth_table_programs"; });
}

std::vector<Program> programs_of(const Node& node) {
  return circuits::parameter<std::vector<Program>>(node.h, "programs");
}

std::vector<int64_t> neurons_of(const Node& node) {
  return circuits::parameter<std::vector<int64_t>>(node.gamma, "neurons");
}

// --- swap-assignments

std::vector<int64_t> assignments_of(const Program& program) {
  if (program.is_boolean()) return {};
  if (program.contains("any_of")) return program.at("any_of");
  std::vector<int64_t> all = {program.at("assignment")};
  for (const char* branch : {"yes", "no"})
    for (const int64_t assignment : assignments_of(program.at(branch))) all.push_back(assignment);
  return all;
}

Program renamed(const Program& program, int64_t from, int64_t to) {
  if (program.is_boolean()) return program;
  Program changed = program;
  if (program.contains("any_of")) {
    for (auto& assignment : changed["any_of"])
      if (assignment == from) assignment = to;
    return changed;
  }
  if (changed["assignment"] == from) changed["assignment"] = to;
  for (const char* branch : {"yes", "no"}) changed[branch] = renamed(program.at(branch), from, to);
  return changed;
}

// Two neurons and an assignment of each that the other does not ask for.
struct Swap {
  size_t first, second;
  int64_t of_first, of_second;
};

std::vector<Swap> possible_swaps(const std::vector<Program>& programs) {
  std::vector<Swap> swaps;
  const auto asks = [&](size_t i, int64_t assignment) {
    return std::ranges::count(assignments_of(programs[i]), assignment) > 0;
  };
  for (size_t i = 0; i < programs.size(); ++i)
    for (size_t j = i + 1; j < programs.size(); ++j)
      for (const int64_t a : assignments_of(programs[i]))
        for (const int64_t b : assignments_of(programs[j]))
          if (!asks(i, b) && !asks(j, a)) swaps.push_back({i, j, a, b});
  return swaps;
}

Interpretation swap_assignments(const Interpretation& interpretation, uint64_t seed) {
  Interpretation changed = interpretation;
  Node& node = evaluating(changed);
  std::vector<Program> programs = programs_of(node);
  const std::vector<Swap> swaps = possible_swaps(programs);
  if (swaps.empty()) throw std::invalid_argument("no two neurons ask for different assignments");
  Engine engine(seed);
  const auto [i, j, a, b] = swaps[draw_below(engine, static_cast<int64_t>(swaps.size()))];
  programs[i] = renamed(programs[i], a, b);
  programs[j] = renamed(programs[j], b, a);
  node.h.parameters["programs"] = programs;
  return retitled(changed, fmt::format("assignment {} of neuron {} and {} of {} swapped", a,
                                       neurons_of(node)[i], b, neurons_of(node)[j]));
}

// --- drop-neuron

// Neurons that are the only one to turn on for some assignment's formula.
std::vector<int64_t> needed_neurons(const std::vector<Program>& programs, int64_t variables) {
  std::vector<int64_t> needed;
  for (int64_t a = 0; a < int64_t{1} << variables; ++a) {
    std::vector<int64_t> on;
    for (size_t i = 0; i < programs.size(); ++i)
      if (value_of(programs[i], uint64_t{1} << a)) on.push_back(static_cast<int64_t>(i));
    if (on.size() == 1 && std::ranges::count(needed, on.front()) == 0) needed.push_back(on.front());
  }
  return needed;
}

template <typename T>
std::vector<T> without(std::vector<T> items, int64_t index) {
  items.erase(items.begin() + index);
  return items;
}

Tensor without(const Tensor& numbers, int64_t index) {
  return at::cat(
      {numbers.narrow(0, 0, index), numbers.narrow(0, index + 1, numbers.size(0) - index - 1)});
}

// γ writes the mean to the dropped neuron, as it does to all that do not evaluate.
Interpretation drop_neuron(const Interpretation& interpretation, uint64_t seed) {
  Interpretation changed = interpretation;
  Node& node = evaluating(changed);
  const std::vector<Program> programs = programs_of(node);
  const std::vector<int64_t> needed =
      needed_neurons(programs, circuits::parameter<int64_t>(node.h, "variables"));
  if (needed.empty()) throw std::invalid_argument("every assignment is covered by two neurons");
  Engine engine(seed);
  const int64_t index = needed[draw_below(engine, static_cast<int64_t>(needed.size()))];
  const std::vector<int64_t> neurons = neurons_of(node);
  if (node.reads.at(0).neurons != neurons)
    throw std::invalid_argument("alpha does not read the neurons that gamma writes");
  node.h.parameters["programs"] = without(programs, index);
  node.reads.at(0).neurons = without(neurons, index);
  node.gamma.parameters["neurons"] = without(neurons, index);
  for (Tensor* numbers : {&node.alpha.tensors.at("thresholds"), &node.gamma.tensors.at("on")})
    *numbers = without(*numbers, index);
  return retitled(changed, fmt::format("neuron {} dropped", neurons[index]));
}

// --- flip-leaf

// Paths to the leaves directly under a tree's first question: `/3/yes`. Few formulas come to leaves
// further down.
std::vector<std::string> upper_leaves(const std::vector<Program>& programs) {
  std::vector<std::string> leaves;
  for (size_t i = 0; i < programs.size(); ++i)
    for (const char* branch : {"yes", "no"})
      if (programs[i].is_object() && programs[i].contains(branch) &&
          programs[i].at(branch).is_boolean())
        leaves.push_back(fmt::format("/{}/{}", i, branch));
  return leaves;
}

Interpretation flip_leaf(const Interpretation& interpretation, uint64_t seed) {
  Interpretation changed = interpretation;
  Node& node = evaluating(changed);
  const std::vector<Program> programs = programs_of(node);
  const std::vector<std::string> leaves = upper_leaves(programs);
  if (leaves.empty()) throw std::invalid_argument("no neuron's program is a decision tree");
  Engine engine(seed);
  const std::string leaf = leaves[draw_below(engine, static_cast<int64_t>(leaves.size()))];
  nlohmann::json flipped = programs;
  nlohmann::json& value = flipped.at(nlohmann::json::json_pointer(leaf));
  value = !value.get<bool>();
  node.h.parameters["programs"] = flipped;
  return retitled(changed, fmt::format("leaf '{}' of neuron {}'s tree flipped",
                                       leaf.substr(leaf.rfind('/') + 1),
                                       neurons_of(node)[std::stoul(leaf.substr(1))]));
}

// --- noisy-clauses

Interpretation noisy_clauses(const Interpretation& interpretation, uint64_t seed) {
  Interpretation changed = interpretation;
  const int64_t variables = circuits::parameter<int64_t>(evaluating(changed).h, "variables");
  Node& node =
      circuits::choose_node(changed, 0, "clauses that it parses",
                            [](const Node& candidate) { return candidate.h.name == "tokens_at"; });
  node.h =
      circuits::chain({node.h,
                       {.name = "flipped_signs",
                        .parameters = {{"variables", variables}, {"rate", kNoise}, {"seed", seed}},
                        .tensors = {}}});
  return retitled(changed, fmt::format("{:g}% of the clauses of {} have a sign flipped",
                                       100 * kNoise, node.name));
}

Tensor drawn(Engine& engine, int64_t rows, int64_t columns) {
  std::vector<int64_t> numbers(rows * columns);
  for (int64_t& number : numbers) number = draw_below(engine, kPrime);
  return torch::tensor(numbers, torch::kInt64).view({rows, columns});
}

}  // namespace

circuits::Function flipped_signs(const Operation& operation) {
  const auto variables = circuits::parameter<int64_t>(operation, "variables");
  const auto rate = circuits::parameter<double>(operation, "rate");
  const auto seed = circuits::parameter<uint64_t>(operation, "seed");
  return [=](const std::vector<circuits::Value>& parents) {
    const Tensor& clauses = parents.at(0);
    const Tensor tokens = clauses.flatten(1).to(torch::kCPU);  // [batch, literal]
    Engine engine(seed);
    const Tensor factors = drawn(engine, tokens.size(1), clauses.size(1));
    const Tensor hash =
        (at::matmul(tokens, factors) + drawn(engine, 1, clauses.size(1))).remainder(kPrime);
    const Tensor flips = hash.lt(rate * static_cast<double>(kPrime)).unsqueeze(2);
    const Tensor side = at::stack({hash.remainder(2).eq(0), hash.remainder(2).eq(1)}, 2);
    const Tensor negated = (clauses + variables).remainder(2 * variables);
    const Tensor literals = clauses.lt(2 * variables);  // a clause that is not there has no sign
    return at::where(flips.logical_and(side).to(clauses.device()).logical_and(literals), negated,
                     clauses);
  };
}

std::vector<circuits::Mutation> mutations() {
  return {{"swap-assignments", "two neurons with an assignment of each other's", swap_assignments,
           "two-sat"},
          {"drop-neuron", "an evaluating neuron that some assignment needs, left out", drop_neuron,
           "two-sat"},
          {"flip-leaf", "a leaf under the first question of a decision tree turned around",
           flip_leaf, "two-sat"},
          {"noisy-clauses", "1% of the parsed clauses with a literal's sign flipped", noisy_clauses,
           "two-sat"}};
}

}  // namespace assay::tasks::two_sat
