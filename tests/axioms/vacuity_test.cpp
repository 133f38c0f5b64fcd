// Cheats on the network of or_network.h, whose function we can state. Each passes all four axioms
// with numbers, and is objected to all the same.

#include "axioms/vacuity.h"

#include <gmock/gmock.h>

#include "tests/axioms/or_network.h"

namespace assay::axioms {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

/// Operations to cheat with, on top of operations().
Operations cheating() {
  Operations all = operations();
  // The answer from the words, in one go, and where only the answer is left: itself.
  all.functions["solved"] = [](const Operation&) -> circuits::Function {
    return [](const std::vector<Tensor>& parents) {
      const Tensor words = parents[0].narrow(1, 0, 2).flatten(1);
      return words.eq(1).logical_or(words.eq(3)).any(1).to(at::kLong);
    };
  };
  all.functions["same"] = [](const Operation&) -> circuits::Function {
    return [](const std::vector<Tensor>& parents) { return parents[0]; };
  };
  // Reads both words from their embeddings, and solves.
  all.abstractions["solved"] = [](const Operation&) -> circuits::Abstraction {
    return [](const circuits::Activations& activations) {
      return activations[0].narrow(2, 6, 1).gt(0.5).flatten(1).any(1).to(at::kLong);
    };
  };
  // The stream of "0 0" for no, of "1 1" for yes.
  all.concretisations["example"] = [](const Operation&) -> circuits::Concretisation {
    return [](const Tensor& value) -> circuits::Activations {
      const Tensor answer =
          value.dim() > 1
              ? value.flatten(1).eq(1).logical_or(value.flatten(1).eq(3)).any(1).to(at::kLong)
              : value;
      const Tensor embeddings = or_network().W_E.detach();
      const Tensor word = embeddings.index_select(0, answer);
      const Tensor question = embeddings[5].expand_as(word);
      return {at::stack({word, word, question}, 1)};
    };
  };
  return all;
}

std::vector<Objection> objections_to(const Interpretation& interpretation, int64_t count = 100) {
  return objections(or_network(), circuits::compile(interpretation, cheating(), or_config()),
                    or_inputs, count, /*readout=*/2);
}

void expect_no_axiom_fails(const Interpretation& interpretation) {
  const CheckResult result =
      check(or_network(), circuits::compile(interpretation, cheating(), or_config()), or_inputs,
            {.inputs = kInputs});
  for (const NodeResult& node : result.nodes)
    for (const Axiom axiom : kAxioms)
      EXPECT_EQ(node[axiom].estimate.failures, 0) << node.node << "." << to_string(axiom);
}

void remove(Interpretation& interpretation, const std::string& name) {
  std::erase_if(interpretation.nodes, [&](const Node& node) { return node.name == name; });
}

// Here `some` is the answer by another name, too; but nothing is computed after it, and `words` is
// not.
TEST(Vacuity, ATrueInterpretationIsNotObjectedTo) {
  EXPECT_THAT(objections_to(or_interpretation()), IsEmpty());
}

TEST(Vacuity, OneNodeForTheWholeNetwork) {
  Interpretation cheat = or_interpretation();
  remove(cheat, "words");
  remove(cheat, "some");
  node(cheat, "answer").parents = {circuits::kTokens};
  node(cheat, "answer").h = {.name = "solved", .tensors = {}};
  expect_no_axiom_fails(cheat);
  const auto found = objections_to(cheat);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].node, "answer");
  EXPECT_EQ(found[0].kind, "one component");
  EXPECT_THAT(found[0].violates, HasSubstr("component"));
}

// A second node that is the answer by another name does not make it two components.
TEST(Vacuity, TheAnswerByAnotherNameInFrontOfIt) {
  Interpretation cheat = or_interpretation();
  remove(cheat, "words");
  node(cheat, "some").parents = {circuits::kTokens};
  node(cheat, "some").h = {.name = "among", .parameters = {{"yes", {1, 3}}}, .tensors = {}};
  expect_no_axiom_fails(cheat);
  const auto found = objections_to(cheat);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].kind, "one component");
  EXPECT_THAT(found[0].reason, HasSubstr("(some)"));
}

TEST(Vacuity, AnAnswerThatIsReadAndWrittenBeforeItIsComputed) {
  Interpretation cheat = or_interpretation();
  remove(cheat, "some");
  Node& early = node(cheat, "words");
  early.h = early.alpha = {.name = "solved", .tensors = {}};
  early.gamma = {.name = "example", .tensors = {}};
  node(cheat, "answer").parents = {"words"};
  node(cheat, "answer").h = {.name = "same", .tensors = {}};
  expect_no_axiom_fails(cheat);
  const auto found = objections_to(cheat);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].node, "words");
  EXPECT_EQ(found[0].kind, "early answer");
  EXPECT_THAT(found[0].violates, HasSubstr("prefix"));
  // With attention and MLP at their means the network says one thing always: of 25 pairs 16 hold
  // a 1 or a 3.
  EXPECT_THAT(found[0].reason, HasSubstr("hook_attn_out, blocks.0.hook_mlp_out"));
  EXPECT_THAT(found[0].reason, HasSubstr("64.0%"));
  EXPECT_EQ(found[1].kind, "one component");
}

TEST(Vacuity, AGammaThatWritesOneStateForEachAnswer) {
  Interpretation cheat = or_interpretation();
  node(cheat, "words").gamma = {.name = "example", .tensors = {}};
  expect_no_axiom_fails(cheat);
  const auto found = objections_to(cheat);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].node, "words");
  EXPECT_EQ(found[0].kind, "written answer");
  EXPECT_THAT(found[0].reason, HasSubstr("2 states for 25 values"));
}

TEST(Vacuity, AFunctionOfTokensThatItsComponentCannotSee) {
  Interpretation cheat = or_interpretation();
  node(cheat, "answer").parents = {circuits::kTokens, "some"};
  node(cheat, "answer").h = {.name = "solved", .tensors = {}};
  expect_no_axiom_fails(cheat);
  const auto from_tokens = objections_to(cheat);
  ASSERT_EQ(from_tokens.size(), 1u);
  EXPECT_EQ(from_tokens[0].node, "answer");
  EXPECT_EQ(from_tokens[0].kind, "unseen input");
  EXPECT_THAT(from_tokens[0].reason, HasSubstr("h reads tokens"));
  node(cheat, "answer").parents = {"words", "some"};
  EXPECT_THAT(objections_to(cheat).at(0).reason, HasSubstr("h reads words"));
}

// The same parents, but the residual stream goes round the neuron: what h reads can be seen there.
TEST(Vacuity, AFunctionOfTokensBesideAPartialCut) {
  Interpretation honest = or_interpretation();
  Node& some = node(honest, "some");
  some.sites = {some.sites[1]};
  node(honest, "answer").parents = {circuits::kTokens, "some"};
  node(honest, "answer").h = {.name = "solved", .tensors = {}};
  EXPECT_THAT(objections_to(honest), IsEmpty());
}

// Sums of other terms give other last digits, which no state of float32 can hold.
TEST(Vacuity, ValuesThatDifferByRoundingAreOne) {
  Operations noisy = operations();
  noisy.functions["among_noise"] = [](const Operation&) -> circuits::Function {
    return [](const std::vector<Tensor>& parents) {
      const Tensor words = parents[0].flatten(1);
      const Tensor found = words.eq(1).logical_or(words.eq(3)).any(1, true);
      return found.to(at::kDouble) * (1 + 1e-12 * words.narrow(1, 0, 1).to(at::kDouble));
    };
  };
  Interpretation honest = or_interpretation();
  node(honest, "some").h = {.name = "among_noise", .tensors = {}};
  node(honest, "answer").h = {.name = "rounded_any", .tensors = {}};
  noisy.functions["rounded_any"] = [](const Operation&) -> circuits::Function {
    return
        [](const std::vector<Tensor>& parents) { return parents[0].gt(0.5).any(1).to(at::kLong); };
  };
  EXPECT_THAT(
      objections(or_network(), circuits::compile(honest, noisy, or_config()), or_inputs, 100,
                 /*readout=*/2),
      IsEmpty());
}

// Twenty inputs are needed to tell two answers from what happens to go with them.
TEST(Vacuity, TooFewInputsTellNothingOfValues) {
  Interpretation cheat = or_interpretation();
  node(cheat, "words").gamma = {.name = "example", .tensors = {}};
  EXPECT_THAT(objections_to(cheat, 19), IsEmpty());
  EXPECT_EQ(objections_to(cheat, 20).size(), 1u);
}

}  // namespace
}  // namespace assay::axioms
