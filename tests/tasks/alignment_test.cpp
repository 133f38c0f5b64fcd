// The search for a place on the shipped networks: values are found where the shipped
// interpretations say that they are, and a label without meaning is found nowhere.

#include "axioms/alignment.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <filesystem>

#include "axioms/alignment_fields.h"
#include "circuits/interpretation/value_operations.h"
#include "interp/statistics/random.h"
#include "tasks/registry.h"
#include "tasks/subject.h"

namespace assay::tasks {
namespace alignment_test {

using axioms::Alignment;
using axioms::AlignmentCandidate;
using axioms::AlignmentConfig;
using circuits::Interpretation;
using circuits::Node;

Subject shipped(const std::string& task, const std::string& interpretation) {
  const auto folder = std::filesystem::path(ASSAY_SOURCE) / "tasks" / task / "reference";
  return load_subject(folder / "model.safetensors", folder / interpretation);
}

/// With a node's place hidden, by inputs of the part that the interpretation was fitted on.
Alignment looked_for(const Subject& subject, const std::string& name, const AlignmentConfig& config,
                     int64_t inputs) {
  Interpretation free = subject.interpretation();
  for (Node& node : free.nodes)
    if (node.name == name) {
      node.sites = node.reads = {};
      node.alpha = node.gamma = {.name = circuits::kUnknown, .tensors = {}};
    }
  const circuits::Program program =
      circuits::compile(free, all_operations(), subject.model.model->places());
  return axioms::align({*subject.model.model, program, subject.task->decision()}, free, name,
                       subject.task->sample(Part::Derive, 0, 0, inputs).tokens, config);
}

TEST(AlignmentOfShippedNetworks, TheTwoNumbersStandInTheirEmbeddings) {
  const Alignment alignment = looked_for(shipped("modular_addition", "exact.json"), "fourier",
                                         {.sites = 1, .dimensions = {8}, .steps = 4}, 1600);
  ASSERT_TRUE(alignment.is_found()) << interp::write_record(alignment).dump(1);
  const AlignmentCandidate& best = alignment.candidates.front();
  EXPECT_EQ(to_string(best.site), "hook_embed[pos=0,1]");
  EXPECT_GT(best.explained, .99);
  EXPECT_GT(best.accuracy_lower, .95);
}

TEST(AlignmentOfShippedNetworks, TheSumOfAnglesStandsInTheMlpOfTheLastPosition) {
  const Alignment alignment = looked_for(shipped("modular_addition", "exact.json"), "sum",
                                         {.sites = 1, .dimensions = {8}, .steps = 40}, 2000);
  ASSERT_TRUE(alignment.is_found()) << interp::write_record(alignment).dump(1);
  const AlignmentCandidate& best = alignment.candidates.front();
  EXPECT_EQ(to_string(best.site), "blocks.0.mlp.hook_post[pos=2]");
  EXPECT_GT(best.explained, .9);
  EXPECT_GT(best.accuracy_lower, .5);  // 113 answers
}

TEST(AlignmentOfShippedNetworksSlow, AssignmentsAreEvaluatedInTheLastMlp) {
  const Alignment alignment = looked_for(shipped("two_sat", "trees.json"), "evaluate",
                                         {.sites = 1, .dimensions = {1, 8}, .steps = 8}, 2000);
  ASSERT_TRUE(alignment.is_found()) << interp::write_record(alignment).dump(1);
  EXPECT_EQ(to_string(alignment.candidates.front().site), "blocks.1.mlp.hook_post[pos=40]");
  EXPECT_GT(alignment.candidates.front().accuracy_lower, .9);
}

/// An interpretation of the 2-SAT network whose answer is a random function of the formula.
struct RandomLabel {
  Subject subject = shipped("two_sat", "trees.json");
  circuits::Operations operations = all_operations();
  Interpretation interpretation = subject.interpretation();

  RandomLabel() {
    operations.functions.add({"random_label", "", [](const circuits::Operation&) {
                                return [](const std::vector<at::Tensor>& parents) -> at::Tensor {
                                  const at::Tensor tokens = parents[0];
                                  at::Tensor sum = at::zeros({tokens.size(0)}, at::kLong);
                                  for (int64_t pos = 0; pos < tokens.size(1); ++pos)
                                    sum = (sum * 31 + tokens.select(1, pos)).remainder(1'000'003);
                                  return sum.remainder(2).eq(1).unsqueeze(1);
                                };
                              }});
    Node output = interpretation.nodes.back();
    output.parents = {"label"};
    const circuits::Operation unknown{.name = circuits::kUnknown, .tensors = {}};
    interpretation.nodes = {{.name = "label",
                             .parents = {circuits::kTokens},
                             .sites = {},
                             .reads = {},
                             .h = {.name = "random_label", .tensors = {}},
                             .alpha = unknown,
                             .gamma = unknown,
                             .equality = {.name = "equal", .tensors = {}}},
                            output};
  }
};

TEST(AlignmentOfShippedNetworksSlow, ALabelWithoutMeaningIsNowhere) {
  const RandomLabel random;
  const circuits::Program program = circuits::compile(random.interpretation, random.operations,
                                                      random.subject.model.model->places());
  const Alignment alignment = axioms::align(
      {*random.subject.model.model, program, random.subject.task->decision()},
      random.interpretation, "label", random.subject.task->sample(Part::Derive, 0, 0, 2000).tokens,
      {.sites = 3, .dimensions = {1}, .steps = 20});
  EXPECT_FALSE(alignment.is_found());
  ASSERT_EQ(alignment.candidates.size(), 3);
  for (const AlignmentCandidate& candidate : alignment.candidates) {
    EXPECT_FALSE(candidate.better_than_chance);
    EXPECT_LT(candidate.explained, .05) << to_string(candidate.site);
    EXPECT_LT(candidate.accuracy_lower, .5);
    EXPECT_GT(candidate.accuracy_upper, .5);
  }
}

}  // namespace alignment_test
}  // namespace assay::tasks
