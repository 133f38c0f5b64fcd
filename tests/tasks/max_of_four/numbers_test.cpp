#include "tasks/max_of_four/numbers.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include <algorithm>
#include <map>
#include <stdexcept>

#include "axioms/proofs/domain.h"
#include "tasks/max_of_four/operations.h"
#include "tasks/registry.h"

namespace assay::tasks::max_of_four {
namespace numbers_test {

using at::Tensor;

TEST(MaxOfFourNumbers, HaveAnAutomatonThatRemembersTheLargest) {
  const Specification known = specification();
  EXPECT_EQ(known.domains.at(0).domain.inputs(), 16'777'216);
  for (const proofs::Specified& one : known.domains) {
    proofs::validate(one.domain, kNumbers);
    const Tensor drawn = one.domain.drawn(1, 0, 500);
    EXPECT_TRUE(proofs::answers(one.specification, one.domain, drawn).equal(answers(drawn)));
  }
}

// The slices divide all rows among them.
TEST(MaxOfFourNumbers, AreDividedIntoSixteenSlices) {
  const Specification known = specification();
  ASSERT_EQ(known.domains.size(), 17U);
  double inputs = 0;
  for (size_t i = 1; i < known.domains.size(); ++i) {
    const proofs::Domain& slice = known.domains[i].domain;
    EXPECT_TRUE(known.domains[0].domain.includes(slice));
    EXPECT_EQ(slice.inputs(), 1 << 20) << slice.name;
    inputs += slice.inputs();
    for (size_t j = 1; j < i; ++j)
      EXPECT_FALSE(known.domains[j].domain.holds(slice.listed(0, 1)[0]));
  }
  EXPECT_EQ(inputs, known.domains[0].domain.inputs());
}

TEST(MaxOfFourNumbers, AreOftenClose) {
  const Tensor tokens = sample(Part::Test, 1, 0, 5000).tokens;
  const Tensor sorted = std::get<0>(tokens.sort(1));
  const Tensor close = (sorted.select(1, 3) - sorted.select(1, 0)).lt(4);
  EXPECT_GT(close.to(torch::kFloat64).mean().item<double>(), .45);
  EXPECT_LT(close.to(torch::kFloat64).mean().item<double>(), .65);
  std::map<int64_t, int> places;  // of the largest, the first of equals
  for (int64_t i = 0; i < 5000; ++i) ++places[tokens[i].argmax().item<int64_t>()];
  for (int64_t place = 0; place < kCount; ++place) EXPECT_GT(places[place], 700) << place;
}

TEST(MaxOfFourNumbers, OnlyTrainingHasTheRowOfZeros) {
  EXPECT_EQ(part_of(at::zeros({4}, torch::kInt64)), Part::Train);
  EXPECT_GT(sample(Part::Train, 2, 0, 2000).labels.eq(0).sum().item<int64_t>(), 0);
  for (const Part part : {Part::Derive, Part::Test})
    EXPECT_EQ(sample(part, 2, 0, 2000).labels.eq(0).sum().item<int64_t>(), 0);
}

TEST(MaxOfFourOperations, FindReadAndWritePlaces) {
  const Tensor tokens = torch::tensor({{5, 9, 9, 1}, {7, 2, 3, 4}}, torch::kInt64);
  const Tensor where = where_largest({.name = "where_largest", .tensors = {}})({tokens});
  EXPECT_TRUE(
      where.equal(torch::tensor({{false, true, true, false}, {true, false, false, false}})));
  const Tensor numbers = tokens.unsqueeze(2), right = torch::tensor({9, 7}, torch::kInt64);
  EXPECT_TRUE(number_where({.name = "number_where", .tensors = {}})({numbers, where}).equal(right));
  const std::vector<int64_t> last_two = {2, 3};
  const Tensor most = largest(
      {.name = "largest", .parameters = {{"positions", last_two}}, .tensors = {}})({numbers});
  EXPECT_TRUE(same_number({.name = "same_number", .tensors = {}})({most}).equal(
      torch::tensor({9, 4}, torch::kInt64)));

  const Tensor written = attend_evenly({.name = "attend_evenly", .tensors = {}})(where).at(0);
  EXPECT_TRUE(written.equal(
      torch::tensor({{0.F, .5F, .5F, 0.F}, {1.F, 0.F, 0.F, 0.F}}).view({2, 1, 1, 4})));
  const auto read = attended({.name = "attended", .parameters = {{"share", .5}}, .tensors = {}});
  EXPECT_TRUE(read({written}).equal(where));
  const Tensor soft = torch::tensor({.1F, .5F, .26F, .14F}).view({1, 1, 1, 4});
  EXPECT_TRUE(read({soft}).equal(torch::tensor({{false, true, true, false}})));
  const Tensor nowhere =
      attend_evenly({.name = "attend_evenly", .tensors = {}})(at::zeros({1, 4}, torch::kBool))
          .at(0);
  EXPECT_TRUE(nowhere.equal(at::full({1, 1, 1, 4}, .25F)));
}

}  // namespace numbers_test
}  // namespace assay::tasks::max_of_four
