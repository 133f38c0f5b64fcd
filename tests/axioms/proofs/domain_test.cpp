#include "axioms/proofs/domain.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include <set>

namespace assay::proofs {
namespace domain_test {

using at::Tensor;

Domain small() {
  return {.name = "small",
          .words = "",
          .length = 4,
          .readout = 3,
          .slots = {{{0, 2}, {{0, 0}, {1, 0}, {1, 1}}}, {{1}, {{2}, {3}}}, {{3}, {{4}}}}};
}

TEST(Domain, ListsEveryInputOnceAndKnowsItsChoices) {
  const Domain domain = small();
  validate(domain, 5);
  EXPECT_EQ(domain.inputs(), 6);
  const Tensor all = domain.listed(0, 6);
  std::set<std::vector<int64_t>> distinct;
  for (int64_t i = 0; i < 6; ++i) {
    const Tensor row = all[i].contiguous();
    distinct.emplace(row.data_ptr<int64_t>(), row.data_ptr<int64_t>() + 4);
    EXPECT_TRUE(domain.holds(row));
  }
  EXPECT_EQ(distinct.size(), 6U);
  EXPECT_TRUE(domain.tokens_of(domain.choices_of(all)).equal(all));
  EXPECT_TRUE(domain.listed(4, 2).equal(all.narrow(0, 4, 2)));
  EXPECT_FALSE(domain.holds(torch::tensor({0, 2, 1, 4})));
  EXPECT_THROW(domain.choices_of(torch::tensor({{0, 2, 1, 4}})), std::invalid_argument);
}

TEST(Domain, IncludesWhatIsNarrowerInAnySlot) {
  const Domain domain = small();
  EXPECT_TRUE(domain.includes(domain));
  EXPECT_TRUE(domain_from_json(to_json(domain), "d").includes(domain));
  for (size_t s = 0; s < 2; ++s) {
    Domain narrow = domain;
    narrow.slots[s].alternatives.pop_back();
    EXPECT_TRUE(domain.includes(narrow));
    EXPECT_FALSE(narrow.includes(domain));
  }
  Domain other = domain;
  other.slots[2].alternatives = {{3}};
  EXPECT_FALSE(domain.includes(other));
  other = domain;
  other.readout = 2;
  EXPECT_FALSE(domain.includes(other));
  other = domain;
  std::swap(other.slots[0], other.slots[1]);  // in another order
  EXPECT_TRUE(domain.includes(other));
}

TEST(Domain, DrawsDependOnTheirPlaceAlone) {
  const Domain domain = small();
  EXPECT_TRUE(domain.drawn(3, 0, 50).narrow(0, 20, 5).equal(domain.drawn(3, 20, 5)));
  EXPECT_FALSE(domain.drawn(3, 0, 50).equal(domain.drawn(4, 0, 50)));
}

TEST(Domain, RefusesSlotsThatAreNoPartition) {
  Domain twice = small(), gap = small(), size = small(), token = small(), same = small();
  twice.slots[1].positions = {0};
  gap.slots.pop_back();
  size.slots[0].alternatives.push_back({1});
  same.slots[1].alternatives.push_back({2});
  EXPECT_THROW(validate(twice, 5), std::invalid_argument);
  EXPECT_THROW(validate(gap, 5), std::invalid_argument);
  EXPECT_THROW(validate(size, 5), std::invalid_argument);
  EXPECT_THROW(validate(same, 5), std::invalid_argument);
  EXPECT_THROW(validate(token, 4), std::invalid_argument);
}

TEST(Specification, SurvivorsAndSums) {
  const Domain domain = small();
  const Survivors survivors{
      .width = 2,
      .masks = {std::vector<uint64_t>{1, 2, 3}, std::vector<uint64_t>{1, 3}, std::nullopt},
      .some = 8,
      .none = 9};
  const Tensor all = domain.listed(0, 6);
  EXPECT_TRUE(answers(survivors, domain, all).equal(torch::tensor({8, 8, 9, 8, 8, 8})));
  const SumModulo sum{.modulus = 3, .values = {{0, 1, 2}, {0, 2}, {1}}};
  EXPECT_TRUE(answers(sum, domain, all).equal(torch::tensor({1, 0, 2, 1, 0, 2})));
}

TEST(Domain, AnAutomatonReadsTheTokens) {
  // Whether the number of ones is divisible by three.
  const Automaton thirds{.start = 0, .next = {{0, 1}, {1, 2}, {2, 0}}, .answers = {7, 8, 8}};
  Domain bits{.name = "bits", .words = "four bits", .length = 4, .readout = 3};
  bits.slots = {{{0, 2}, {{0, 0}, {0, 1}, {1, 0}, {1, 1}}}, {{1}, {{0}, {1}}}, {{3}, {{0}, {1}}}};
  const Tensor tokens = bits.listed(0, 16);
  const Tensor expected = at::where(tokens.sum(1).remainder(3).eq(0), 7, 8);
  EXPECT_TRUE(answers(thirds, bits, tokens).equal(expected));
  EXPECT_THROW(answers(Automaton{.next = {{0}}, .answers = {7}}, bits, tokens), std::out_of_range);
}

}  // namespace domain_test
}  // namespace assay::proofs
