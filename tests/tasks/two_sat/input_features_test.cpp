#include "tasks/two_sat/input_features.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include <map>

#include "tasks/registry.h"

namespace assay::tasks::two_sat {
namespace input_features_test {

std::map<std::string, int64_t> features_of(const Task& task, const std::string& text) {
  const auto& features = task.need<InputFeatures>();
  const at::Tensor values = features.of(task.to_tokens(text).unsqueeze(0));
  std::map<std::string, int64_t> named;
  for (size_t i = 0; i < features.all.size(); ++i)
    named[features.all[i].name] = values[0][static_cast<int64_t>(i)].item<int64_t>();
  return named;
}

TEST(InputFeatures, AreCountedByHand) {
  const auto task = make_task("two-sat", {{"variables", 4}, {"clauses", 5}, {"min_clauses", 1}});
  const auto features =
      features_of(*task, "( x0 x1 ) ( x1 x0 ) ( Not(x0) x1 ) ( x1 x2 ) ( x0 x1 )");
  const std::map<std::string, int64_t> expected = {
      {"the number of satisfying assignments", 8},  // x1 is true, all else is free
      {"the number of repeated clauses", 2},
      {"the number of clauses that share both variables with another", 4},
      {"the number of different variables", 3},
      {"the number of variables that occur with one sign only", 2},
      {"the number of occurrences of the commonest variable", 5},
      {"the number of clauses", 5}};
  EXPECT_EQ(features, expected);
  EXPECT_EQ(features_of(*task, "( x0 x1 )").at("the number of clauses"), 1);
}

TEST(InputFeatures, OfFormulasOfOneLengthDoNotSayHowLongTheyAre) {
  const auto task = make_task("two-sat", {});
  for (const axioms::InputFeature& feature : task->need<InputFeatures>().all)
    EXPECT_NE(feature.name, "the number of clauses");
}

TEST(InputFeatures, OfModularAdditionNameThePartOfAPair) {
  const auto task = make_task("modular-addition", {{"p", 5}});
  const auto& features = task->need<InputFeatures>();
  const auto domain = task->need<FiniteDomain>().all();
  const at::Tensor values = features.of(domain.inputs.tokens);
  for (int64_t i = 0; i < 25; ++i) {
    const int64_t a = i / 5, b = i % 5;
    const std::vector<int64_t> expected = {
        a, b, a + b, (a + b) % 5, std::abs(a - b), static_cast<int64_t>(domain.part[i])};
    EXPECT_TRUE(values[i].equal(torch::tensor(expected))) << i;
  }
  EXPECT_EQ(features.all.back().values.at(values[3][5].item<int64_t>()), to_string(domain.part[3]));
}

}  // namespace input_features_test
}  // namespace assay::tasks::two_sat
