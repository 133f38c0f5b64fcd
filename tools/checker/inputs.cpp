// Proofs about the composed h, and those that go through every input or name one.

#include <cstdio>

#include "proofs.h"

namespace checker {
namespace {

constexpr double kMostInputs = 1e7;

// Goes through a domain and keeps the least margin.
struct Listed {
  int64_t inputs = 0, right = 0;
  double least_margin = INFINITY;  // a lower bound of it

  void count(bool is_right, const Interval& margin) {
    ++inputs;
    right += is_right;
    least_margin = std::min(least_margin, margin.low());
  }
};

Interval decision_margin(const Subject& subject, const std::vector<int64_t>& tokens,
                         int64_t& token) {
  const auto answers = subject.interpretation.answers(subject.network.d_vocab);
  const Vector logits = subject.network.logits(tokens);
  Vector chosen;
  for (const int64_t answer : answers) chosen.push_back(logits[answer]);
  const Decision decision = decide(chosen);
  token = decision.winner < 0 ? -1 : answers[decision.winner];
  return decision.margin;
}

// What the certificate says of the least margin: no more than was found, and attained where it
// says.
void require_margin(const Json& proof, const Listed& found, const Interval& at) {
  const double stated = real(proof["least_margin"], "least_margin");
  if (!(stated <= found.least_margin + 1e-9))
    throw Rejected("the least margin is " + decimals(found.least_margin) + ", not " +
                   decimals(stated));
  if (!(at.low() <= stated + 1e-6))
    throw Rejected("the least margin is not attained at the input named");
}

template <typename Visit>
void for_every_input(const Domain& domain, Visit visit) {
  if (domain.size() > kMostInputs) throw CannotCheck("the domain is too large to be listed");
  std::vector<size_t> choice(domain.slots.size());
  do {
    visit(domain.tokens_of(choice), choice);
  } while (domain.next(choice));
}

}  // namespace

std::string decimals(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6f", value);
  return text;
}

// The programs read nothing but which assignments satisfy all clauses: T_a. If some T_a holds, a
// program that is on whenever T_a holds is on, and `any` says yes; if none holds, none is on.
std::string check_covering(const Subject& subject, const Json& proof) {
  require_members(proof, {"kind", "neuron_for"}, "proof");
  const Program h(subject.interpretation, subject.domain.length, subject.network.d_vocab);
  const Specification& task = subject.specification;
  if (!h.of_clauses() || !task.of_clauses()) throw Rejected("covering: not a proof about clauses");
  if (h.variables() != task.variables() ||
      std::set(h.positions().begin(), h.positions().end()) !=
          std::set(task.literals().begin(), task.literals().end()))
    throw Rejected("covering: h does not read the literals of every clause");
  if (h.answers() != std::vector<int64_t>{task.none(), task.some()})
    throw Rejected("covering: h gives other answers");

  const auto programs = static_cast<int64_t>(h.programs().size());
  const size_t assignments = size_t{1} << h.variables();
  const auto neuron_for = integers(proof["neuron_for"], 0, programs - 1, "neuron_for");
  if (neuron_for.size() != assignments) throw Rejected("covering: not one neuron per assignment");
  for (size_t a = 0; a < assignments; ++a) {
    std::vector<int> satisfied(assignments, -1);
    satisfied[a] = 1;
    if (!always_on(h.programs()[neuron_for[a]], satisfied))
      throw Rejected("covering: program " + std::to_string(neuron_for[a]) +
                     " can be off although assignment " + std::to_string(a) + " satisfies");
  }
  std::vector<int> none(assignments, 0);
  for (int64_t i = 0; i < programs; ++i)
    if (always_on(h.programs()[i], none))
      throw Rejected("covering: program " + std::to_string(i) +
                     " is on although no assignment satisfies");
  return "each of " + std::to_string(assignments) + " assignments turns a program on whenever it " +
         "satisfies all clauses, and none of " + std::to_string(programs) + " is on without one";
}

std::string check_listing(const Subject& subject, const Json& proof) {
  require_members(proof, {"kind", "inputs", "least_margin", "at"}, "proof");
  const Program h(subject.interpretation, subject.domain.length, subject.network.d_vocab);
  Listed found;
  for_every_input(subject.domain, [&](const std::vector<int64_t>& tokens, const auto& choice) {
    const Program::Answer answer = h.run(tokens);
    if (answer.token != subject.specification.answer(choice))
      throw Rejected("listing: h is wrong, or not certain, on input " + Json(tokens).dump());
    found.count(true, answer.margin);
  });
  if (integer(proof["inputs"], 0, INT64_MAX, "inputs") != found.inputs)
    throw Rejected("listing: the domain has " + std::to_string(found.inputs) + " inputs");
  std::string words = "h is right on each of " + std::to_string(found.inputs) + " inputs";
  if (h.of_clauses()) return words;
  const auto at = integers(proof["at"], 0, subject.network.d_vocab - 1, "at");
  subject.domain.choice_of(at);
  require_margin(proof, found, h.run(at).margin);
  return words + ", by a margin of at least " + decimals(found.least_margin);
}

std::string check_enumeration(const Subject& subject, const Json& proof, bool proved) {
  require_members(proof, {"kind", "inputs", "right", "least_margin", "at"}, "proof");
  const auto at = integers(proof["at"], 0, subject.network.d_vocab - 1, "at");
  subject.domain.choice_of(at);
  Listed found;
  for_every_input(subject.domain, [&](const std::vector<int64_t>& tokens, const auto& choice) {
    int64_t token = -1;
    const Interval margin = decision_margin(subject, tokens, token);
    if (token < 0)
      throw Rejected("enumeration: the decision on " + Json(tokens).dump() + " is not certain");
    found.count(token == subject.specification.answer(choice), margin);
  });
  if (integer(proof["inputs"], 0, INT64_MAX, "inputs") != found.inputs ||
      integer(proof["right"], 0, INT64_MAX, "right") != found.right)
    throw Rejected("enumeration: the network is right on " + std::to_string(found.right) + " of " +
                   std::to_string(found.inputs) + " inputs");
  if (proved != (found.right == found.inputs))
    throw Rejected("enumeration: the verdict is another");
  int64_t token = -1;
  require_margin(proof, found, decision_margin(subject, at, token));
  return "the network is right on " + std::to_string(found.right) + " of " +
         std::to_string(found.inputs) + " inputs, and decides each by a margin of at least " +
         decimals(found.least_margin);
}

std::string check_witness(const Subject& subject, const Json& proof, bool of_network) {
  require_members(proof, {"kind", "tokens", "program", "specification", "network"}, "witness");
  const int64_t d_vocab = subject.network.d_vocab;
  const auto tokens = integers(proof["tokens"], 0, d_vocab - 1, "witness");
  const int64_t right = subject.specification.answer(subject.domain.choice_of(tokens));
  const Program h(subject.interpretation, subject.domain.length, d_vocab);
  const int64_t program = h.run(tokens).token;
  int64_t network = -1;
  const Interval margin = decision_margin(subject, tokens, network);
  if (program < 0 || network < 0) throw Rejected("witness: a decision on it is not certain");
  if (integer(proof["specification"], 0, d_vocab - 1, "witness") != right ||
      integer(proof["program"], 0, d_vocab - 1, "witness") != program ||
      integer(proof["network"], 0, d_vocab - 1, "witness") != network)
    throw Rejected("witness: right is " + std::to_string(right) + ", h says " +
                   std::to_string(program) + ", the network " + std::to_string(network));
  if ((of_network ? network : program) == right) throw Rejected("witness: it is answered rightly");
  return "on the input " + Json(tokens).dump() + " the right answer is token " +
         std::to_string(right) + ", h says " + std::to_string(program) + " and the network " +
         std::to_string(network) + " by " + decimals(margin.low());
}

}  // namespace checker
