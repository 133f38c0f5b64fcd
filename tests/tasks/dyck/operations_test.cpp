#include "tasks/dyck/operations.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include <stdexcept>

#include "tasks/dyck/strings.h"

namespace assay::tasks::dyck {
namespace operations_test {

using at::Tensor;
using Facts = std::vector<std::string>;

circuits::Operation operation(const std::string& name, const Facts& facts) {
  return {.name = name, .parameters = {{"facts", facts}}, .tensors = {}};
}

TEST(DyckOperations, CountWhatPrefixesHold) {
  const Tensor tokens = torch::tensor({{0, 1, 1, 0}}, torch::kInt64);  // ( ) ) (
  const Tensor facts = prefix_facts(
      operation("prefix_facts", {"depth", "token", "violation", "violated"}))({tokens});
  const Tensor expected =
      torch::tensor({{{1, 0, 0, 0}, {0, 1, 0, 0}, {-1, 1, 1, 1}, {0, 0, 0, 1}}}, torch::kFloat64);
  EXPECT_TRUE(facts.equal(expected)) << facts;
}

TEST(DyckOperations, AllFactsThatSufficeSayTheSame) {
  const Domain domain = Strings({.length = 8}).domain();
  for (const Facts& facts : {Facts{"depth"}, Facts{"depth", "token"}, Facts{"violation", "token"},
                             Facts{"token", "violated"}, Facts{"violated", "depth"}}) {
    const Tensor value = prefix_facts(operation("prefix_facts", facts))({domain.inputs.tokens});
    EXPECT_TRUE(balanced_by(operation("balanced_by", facts))({value}).equal(domain.inputs.labels))
        << testing::PrintToString(facts);
  }
}

TEST(DyckOperations, RefuseFactsThatDoNotSuffice) {
  for (const Facts& facts : {Facts{}, Facts{"token"}, Facts{"violated"}, Facts{"moon", "depth"}})
    EXPECT_THROW(balanced_by(operation("balanced_by", facts)), std::invalid_argument);
  EXPECT_THROW(prefix_facts(operation("prefix_facts", {"moon"})), std::invalid_argument);
}

TEST(DyckOperations, WriteEachPositionsPrototypeOfTheNearestLabel) {
  const circuits::Operation gamma{
      .name = "write_by_position",
      .tensors = {{"labels", torch::tensor({{0.0}, {2.0}}, torch::kFloat64)},
                  {"prototypes", torch::tensor({{{1.F}, {2.F}}, {{3.F}, {4.F}}})}}};
  const Tensor value = torch::tensor({{{2.0}, {0.0}}, {{0.4}, {9.0}}}, torch::kFloat64);
  const Tensor written = write_by_position(gamma)(value).at(0);
  EXPECT_TRUE(written.equal(torch::tensor({{{2.F}, {3.F}}, {{1.F}, {4.F}}}))) << written;
  EXPECT_THROW(write_by_position(gamma)(at::zeros({1, 3, 1})), std::invalid_argument);
}

}  // namespace operations_test
}  // namespace assay::tasks::dyck
