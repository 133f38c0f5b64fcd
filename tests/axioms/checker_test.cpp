#include "axioms/checker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <functional>

#include "interp/network/build.h"
#include "interp/network/cut.h"
#include "tests/axioms/or_network.h"
#include "tests/interp/scratch.h"

namespace assay::axioms {
namespace checker_test {

using interp::message_of;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST(CheckerTest, ATrueInterpretationHasNoFailures) {
  const CheckResult result = check_or(or_interpretation());
  EXPECT_TRUE(result.complete);
  EXPECT_EQ(result.inputs, 25);
  ASSERT_THAT(result.nodes, SizeIs(3));
  EXPECT_EQ(result.nodes[0].node, "words");  // in topological order, not as listed
  EXPECT_EQ(result.nodes[1].node, "some");
  EXPECT_EQ(result.nodes[2].node, "answer");
  for (const NodeResult& node : result.nodes) {
    EXPECT_EQ(node.inherited, 0);
    for (const Axiom axiom : kAxioms) {
      EXPECT_EQ(node[axiom].estimate, (statistics::Estimate{.n = 25, .failures = 0}));
      EXPECT_THAT(node[axiom].witnesses, IsEmpty());
    }
  }
}

TEST(CheckerTest, TheTrueInterpretationConsistsOfCompleteCuts) {
  for (const Node& node : or_interpretation().nodes)
    EXPECT_EQ(or_network().path_around(node.sites, or_decision().site(or_network())).found,
              interp::Found::No)
        << node.name;
}

TEST(CheckerTest, ABrokenAbstractionFailsEquivalenceAtItsNodeOnly) {
  Interpretation broken = or_interpretation();
  // α takes 0 for 2 and 2 for 0. Without either: 3 · 3 pairs; so 25 - 9 = 16 fail. Neither is 1 or
  // 3, so the next node's component, which starts from these values, does not notice.
  node(broken, "words").alpha.tensors["labels"] =
      torch::tensor({{2}, {1}, {0}, {3}, {4}, {5}}, torch::kLong);
  EXPECT_EQ(failures(check_or(broken)), (Failures{{16, 16, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 0}}));
}

TEST(CheckerTest, AnAbstractionThatMattersMisleadsTheNextComponent) {
  Interpretation broken = or_interpretation();
  // α takes 1 for 2 and 2 for 1: again 16 pairs contain one of them. Whether 1 or 3 occurs is then
  // answered wrongly where there is no 3 and exactly one of "a 1 occurs", "a 2 occurs" is true:
  // of the 4 · 4 pairs without 3, (4² - 3²) contain 1 and as many contain 2, two contain both:
  // (7 - 2) · 2 = 10 fail CE and, since γ writes the wrong level, CR.
  node(broken, "words").alpha.tensors["labels"] =
      torch::tensor({{0}, {2}, {1}, {3}, {4}, {5}}, torch::kLong);
  EXPECT_EQ(failures(check_or(broken)), (Failures{{16, 16, 0, 0}, {0, 10, 0, 10}, {0, 0, 0, 0}}));
}

TEST(CheckerTest, ABrokenConcretisationFailsReplaceabilityAtItsNodeOnly) {
  Interpretation broken = or_interpretation();
  // γ writes 0 where it should write 1. The answer changes where 1 occurs and 3 does not: 4² - 3².
  Tensor prototypes = or_network().W_E().detach().clone();
  prototypes[1].copy_(prototypes[0]);
  node(broken, "words").gamma.tensors["prototypes"] = prototypes;
  EXPECT_EQ(failures(check_or(broken)), (Failures{{0, 0, 7, 7}, {0, 0, 0, 0}, {0, 0, 0, 0}}));

  broken = or_interpretation();
  // An active neuron is written as 0.2 < 1/2, so "yes" is lost: 25 - 3² pairs have it.
  node(broken, "some").gamma.tensors["on"] = at::full({1}, 0.2);
  EXPECT_EQ(failures(check_or(broken)), (Failures{{0, 0, 0, 0}, {0, 0, 16, 16}, {0, 0, 0, 0}}));
}

TEST(CheckerTest, ABrokenFunctionFailsEverythingAtItsNodeAndPrefixesAfterIt) {
  Interpretation broken = or_interpretation();
  // h forgets 3: wrong where 3 occurs and 1 does not: 4² - 3² = 7.
  node(broken, "some").h.parameters["yes"] = {1};
  const CheckResult result = check_or(broken);
  EXPECT_EQ(failures(result), (Failures{{0, 0, 0, 0}, {7, 7, 7, 7}, {7, 0, 7, 0}}));
  EXPECT_EQ(result.nodes[1].inherited, 0);
  EXPECT_EQ(result.nodes[2].inherited, 7);
}

TEST(CheckerTest, ABrokenFirstFunctionIsInheritedByAllThatFollows) {
  Interpretation broken = or_interpretation();
  // The second word is read at position 0 too. Words differ unless both are alike: 25 - 5 = 20. The
  // answer then depends on the first alone and is wrong where it is no 1 or 3 and the second is:
  // 3 · 2 = 6.
  node(broken, "words").h.parameters["positions"] = {{0}, {0}};
  const CheckResult result = check_or(broken);
  EXPECT_EQ(failures(result), (Failures{{20, 20, 6, 6}, {6, 0, 6, 0}, {6, 0, 6, 0}}));
  EXPECT_EQ(result.nodes[1].inherited, 6);
}

TEST(CheckerTest, EqualityDecidesWhichValuesAreTheSame) {
  Interpretation turned = or_interpretation();
  // h reads the words in the other order; as sets of tokens they stay the same.
  node(turned, "words").h.parameters["positions"] = {{1, 0}};
  node(turned, "words").alpha.tensors["labels"] = at::arange(6, at::kLong).unsqueeze(1);
  auto all = operations();
  all.abstractions.add({"as_pair", "", [](const Operation&) -> circuits::Abstraction {
                          return [](const circuits::Activations& x) {
                            return x[0].narrow(2, 0, 6).argmax(2).unsqueeze(1);  // [batch, 1, 2]
                          };
                        }});
  all.concretisations.add({"as_pair", "", [](const Operation&) -> circuits::Concretisation {
                             return [](const Tensor& value) -> circuits::Activations {
                               const Tensor question = at::full({value.size(0), 1}, 5, at::kLong);
                               return {at::embedding(or_network().W_E().detach(),
                                                     at::cat({value.flatten(1), question}, 1))};
                             };
                           }});
  node(turned, "words").alpha = {.name = "as_pair", .tensors = {}};
  node(turned, "words").gamma = {.name = "as_pair", .tensors = {}};
  const auto words_failures = [&](const std::string& equality) {
    node(turned, "words").equality.name = equality;
    return failures(
        check({or_network(), circuits::compile(turned, all, interp::describe(or_config())),
               or_decision()},
              or_inputs, {.inputs = kInputs}))[0];
  };
  EXPECT_THAT(words_failures("equal"), ElementsAre(20, 20, 0, 0));  // but for the pairs of one word
  EXPECT_THAT(words_failures("equal_up_to_order"), ElementsAre(0, 0, 0, 0));
}

TEST(CheckerTest, DownstreamEqualityIsTheSameDecisionByNetworkAndInterpretation) {
  auto all = operations();
  all.concretisations.add(
      {"nothing", "", [](const Operation&) -> circuits::Concretisation {
         return [](const Tensor& value) -> circuits::Activations {
           const Tensor tokens = torch::tensor({0, 0, 5}, torch::kLong).repeat({value.size(0), 1});
           return {at::embedding(or_network().W_E().detach(), tokens)};
         };
       }});
  const auto words_failures = [&](Interpretation i, const std::vector<int64_t>& reads,
                                  const std::string& equality) {
    node(i, "words").alpha.tensors["labels"] = torch::tensor(reads, torch::kLong).unsqueeze(1);
    node(i, "words").equality.name = equality;
    return failures(check(
        {or_network(), circuits::compile(i, all, interp::describe(or_config())), or_decision()},
        or_inputs, {.inputs = kInputs}))[0];
  };
  // 1 and 2 are taken for each other: 25 - 9 pairs have either; in 5 + 5 pairs, those without a 3
  // that have a 1 and no 2 or the other way round, this changes the answer.
  const std::vector<int64_t> swap_1_2 = {0, 2, 1, 3, 4, 5}, swap_3_4 = {0, 1, 2, 4, 3, 5};
  const Interpretation whole = or_interpretation();
  EXPECT_THAT(words_failures(whole, swap_1_2, "equal"), ElementsAre(16, 16, 0, 0));
  EXPECT_THAT(words_failures(whole, swap_1_2, "downstream"), ElementsAre(10, 10, 0, 0));
  // The network alone tells 3 from 4 …
  Interpretation deaf = whole;
  node(deaf, "some").h.parameters["yes"] = {1};
  EXPECT_THAT(words_failures(deaf, swap_3_4, "downstream"), ElementsAre(10, 10, 0, 0));
  // … or the interpretation alone, as nothing of it is written: 16 pairs lose their "yes".
  Interpretation mute = whole;
  node(mute, "words").gamma = {.name = "nothing", .tensors = {}};
  EXPECT_THAT(words_failures(mute, swap_3_4, "downstream"), ElementsAre(10, 10, 16, 16));
}

TEST(CheckerTest, MisfitsAreRefusedByTheNameOfTheNode) {
  const auto refusal = [](const std::function<void(Interpretation&)>& change) {
    Interpretation changed = or_interpretation();
    change(changed);
    return message_of([&] { check_or(changed); });
  };
  EXPECT_EQ(refusal([](Interpretation& i) {
              node(i, "words").h.parameters["positions"] = {{0, 1}};
            }),
            "node 'words': alpha gives values of shape [25, 2, 1], but h of shape [25, 1, 2]");
  EXPECT_EQ(refusal([](Interpretation& i) {
              node(i, "some").sites.erase(node(i, "some").sites.begin());
            }),
            "node 'some': gamma writes 2 tensors for 1 sites");
}

}  // namespace checker_test
}  // namespace assay::axioms
