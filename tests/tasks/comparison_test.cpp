#include "tasks/comparison.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include <cmath>
#include <stdexcept>

#include "tasks/registry.h"
#include "tests/tasks/two_sat/small_model.h"

namespace assay::tasks {
namespace {

using at::Tensor;
using testing::ElementsAre;

class ComparisonTest : public testing::Test {
 protected:
  std::unique_ptr<Task> task = two_sat::small_task();
  std::unique_ptr<interp::Transformer> model = two_sat::small_model();
  circuits::Program program = circuits::compile(
      task->derive(*model, {.variant = "disjunction", .inputs = 200}).interpretation,
      all_operations(), model->config());

  Comparison run(int64_t inputs, const std::atomic<bool>* stop = nullptr) const {
    return compare(*task, *model, &program,
                   {.methods = {"random", "random:normal"},
                    .reference = "random",
                    .features = "clause",
                    .inputs = inputs,
                    .stop = stop});
  }
};

TEST_F(ComparisonTest, ExplainsFreshInputsByEveryMethod) {
  const Comparison comparison = run(6);
  EXPECT_TRUE(comparison.complete);
  ASSERT_EQ(comparison.inputs.size(), 6U);
  const interp::LabelledBatch batch = task->sample(Part::Test, 1, 0, 6);
  for (int64_t i = 0; i < 6; ++i) {
    const ComparedInput& input = comparison.inputs[i];
    EXPECT_TRUE(input.tokens.equal(batch.tokens[i]));
    EXPECT_EQ(input.right,
              answer_of(*task, *model, batch.tokens[i]) == batch.labels[i].item<int64_t>());
    ASSERT_EQ(input.methods.size(), 4U);
    EXPECT_EQ(input.methods[0].method, "random");
    EXPECT_TRUE(input.methods[0].scores.equal(input.methods[1].scores));
    EXPECT_NEAR(input.methods[0].measures.at("random.spearman"), 1, 1e-12);  // held against itself
    EXPECT_EQ(input.random.size(), 200U);
    // What the task knows is left out where the network is wrong.
    const bool knows = input.methods[0].measures.contains("some-mus.auroc") ||
                       input.methods[0].measures.contains("pivotal.auroc");
    EXPECT_EQ(knows, input.right);
    EXPECT_TRUE(input.methods[0].measures.contains("evaluate.spearman"));
    EXPECT_TRUE(input.methods[0].measures.contains("curves.insertion"));
    EXPECT_EQ(input.methods[2].method, "(ols)");
    EXPECT_EQ(input.methods[3].method, "(evaluate)");
    const double own = input.methods[3].measures.at("evaluate.spearman");
    EXPECT_TRUE(std::isnan(own) || std::abs(own - 1) < 1e-12);  // held against itself
  }
}

TEST_F(ComparisonTest, InputsDoNotDependOnHowManyThereAre) {
  const Comparison few = run(2), more = run(3);
  for (size_t i = 0; i < 2; ++i)
    EXPECT_TRUE(few.inputs[i].methods[0].scores.equal(more.inputs[i].methods[0].scores));
  EXPECT_FALSE(more.inputs[0].methods[0].scores.equal(more.inputs[1].methods[0].scores));
}

TEST_F(ComparisonTest, StopsWhenAsked) {
  const std::atomic<bool> stop = true;
  const Comparison comparison = run(3, &stop);
  EXPECT_FALSE(comparison.complete);
  EXPECT_TRUE(comparison.inputs.empty());
}

TEST_F(ComparisonTest, RefusesNothingToDo) {
  EXPECT_THROW(compare(*task, *model, nullptr, {.methods = {}, .features = "clause"}),
               std::invalid_argument);
  EXPECT_THROW(
      compare(*task, *model, nullptr, {.methods = {"random"}, .features = "clause", .inputs = 0}),
      std::invalid_argument);
  for (const char* name : {"nosuch", "random:nosuch", "random@nosuch"})
    EXPECT_THROW(compare(*task, *model, nullptr, {.methods = {name}, .features = "clause"}),
                 std::invalid_argument)
        << name;
}

}  // namespace
}  // namespace assay::tasks
