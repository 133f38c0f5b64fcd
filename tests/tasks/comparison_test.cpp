#include "tasks/comparison.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include <cmath>
#include <stdexcept>

#include "interp/attribution/callback_replacer.h"
#include "tasks/comparison_summary.h"
#include "tasks/registry.h"
#include "tests/tasks/two_sat/small_model.h"

namespace assay::tasks {
namespace comparison_test {

using at::Tensor;
using testing::ElementsAre;

class ComparisonTest : public testing::Test {
 protected:
  std::unique_ptr<Task> task = two_sat::small_task();
  std::unique_ptr<interp::Transformer> model = two_sat::small_model();
  circuits::Program program =
      circuits::compile(task->need<Interpretations>()
                            .derive(*model, {.variant = "disjunction", .inputs = 200})
                            .interpretation,
                        all_operations(), model->places());

  std::unique_ptr<interp::attribution::Replacer> replacer =
      task->replacer(task->replacer_names().front());

  Comparison run(int64_t inputs, const std::atomic<bool>* stop = nullptr,
                 std::vector<ComparedInput> begun = {}) const {
    return compare(*task, *model, &program,
                   {.methods = {"random", "random:normal"},
                    .references = {"random"},
                    .features = "clause",
                    .removal = "replacement",
                    .replacer = replacer.get(),
                    .inputs = inputs,
                    .stop = stop},
                   std::move(begun));
  }
};

/// NaN is not equal to itself.
std::vector<Measures> without_nan(std::vector<Measures> draws) {
  for (Measures& measures : draws)
    for (auto& [name, value] : measures)
      if (std::isnan(value)) value = -9;
  return draws;
}

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
    ASSERT_EQ(input.methods.size(), 6U);
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
    EXPECT_EQ(input.methods[2].method, "(evaluate)");
    EXPECT_EQ(input.methods[3].method, "(all)");
    EXPECT_EQ(input.methods[4].method, "(no change)");
    EXPECT_EQ(input.methods[5].method, "(ols)");
    const double own = input.methods[2].measures.at("evaluate.spearman");
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

/// As text, in which NaN is equal to itself.
std::string without_seconds(const Comparison& comparison, const Task& task) {
  nlohmann::ordered_json inputs = to_json(comparison, task);
  for (auto& input : inputs)
    for (auto& method : input["methods"]) method.erase("seconds");
  return inputs.dump(1);
}

TEST_F(ComparisonTest, GoesOnFromWhatWasWritten) {
  const Comparison whole = run(4);
  const auto written = nlohmann::ordered_json::parse(to_json(run(2), *task).dump());
  std::vector<ComparedInput> part = compared_inputs(written, *task, /*seed=*/1);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_TRUE(part[i].tokens.equal(whole.inputs[i].tokens));
    EXPECT_EQ(without_nan(part[i].random), without_nan(whole.inputs[i].random));
  }
  const Comparison resumed = run(4, nullptr, std::move(part));
  EXPECT_EQ(without_seconds(resumed, *task), without_seconds(whole, *task));
}

TEST_F(ComparisonTest, AMethodThatThrowsIsLeftOutWhereItDoes) {
  const interp::attribution::CallbackReplacer refuses_short_ones(
      "picky", [](const auto& sequence, const auto&, uint64_t) {
        if (sequence.size() < 12) throw std::runtime_error("too short\nand a backtrace");
        return sequence;
      });
  const auto variable = make_task(
      "two-sat",
      {{"variables", two_sat::kVariables}, {"clauses", two_sat::kClauses}, {"min_clauses", 1}});
  const Comparison comparison = compare(*variable, *model, nullptr,
                                        {.methods = {"random", "lime:replacement"},
                                         .references = {"occlusion:deletion", "random"},
                                         .features = "clause",
                                         .replacer = &refuses_short_ones,
                                         .inputs = 12});
  int64_t failed = 0;
  for (const ComparedInput& input : comparison.inputs) {
    ASSERT_EQ(input.methods[2].method, "occlusion:deletion");  // a reference is a method as well
    EXPECT_TRUE(input.methods[0].scores.defined());
    EXPECT_TRUE(input.methods[0].measures.contains("occlusion:deletion.spearman"));
    const ScoredInput& lime = input.methods[1];
    EXPECT_EQ(lime.scores.defined(), lime.failure.empty());
    if (lime.failure.empty()) continue;
    EXPECT_EQ(lime.failure, "too short");
    EXPECT_TRUE(lime.measures.empty());
    ++failed;
  }
  EXPECT_GT(failed, 0);
  EXPECT_LT(failed, 12);
  const ComparisonSummary summary = summarise(comparison);
  EXPECT_EQ(summary.methods[1].failures.inputs, failed);
  EXPECT_EQ(summary.methods[1].failures.first, "too short");
  EXPECT_EQ(summary.methods[1].measures.at("curves.insertion").inputs, 12 - failed);
  EXPECT_EQ(summary.methods[0].measures.at("curves.insertion").inputs, 12);
}

TEST_F(ComparisonTest, RefusesDeletionFromInputsOfOneLength) {
  for (const char* method : {"random", "lime:deletion", "slalom"})
    EXPECT_THROW(compare(*task, *model, nullptr,
                         {.methods = {method},
                          .features = "clause",
                          .removal = std::string(method) == "random" ? "deletion" : "replacement",
                          .replacer = replacer.get()}),
                 std::invalid_argument)
        << method;
}

TEST_F(ComparisonTest, RefusesNothingToDo) {
  EXPECT_THROW(compare(*task, *model, nullptr, {.methods = {}, .features = "clause"}),
               std::invalid_argument);
  EXPECT_THROW(
      compare(*task, *model, nullptr, {.methods = {"random"}, .features = "clause", .inputs = 0}),
      std::invalid_argument);
  for (const char* name : {"nosuch", "random:nosuch", "random@nosuch"})
    EXPECT_THROW(compare(*task, *model, nullptr,
                         {.methods = {name},
                          .features = "clause",
                          .removal = "replacement",
                          .replacer = replacer.get()}),
                 std::invalid_argument)
        << name;
}

}  // namespace comparison_test
}  // namespace assay::tasks
