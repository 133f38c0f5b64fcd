#include "circuits/interpretation/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "interp/network/build.h"
#include "interp/network/transformer.h"
#include "tests/interp/scratch.h"

namespace assay::circuits {
namespace program_test {

using interp::message_of;
using interp::Site;
using testing::ElementsAre;
using testing::HasSubstr;

interp::TransformerConfig config() {
  return {.d_vocab = 6, .n_ctx = 3, .d_model = 4, .d_mlp = 5, .n_heads = {1}, .d_head = {2}};
}

Interpretation two_nodes() {
  const Site hidden{.place = interp::hook::mlp_post(0), .positions = {2}, .neurons = {0, 1}};
  const Site logits{.place = interp::hook::logits(), .positions = {2}};
  Interpretation interpretation;
  interpretation.output = "answer";
  interpretation.nodes = {
      {.name = "answer",
       .parents = {"hidden", kTokens},
       .sites = {logits},
       .reads = {logits},
       .h = {.name = "any", .tensors = {}},
       .alpha = {.name = "argmax_of", .parameters = {{"tokens", {0, 1}}}, .tensors = {}},
       .gamma = {.name = "write_answer",
                 .parameters = {{"tokens", {0, 1}}, {"d_vocab", 6}},
                 .tensors = {}},
       .equality = {.name = "equal", .tensors = {}}},
      {.name = "hidden",
       .parents = {kTokens},
       .sites = {{.place = interp::hook::mlp_post(0), .positions = {2}}},
       .reads = {hidden},
       .h = {.name = "tokens_at", .parameters = {{"positions", {{0}, {1}}}}, .tensors = {}},
       .alpha = {.name = "threshold", .tensors = {{"thresholds", at::ones({2})}}},
       .gamma = {.name = "write_answer",
                 .parameters = {{"tokens", {0, 1}}, {"d_vocab", 6}},
                 .tensors = {}},
       .equality = {.name = "equal", .tensors = {}}}};
  return interpretation;
}

std::string refusal(const std::function<void(Interpretation&)>& change) {
  Interpretation interpretation = two_nodes();
  change(interpretation);
  return message_of(
      [&] { compile(interpretation, generic_operations(), interp::describe(config())); });
}

TEST(ProgramTest, StepsComeAfterTheirParentsAndNumberThem) {
  const Program program = compile(two_nodes(), generic_operations(), interp::describe(config()));
  ASSERT_EQ(program.steps.size(), 2);
  EXPECT_EQ(program.steps[0].name, "hidden");
  EXPECT_THAT(program.steps[0].parents, ElementsAre(-1));
  EXPECT_EQ(program.steps[1].name, "answer");
  EXPECT_THAT(program.steps[1].parents, ElementsAre(0, -1));
  EXPECT_EQ(program.output, 1);
}

TEST(ProgramTest, StepsCarryTheirSitesAndOperations) {
  const Interpretation interpretation = two_nodes();
  const Program program = compile(interpretation, generic_operations(), interp::describe(config()));
  EXPECT_EQ(program.steps[0].sites, interpretation.nodes[1].sites);
  EXPECT_EQ(program.steps[0].reads, interpretation.nodes[1].reads);
  const at::Tensor tokens = torch::tensor({{4, 5, 0}}, torch::kLong);
  EXPECT_TRUE(
      program.steps[0].h({tokens}).equal(torch::tensor({4, 5}, torch::kLong).view({1, 2, 1})));
  const at::Tensor answer = torch::tensor({1}, torch::kLong);
  EXPECT_TRUE(program.steps[1].alpha(program.steps[1].gamma(answer)).equal(answer));
  EXPECT_TRUE(program.steps[1].equality(answer, answer).all().item<bool>());
}

TEST(ProgramTest, UnknownOperationsAreAnsweredWithThoseThereAre) {
  EXPECT_EQ(refusal([](auto& i) { i.nodes[1].h.name = "tokens"; }),
            "node 'hidden': unknown h operation 'tokens'; there are any, tokens_at");
  EXPECT_EQ(refusal([](auto& i) { i.nodes[0].alpha.name = "write_answer"; }),
            "node 'answer': unknown alpha operation 'write_answer'; there are argmax_of, "
            "linear, nearest_prototype, threshold, unknown, read_value");
  EXPECT_EQ(refusal([](auto& i) { i.nodes[0].gamma.name = ""; }),
            "node 'answer': unknown gamma operation ''; there are write_answer, write_levels, "
            "write_linear, write_prototypes, unknown, write_value");
  EXPECT_EQ(refusal([](auto& i) { i.nodes[0].equality.name = "same"; }),
            "node 'answer': unknown equality operation 'same'; there are downstream, equal, "
            "equal_rounded, equal_up_to_order");
}

TEST(ProgramTest, BadNumbersAndSitesAreRefusedByTheNameOfTheNode) {
  EXPECT_EQ(refusal([](auto& i) { i.nodes[1].alpha.tensors.clear(); }),
            "node 'hidden': operation 'threshold': tensor 'thresholds' is missing");
  EXPECT_EQ(
      refusal([](auto& i) { i.nodes[1].reads[0].neurons = {5}; }),
      "node 'hidden': site 'blocks.0.mlp.hook_post[pos=2;neuron=5]': neuron 5 is out of range "
      "[0, 5)");
  EXPECT_THAT(refusal([](auto& i) { i.nodes[0].sites[0].place = interp::hook::ln_final(); }),
              HasSubstr("node 'answer': unknown site 'ln_final.hook_normalized'"));
  EXPECT_THAT(refusal([](auto& i) { i.output = "decision"; }), HasSubstr("the output 'decision'"));
}

TEST(ProgramTest, ANodeThatLivesNowhereIsRefused) {
  const char* message = "node 'hidden': expected at least one site and one that alpha reads";
  EXPECT_THAT(refusal([](Interpretation& i) { i.nodes[1].reads.clear(); }), HasSubstr(message));
  EXPECT_THAT(refusal([](Interpretation& i) {
                i.nodes[1].reads.clear();
                i.nodes[1].sites.clear();
              }),
              HasSubstr(message));
}

TEST(ProgramTest, AnAlphaThatReadsOutsideOfItsSitesIsRefused) {
  const auto read_instead = [](const Site& read) {
    Interpretation changed = two_nodes();
    changed.nodes[1].sites = two_nodes().nodes[1].reads;  // two neurons instead of all
    changed.nodes[1].reads = {read};
    return message_of([&] { compile(changed, generic_operations(), interp::describe(config())); });
  };
  // Where γ writes neurons 0 and 1 at position 2.
  for (const char* text :
       {"blocks.0.mlp.hook_pre[pos=2;neuron=0]", "blocks.0.mlp.hook_post[pos=2;neuron=2]",
        "blocks.0.mlp.hook_post[pos=1;neuron=0]", "blocks.0.hook_resid_post"})
    EXPECT_THAT(read_instead(interp::parse_site(text, describe(config()))),
                HasSubstr(std::string("node 'hidden': alpha reads ") + text +
                          ", which lies outside of the node's sites"));
}

TEST(ProgramTest, AnOperationOfOnesOwnIsOneFunction) {
  Operations operations = generic_operations();
  operations.functions.add({"largest", "", [](const Operation&) -> Function {
                              return [](const std::vector<Value>& parents) {
                                return parents[0].amax(1);
                              };
                            }});
  Interpretation interpretation = two_nodes();
  interpretation.nodes[1].h = {.name = "largest", .tensors = {}};
  const Program program = compile(interpretation, operations, interp::describe(config()));
  EXPECT_EQ(program.steps[0].h({torch::tensor({{4, 5, 0}}, torch::kLong)}).item<int64_t>(), 5);
}

}  // namespace program_test
}  // namespace assay::circuits
