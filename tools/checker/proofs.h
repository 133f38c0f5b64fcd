#pragma once
// Proofs about the composed h, about the suffix, and those that go through every input or name one.
// Each function returns in words what it has established, and throws Rejected if the certificate
// says more. docs/checker.md says why each suffices.

#include <gmpxx.h>

#include <optional>

#include "domain.h"
#include "network.h"

namespace checker {

struct Subject {
  Network& network;
  const Interpretation& claim;
  const Domain& domain;
  const Task& task;
  bool named;  ///< the domain is one of the task's, rebuilt here
  Tensors hints;

  Program h() const { return {claim, domain.length, network.d_output}; }
  /// The tokens that the network chooses from. All that can be right must be among them.
  Integers answers() const {
    const Integers tokens = claim.answers(network.d_output);
    for (const int64_t answer : task.answers)
      require(std::ranges::count(tokens, answer), "token ", answer, " is not among the answers");
    return tokens;
  }
};

/// Rounded down, as it follows the words "at least".
inline std::string decimals(double value) {
  char text[32];
  std::fesetround(FE_DOWNWARD);
  std::snprintf(text, sizeof text, "%.10g", value);
  std::fesetround(FE_UPWARD);
  return text;
}

/// h = specification, of clauses. Programs read nothing but which assignments satisfy all clauses:
/// T_a. If some T_a holds, a program that is on whenever T_a holds is on, and `any` says yes; if
/// none holds, no program is on.
inline std::string check_covering(const Subject& subject, const Json& proof) {
  require_members(proof, {"kind", "neuron_for"});
  const Program h = subject.h();
  const Task& task = subject.task;
  const auto set = [](const auto& list) { return std::set(list.begin(), list.end()); };
  require(h.variables > 0 && h.variables == task.variables && set(h.clauses) == set(task.clauses),
          "h does not read the literals of every clause");
  require(h.answers == Integers{task.none, task.some}, "h gives other answers");
  require<CannotCheck>(subject.named, "covering: the domain may hold inputs that are no formulas");
  const size_t assignments = size_t{1} << h.variables, programs = h.programs.size();
  const auto neuron_for = integers(proof["neuron_for"], 0, static_cast<int64_t>(programs) - 1);
  require(neuron_for.size() == assignments, "covering: not one neuron per assignment");
  for (size_t a = 0; a < assignments; ++a)
    require(h.on(h.programs[neuron_for[a]], uint64_t{1} << a, 0), "program ", neuron_for[a],
            " can be off although assignment ", a, " satisfies all clauses");
  for (size_t i = 0; i < programs; ++i)
    require(!h.on(h.programs[i], 0, ~uint64_t{0}), "program ", i,
            " is on although no assignment satisfies");
  return words("each of ", assignments, " assignments turns a program on whenever it satisfies ",
               "all clauses, and none of ", programs, " is on without one");
}

/// The token that the network decides for (-1: not certain), and by which margin.
inline Answer decision_of(const Subject& subject, const Integers& answers, const Integers& tokens) {
  const Vector logits = subject.network.logits(tokens);
  Vector chosen;
  for (const int64_t token : answers) chosen.push_back(logits[token]);
  return decide(chosen, answers);
}

/// Goes through every input, and compares with what the certificate says of number and margin: the
/// margin is what was found (which is what counts), up to the width of enclosures, and attained
/// where it says.
/// @param of_network  the network's answer; else h's.
inline std::string check_every_input(const Subject& subject, const Json& proof, bool of_network,
                                     bool proved) {
  require_members(proof, {"kind", "inputs", "right", "least_margin", "at"});
  std::optional<Program> h;  // the network is checked whatever it is that h does
  if (!of_network) h.emplace(subject.claim, subject.domain.length, subject.network.d_output);
  const Integers answers = subject.answers();
  const auto answer_to = [&](const Integers& tokens) {
    return of_network ? decision_of(subject, answers, tokens) : h->run(tokens);
  };
  int64_t inputs = 0, right = 0;
  double least = INFINITY;
  subject.domain.for_every_input([&](const Integers& tokens) {
    const Answer answer = answer_to(tokens);
    if (answer.token < 0) require(false, "the decision on ", Json(tokens), " is not certain");
    ++inputs;
    right += answer.token == subject.task.answer(tokens);
    least = std::min(least, answer.margin.low());
  });
  const std::string count =
      words(of_network ? "the network" : "h", " is right on ", right, " of ", inputs, " inputs");
  require(integer(proof["inputs"], 0, INT64_MAX) == inputs &&
              integer(proof["right"], 0, INT64_MAX) == right && proved == (right == inputs),
          count);
  if (!of_network && !h->has_margin) return count;
  const std::string shown =
      words(count, ", and decides each by a margin of at least ", decimals(least));
  const Interval there = answer_to(subject.domain.input(proof["at"])).margin;
  const double stated = real(proof["least_margin"]);
  require(stated <= least + 1e-7 && stated <= there.high, shown, ", which does not show ",
          decimals(stated));
  require(there.low() <= least + 1e-4, shown, ", not attained where it says");
  return shown;
}

/// @param of_network  the network's decision is wrong; else h's answer is.
inline std::string check_witness(const Subject& subject, const Json& proof, bool of_network) {
  require_members(proof, {"kind", "tokens", "program", "specification", "network"});
  const Integers tokens = subject.domain.input(proof["tokens"]);
  const Program program = subject.h();
  const int64_t right = subject.task.answer(tokens), h = program.run(tokens).token;
  const int64_t network = decision_of(subject, subject.answers(), tokens).token;
  const std::string shown = words("on ", Json(tokens), " the right answer is token ", right,
                                  ", h says ", h, " and the network ", network);
  require(h >= 0 && network >= 0 && proof["specification"] == right && proof["program"] == h &&
              proof["network"] == network,
          shown, ": not what the witness says");
  require((of_network ? network : h) != right, shown, ": the witness is none");
  return shown;
}

/// The suffix. gamma sets the residual stream before the last MLP and its hidden neurons, where the
/// answer is read; what follows is linear, so the difference of two logits is base + Σ c_k over the
/// bits that are on. With h = `any`, "on" must win for all sets of bits but the empty one. It does
/// iff base < 0 and, for each k, the least sum with bit k on, base + c_k + Σ of the other c_j < 0,
/// is > 0. All in exact rationals.
inline std::string check_suffix(const Subject& subject, const Json& node, const Json& proof,
                                bool proved) {
  std::set<std::string> members = {"kind", "on", "off", "all_off", "least_on", "least_on_bit"};
  if (!proved) members.insert("state");
  require_members(proof, members);
  const Network& network = subject.network;
  const Interpretation& claim = subject.claim;
  const Block& block = network.blocks.back();
  const Json &last = claim.output(), &gamma = node["gamma"];
  require_operation(last["h"], "any", {});
  const Json& written =
      require_operation(gamma, "write_levels", {"neurons"}, {"mean", "on", "stream"});
  const std::string place = words("blocks.", network.blocks.size() - 1, "."),
                    at = words("[pos=", subject.domain.length - 1, "]");
  const Json sites = {place + "hook_resid_mid" + at, place + "mlp.hook_post" + at};
  require<CannotCheck>(!network.summed && network.W_head.empty() && node["sites"] == sites &&
                           last["parents"] == Json::array({node["name"]}),
                       "the node is not written into the last MLP, or `any` does not follow it");
  const auto answers = claim.answers(network.d_output);
  require(answers.size() == 2 && proof["off"] == answers[0] && proof["on"] == answers[1],
          "other answers than h's");
  const auto neurons = integers(written["neurons"], 0, network.d_mlp - 1);
  const auto n = static_cast<int64_t>(neurons.size());
  require<CannotCheck>(n > 0 && std::set(neurons.begin(), neurons.end()).size() == neurons.size(),
                       "write_levels: a neuron stands twice, or there is none");
  const Weight &level = claim.tensor_of(gamma, "on", {n}).data,
               &mean = claim.tensor_of(gamma, "mean", {network.d_mlp}).data,
               &stream = claim.tensor_of(gamma, "stream", {network.d_model}).data;

  const auto difference = [&](const double* logits) {  // on - off
    return mpq_class(mpq_class(logits[answers[1]]) - mpq_class(logits[answers[0]]));
  };
  const auto effect = [&](const double* x) {  // of a vector in the residual stream on that
    mpq_class sum;
    for (int64_t i = 0; i < network.d_model; ++i)
      sum += x[i] * difference(&network.W_U[i * network.d_output]);
    return sum;
  };
  mpq_class base = effect(&stream[0]) + effect(&block.b_out[0]) + difference(&network.b_U[0]);
  std::vector<mpq_class> bits(n);
  for (int64_t neuron = 0; neuron < network.d_mlp; ++neuron) {
    const auto bit = std::ranges::find(neurons, neuron) - neurons.begin();
    (bit < n ? bits[bit] : base) +=
        effect(&block.W_out[neuron * network.d_model]) * (bit < n ? level[bit] : mean[neuron]);
  }
  std::vector<mpq_class> least(n, base);  // with bit k on
  for (int64_t k = 0; k < n; ++k)
    for (int64_t j = 0; j < n; ++j)
      if (j == k || bits[j] < 0) least[k] += bits[j];
  const mpq_class least_on = *std::ranges::min_element(least);
  const auto is = [](const Json& stated, const mpq_class& exact) {
    return stated == exact.get_num().get_str() + "/" + exact.get_den().get_str();
  };
  require(is(proof["all_off"], base) && is(proof["least_on"], least_on) &&
              least[integer(proof["least_on_bit"], 0, n - 1)] == least_on,
          "the exact numbers are ", base, " and ", least_on);
  require(proved == (base < 0 && least_on > 0), "the exact numbers do not give this verdict");
  if (!proved) {
    mpq_class there = base;
    const Integers state = integers(proof["state"], 0, n - 1);
    for (const int64_t bit : std::set(state.begin(), state.end())) there += bits[bit];
    require(state.empty() ? there >= 0 : there <= 0, "the state named is decided rightly");
  }
  return words("token ", answers[0], " leads by at least ", decimals(-base.get_d()),
               " with all bits off, token ", answers[1], " by at least ",
               decimals(least_on.get_d()), " with any on, exactly, over all 2^", n, " states",
               proved ? "" : ": some state is decided wrongly");
}

}  // namespace checker
