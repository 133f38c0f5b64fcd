#include "tasks/modular_addition/mutations.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "circuits/interpretation/operations.h"
#include "interp/statistics/random.h"

namespace assay::tasks::modular_addition {
namespace {

using circuits::Interpretation;
using circuits::Node;
using Frequencies = std::vector<int64_t>;

struct Shift {
  int64_t from, to;
};

std::vector<Shift> possible_shifts(const Frequencies& frequencies, int64_t p) {
  std::vector<Shift> shifts;
  const auto is_free = [&](int64_t k) {
    return k >= 1 && k <= (p - 1) / 2 && std::ranges::count(frequencies, k) == 0;
  };
  for (const int64_t k : frequencies) {
    if (is_free(k + 1))
      shifts.push_back({k, k + 1});
    else if (is_free(k - 1))
      shifts.push_back({k, k - 1});
  }
  return shifts;
}

Interpretation shift_frequency(const Interpretation& interpretation, uint64_t seed) {
  Interpretation changed = interpretation;
  const auto has_frequencies = [](const Node& node) {
    return node.h.parameters.contains("frequencies");
  };
  const circuits::Operation& h =
      circuits::choose_node(changed, 0, "frequencies", has_frequencies).h;
  const std::vector<Shift> shifts = possible_shifts(
      circuits::parameter<Frequencies>(h, "frequencies"), circuits::parameter<int64_t>(h, "p"));
  if (shifts.empty()) throw std::invalid_argument("no neighbour of a key frequency is free");
  statistics::Engine engine(seed);
  const auto [from, to] =
      shifts[statistics::draw_below(engine, static_cast<int64_t>(shifts.size()))];
  for (Node& node : changed.nodes) {
    if (!has_frequencies(node)) continue;
    auto frequencies = circuits::parameter<Frequencies>(node.h, "frequencies");
    std::ranges::replace(frequencies, from, to);  // in place: columns of alpha keep their order
    node.h.parameters["frequencies"] = frequencies;
  }
  return retitled(changed, fmt::format("frequency {} shifted to {}", from, to));
}

}  // namespace

std::vector<circuits::Mutation> mutations() {
  return {
      {"shift-frequency", "a key frequency shifted by one", shift_frequency, "modular-addition"}};
}

}  // namespace assay::tasks::modular_addition
