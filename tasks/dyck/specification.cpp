#include "tasks/dyck/specification.h"

#include <fmt/format.h>

#include "tasks/dyck/strings.h"

namespace assay::tasks::dyck {
namespace {

// State d is depth d, 0 to n; state n + 1 is left no more: the depth was negative (or beyond n,
// which no string reaches).
proofs::Automaton automaton(int64_t length) {
  const int64_t lost = length + 1;
  proofs::Automaton automaton{.start = 0};
  for (int64_t depth = 0; depth <= length; ++depth) {
    automaton.next.push_back({depth < length ? depth + 1 : lost, depth > 0 ? depth - 1 : lost});
    automaton.answers.push_back(depth == 0 ? kBalanced : kUnbalanced);
  }
  automaton.next.push_back({lost, lost});
  automaton.answers.push_back(kUnbalanced);
  return automaton;
}

}  // namespace

Specification specification(int64_t length) {
  proofs::Domain domain{.name = "all",
                        .words = fmt::format("every string of {} parentheses", length),
                        .length = length,
                        .readout = 0};
  for (int64_t position = 0; position < length; ++position)
    domain.slots.push_back({{position}, {{kOpen}, {kClose}}});
  return {.domains = {{std::move(domain), automaton(length)}}};
}

}  // namespace assay::tasks::dyck
