// Cheats on the network of or_network.h, whose function we can state. Each passes all four axioms
// with numbers, and is objected to all the same.

#include "axioms/vacuity.h"

#include <gmock/gmock.h>

#include "interp/network/build.h"
#include "tests/axioms/or_network.h"

namespace assay::axioms {
namespace vacuity_test {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::UnorderedElementsAre;

/// Operations to cheat with, on top of operations().
Operations cheating() {
  Operations all = operations();
  // The answer from the words, in one go, and where only the answer is left: itself.
  all.functions.add({"solved", "", [](const Operation&) -> circuits::Function {
                       return [](const std::vector<Tensor>& parents) {
                         const Tensor words = parents[0].narrow(1, 0, 2).flatten(1);
                         return words.eq(1).logical_or(words.eq(3)).any(1).to(at::kLong);
                       };
                     }});
  all.functions.add({"same", "", [](const Operation&) -> circuits::Function {
                       return [](const std::vector<Tensor>& parents) { return parents[0]; };
                     }});
  // The answer, but for "3 3".
  all.functions.add({"almost_solved", "", [](const Operation&) -> circuits::Function {
                       return [](const std::vector<Tensor>& parents) {
                         const Tensor words = parents[0].narrow(1, 0, 2).flatten(1);
                         const Tensor solved = words.eq(1).logical_or(words.eq(3)).any(1);
                         return solved.logical_and(words.eq(3).all(1).logical_not()).to(at::kLong);
                       };
                     }});
  // What "almost_solved" leaves out, from the tokens.
  all.functions.add({"corrected", "", [](const Operation&) -> circuits::Function {
                       return [](const std::vector<Tensor>& parents) {
                         const Tensor missed = parents[1].narrow(1, 0, 2).eq(3).all(1);
                         return parents[0].to(at::kBool).logical_or(missed).to(at::kLong);
                       };
                     }});
  all.functions.add({"never", "", [](const Operation&) -> circuits::Function {
                       return [](const std::vector<Tensor>& parents) {
                         return at::zeros({parents[0].size(0)}, at::kLong);
                       };
                     }});
  // Reads both words from their embeddings, and solves.
  all.abstractions.add({"solved", "", [](const Operation&) -> circuits::Abstraction {
                          return [](const circuits::Activations& activations) {
                            return activations[0].narrow(2, 6, 1).gt(0.5).flatten(1).any(1).to(
                                at::kLong);
                          };
                        }});
  all.abstractions.add(
      {"almost_solved", "", [](const Operation&) -> circuits::Abstraction {
         return [](const circuits::Activations& activations) {
           const Tensor words = activations[0].narrow(2, 0, 6).argmax(2);
           const Tensor solved = words.eq(1).logical_or(words.eq(3)).any(1);
           return solved.logical_and(words.eq(3).all(1).logical_not()).to(at::kLong);
         };
       }});
  // One hidden neuron, or both.
  all.concretisations.add({"write_hidden", "", [](const Operation&) -> circuits::Concretisation {
                             return [](const Tensor& value) -> circuits::Activations {
                               return {value.to(at::kFloat).unsqueeze(1)};
                             };
                           }});
  // The stream of "0 0" for no, of "1 1" for yes.
  all.concretisations.add(
      {"example", "", [](const Operation&) -> circuits::Concretisation {
         return [](const Tensor& value) -> circuits::Activations {
           const Tensor answer =
               value.dim() > 1
                   ? value.flatten(1).eq(1).logical_or(value.flatten(1).eq(3)).any(1).to(at::kLong)
                   : value;
           const Tensor embeddings = or_network().W_E().detach();
           const Tensor word = embeddings.index_select(0, answer);
           const Tensor question = embeddings[5].expand_as(word);
           return {at::stack({word, word, question}, 1)};
         };
       }});
  all.concretisations.add(
      {"example_and_a_millionth", "", [all](const Operation& o) {
         return circuits::Concretisation([write = all.concretisations.at("example").make(o)](
                                             const Tensor& value) -> circuits::Activations {
           return {write(value)[0] +
                   1e-6 * value.flatten(1).sum(1).to(at::kFloat).view({-1, 1, 1})};
         });
       }});
  // The same, but for "3 3", of which the other answer's stream is written.
  all.concretisations.add(
      {"example_but_for_one", "", [all](const Operation& o) {
         return circuits::Concretisation([write = all.concretisations.at("example").make(o)](
                                             const Tensor& value) -> circuits::Activations {
           const Tensor rare = value.flatten(1).eq(3).all(1);
           return {
               at::where(rare.view({-1, 1, 1}), write(at::zeros_like(value))[0], write(value)[0])};
         });
       }});
  return all;
}

Vacuity vacuity_of(const Interpretation& interpretation, int64_t count = 100) {
  return vacuity(
      {or_network(), circuits::compile(interpretation, cheating(), interp::describe(or_config())),
       or_decision()},
      or_inputs, count);
}

std::vector<Objection> objections_to(const Interpretation& interpretation, int64_t count = 100) {
  return vacuity_of(interpretation, count).objections;
}

void expect_no_axiom_fails(const Interpretation& interpretation) {
  const CheckResult result = check(
      {or_network(), circuits::compile(interpretation, cheating(), interp::describe(or_config())),
       or_decision()},
      or_inputs, {.inputs = kInputs});
  for (const NodeResult& node : result.nodes)
    for (const Axiom axiom : kAxioms)
      EXPECT_EQ(node[axiom].estimate.failures, 0) << node.node << "." << to_string(axiom);
}

std::vector<std::string> kinds(const std::vector<Objection>& objections) {
  std::vector<std::string> all;
  for (const Objection& objection : objections)
    all.push_back(objection.node + ": " + objection.kind);
  return all;
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
  EXPECT_THAT(found[0].reason, HasSubstr("explains 100.0% of the variance"));
  EXPECT_THAT(found[0].reason, HasSubstr("of the 25 values"));
}

TEST(Vacuity, AFunctionOfTokensThatItsComponentCannotSee) {
  Interpretation cheat = or_interpretation();
  node(cheat, "answer").parents = {circuits::kTokens, "some"};
  node(cheat, "answer").h = {.name = "solved", .tensors = {}};
  expect_no_axiom_fails(cheat);
  const auto from_tokens = objections_to(cheat);
  EXPECT_THAT(kinds(from_tokens), testing::Contains("answer: unseen input"));
  EXPECT_THAT(from_tokens[0].reason, HasSubstr("h reads tokens"));
  node(cheat, "answer").parents = {"words", "some"};
  EXPECT_THAT(objections_to(cheat).at(0).reason, HasSubstr("h reads words"));
}

// The whole solver on raw tokens; the other nodes are true, and nothing depends on them.
TEST(Vacuity, NodesThatAreTrueAndUnusedDoNotMakeComponents) {
  Interpretation cheat = or_interpretation();
  node(cheat, "answer").parents = {circuits::kTokens, "some"};
  node(cheat, "answer").h = {.name = "solved", .tensors = {}};  // looks at its first parent alone
  expect_no_axiom_fails(cheat);
  EXPECT_THAT(kinds(objections_to(cheat)),
              IsSupersetOf({"some: no part", "words: no part", "answer: one component"}));
  node(cheat, "answer").parents = {circuits::kTokens};
  EXPECT_THAT(kinds(objections_to(cheat)),
              UnorderedElementsAre("some: no part", "words: no part", "answer: one component"));
}

// The stream goes round the neuron: what the node's value does, its sites do not show.
TEST(Vacuity, AnOpenCutIsNoObjectionAndNoPass) {
  Interpretation open = or_interpretation();
  Node& some = node(open, "some");
  some.sites = some.reads;
  some.gamma = {.name = "write_hidden", .tensors = {}};
  const Vacuity found = vacuity_of(open);
  EXPECT_THAT(found.objections, IsEmpty());
  ASSERT_EQ(found.untested.size(), 1u);
  EXPECT_EQ(found.untested[0].node, "some");
  EXPECT_THAT(found.untested[0].text, HasSubstr("no complete cut"));
}

TEST(Vacuity, SitesThatLeadNowhere) {
  Interpretation cheat = or_interpretation();
  Node dead = node(cheat, "some");
  dead.name = "dead";
  for (Site& site : dead.sites) site.positions = {1};  // the MLP there is not looked at
  for (Site& site : dead.reads) site.positions = {1};
  cheat.nodes.push_back(dead);
  EXPECT_THAT(kinds(objections_to(cheat)), IsSupersetOf({"dead: dead site", "dead: no part"}));
}

// Sites that reach the answer, with nothing in them that does: the network has no neuron 1.
TEST(Vacuity, SitesOnWhichNothingHangs) {
  Interpretation cheat = or_interpretation();
  Node& some = node(cheat, "some");
  some.sites = {some.sites[1]};
  some.sites[0].neurons = {1};
  some.reads = {some.sites[0]};
  some.gamma = {.name = "write_hidden", .tensors = {}};
  EXPECT_THAT(kinds(objections_to(cheat)), testing::Contains("some: no grip"));
}

TEST(Vacuity, ANodeThatRepeatsAnother) {
  Interpretation cheat = or_interpretation();
  Node again = node(cheat, "words");
  again.name = "again";
  cheat.nodes.push_back(again);
  EXPECT_THAT(kinds(objections_to(cheat)),
              UnorderedElementsAre("again: no part", testing::EndsWith(": repeat")));
}

// "words" are compared by whether they lead to the same answer. That is no cheat where they are the
// same anyway; here 0 is taken for 2 and 2 for 0, on 16 of 25 pairs.
TEST(Vacuity, AnEqualityThatComparesAnswers) {
  Interpretation cheat = or_interpretation();
  node(cheat, "words").equality.name = "downstream";
  EXPECT_THAT(objections_to(cheat), IsEmpty());
  node(cheat, "words").alpha.tensors["labels"] =
      torch::tensor({{2}, {1}, {0}, {3}, {4}, {5}}, torch::kLong);
  expect_no_axiom_fails(cheat);
  EXPECT_THAT(kinds(objections_to(cheat)), UnorderedElementsAre("words: weak equality"));
}

// The answer, but for one input in 25; one state per answer, plus a millionth of the value, or but
// for one input.
TEST(Vacuity, AlmostTheAnswerIsTheAnswer) {
  Interpretation cheat = or_interpretation();
  node(cheat, "words").gamma = {.name = "example_and_a_millionth", .tensors = {}};
  EXPECT_THAT(kinds(objections_to(cheat)), UnorderedElementsAre("words: written answer"));

  cheat = or_interpretation();
  node(cheat, "words").gamma = {.name = "example_but_for_one", .tensors = {}};
  EXPECT_THAT(kinds(objections_to(cheat)), testing::Contains("words: written answer"));

  cheat = or_interpretation();
  remove(cheat, "some");
  Node& early = node(cheat, "words");
  early.h = early.alpha = {.name = "almost_solved", .tensors = {}};
  early.gamma = {.name = "example", .tensors = {}};
  node(cheat, "answer").parents = {"words", circuits::kTokens};
  node(cheat, "answer").h = {.name = "corrected", .tensors = {}};
  EXPECT_THAT(kinds(objections_to(cheat)),
              IsSupersetOf({"words: early answer", "answer: one component"}));
}

TEST(Vacuity, TokensByAnotherNameAreNoComponent) {
  Interpretation cheat = or_interpretation();
  remove(cheat, "some");
  node(cheat, "answer").parents = {"words"};
  node(cheat, "answer").h = {.name = "solved", .tensors = {}};
  expect_no_axiom_fails(cheat);
  const auto found = objections_to(cheat);
  EXPECT_THAT(kinds(found), UnorderedElementsAre("answer: one component"));
  EXPECT_THAT(found[0].reason, HasSubstr("(words) are the tokens by another name"));
}

TEST(Vacuity, AnswersOfOneKindTellNothing) {
  const auto no_words = [](int64_t, int64_t count) {  // "0 0": no
    return torch::tensor({0, 0, 5}, torch::kLong).repeat({count, 1});
  };
  const circuits::Program program =
      circuits::compile(or_interpretation(), operations(), interp::describe(or_config()));
  const Experiment experiment{or_network(), program, or_decision()};
  Vacuity found = vacuity(experiment, no_words, 100);
  EXPECT_THAT(found.objections, IsEmpty());
  ASSERT_FALSE(found.untested.empty());
  EXPECT_EQ(found.untested[0].node, "");
  EXPECT_THAT(found.untested[0].text, HasSubstr("one answer to all of them"));
  found.untested.clear();
  add_readings(found, experiment, check(experiment, no_words, {.inputs = 100}).readings);
  ASSERT_EQ(found.untested.size(), 1u);
  EXPECT_THAT(found.untested[0].text, HasSubstr("the network gives one answer on all 100"));
}

TEST(Vacuity, AnOutputThatReadsAnotherDecision) {
  Interpretation cheat = or_interpretation();
  node(cheat, "answer").alpha.parameters["tokens"] = {0, 0};  // always the first
  node(cheat, "answer").h = {.name = "never", .tensors = {}};
  const circuits::Program program =
      circuits::compile(cheat, cheating(), interp::describe(or_config()));
  const Experiment experiment{or_network(), program, or_decision()};
  const CheckResult result = check(experiment, or_inputs, {.inputs = 100});
  EXPECT_EQ(result.nodes.back()[Axiom::PE].estimate.failures, 0);
  // γ writes "no": where the answer is "yes" (16 of 25 pairs) the replaced run decides otherwise.
  EXPECT_EQ(result.nodes.back()[Axiom::PR].estimate.failures, 64);
  Vacuity found;
  add_readings(found, experiment, result.readings);
  ASSERT_EQ(found.objections.size(), 1u);
  EXPECT_EQ(found.objections[0].kind, "another decision");
  EXPECT_THAT(found.objections[0].reason, HasSubstr("36 of 100"));
}

// Sums of other terms give other last digits, which no state of float32 can hold.
TEST(Vacuity, ValuesThatDifferByRoundingAreOne) {
  Operations noisy = operations();
  noisy.functions.add({"among_noise", "", [](const Operation&) -> circuits::Function {
                         return [](const std::vector<Tensor>& parents) {
                           const Tensor words = parents[0].flatten(1);
                           const Tensor found = words.eq(1).logical_or(words.eq(3)).any(1, true);
                           return found.to(at::kDouble) *
                                  (1 + 1e-12 * words.narrow(1, 0, 1).to(at::kDouble));
                         };
                       }});
  Interpretation honest = or_interpretation();
  node(honest, "some").h = {.name = "among_noise", .tensors = {}};
  node(honest, "answer").h = {.name = "rounded_any", .tensors = {}};
  noisy.functions.add({"rounded_any", "", [](const Operation&) -> circuits::Function {
                         return [](const std::vector<Tensor>& parents) {
                           return parents[0].gt(0.5).any(1).to(at::kLong);
                         };
                       }});
  EXPECT_THAT(
      vacuity({or_network(), circuits::compile(honest, noisy, interp::describe(or_config())),
               or_decision()},
              or_inputs, 100)
          .objections,
      IsEmpty());
}

// Twenty inputs are needed to tell two answers from what happens to go with them.
TEST(Vacuity, TooFewInputsTellNothingOfValues) {
  Interpretation cheat = or_interpretation();
  node(cheat, "words").gamma = {.name = "example", .tensors = {}};
  EXPECT_THAT(objections_to(cheat, 19), IsEmpty());
  EXPECT_EQ(objections_to(cheat, 20).size(), 1u);
}

}  // namespace vacuity_test
}  // namespace assay::axioms
