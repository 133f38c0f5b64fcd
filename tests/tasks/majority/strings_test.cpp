#include "tasks/majority/strings.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include <algorithm>
#include <map>
#include <stdexcept>

#include "axioms/proofs/domain.h"
#include "tasks/majority/operations.h"
#include "tasks/registry.h"

namespace assay::tasks::majority {
namespace strings_test {

using at::Tensor;

// 2^n strings of every length n, less the ties of even ones: Σ 2^n - Σ C(n, n/2).
TEST(MajorityStrings, AreAsManyAsBinomialsSay) {
  for (const auto& [longest, count] : {std::pair{6, 98}, {8, 412}, {12, 6'916}, {14, 28'060}}) {
    const Domain domain = Strings(longest).domain();
    EXPECT_EQ(domain.inputs.tokens.size(0), count);
    EXPECT_EQ(2 * domain.inputs.labels.sum().item<int64_t>(), count);
  }
}

TEST(MajorityStrings, AreAnsweredByCountingCharacters) {
  const auto task = make_task("majority");
  const Domain domain = task->need<FiniteDomain>().all();
  for (int64_t i = 0; i < domain.inputs.tokens.size(0); i += 7) {
    const std::string text = task->to_text(domain.inputs.tokens[i]);
    const auto ones = std::ranges::count(text, '1'), zeros = std::ranges::count(text, '0');
    ASSERT_NE(ones, zeros) << text;
    EXPECT_EQ(domain.inputs.labels[i].item<int64_t>(), ones > zeros ? kOne : kZero) << text;
  }
}

TEST(MajorityStrings, AreADomainOfOneSlotWhoseAutomatonCounts) {
  const Strings strings(8);
  const Specification known = strings.specification();
  const proofs::Specified& all = known.domains.at(0);
  proofs::validate(all.domain, kTokens);
  const Domain domain = strings.domain();
  EXPECT_TRUE(all.domain.listed(0, 412).equal(domain.inputs.tokens));
  EXPECT_TRUE(proofs::answers(all.specification, all.domain, domain.inputs.tokens)
                  .equal(domain.inputs.labels));
  EXPECT_TRUE(std::holds_alternative<proofs::Automaton>(all.specification));
}

TEST(MajorityStrings, BelongToThePartOfTheirComplement) {
  const Strings strings(10);
  const Domain domain = strings.domain();
  std::map<Part, int64_t> counts;
  for (size_t i = 0; i < domain.part.size(); ++i) {
    const Tensor row = domain.inputs.tokens[static_cast<int64_t>(i)];
    EXPECT_EQ(strings.part_of(at::where(row.le(kOne), 1 - row, row)), domain.part[i]);
    ++counts[domain.part[i]];
  }
  const auto n = static_cast<double>(domain.part.size());
  EXPECT_NEAR(static_cast<double>(counts[Part::Train]) / n, .5, .05);
  EXPECT_NEAR(static_cast<double>(counts[Part::Derive]) / n, .25, .05);
}

TEST(MajorityStrings, AreReadAsTheyAreWritten) {
  const auto task = make_task("majority", {{"length", 6}});
  EXPECT_TRUE(task->to_tokens("0 11").equal(torch::tensor({2, 2, 2, 0, 1, 1, 3}, torch::kInt64)));
  EXPECT_EQ(task->sequence_of(task->to_tokens("011")), (std::vector<int64_t>{0, 1, 1, 3}));
  for (const char* text : {"", "01", "0110", "1111111", "012", "11a"})
    EXPECT_THROW(task->to_tokens(text), std::invalid_argument) << text;
  EXPECT_THROW(make_task("majority", {{"length", 5}}), std::invalid_argument);
  EXPECT_THROW(make_task("majority", {{"length", 17}}), std::invalid_argument);
}

TEST(MajorityStrings, AreDrawnOnlyAsTheyAreLaidOut) {
  const Strings strings(6);
  const auto holds = [&](std::vector<int64_t> row) {
    return strings.holds(torch::tensor(row, torch::kInt64));
  };
  EXPECT_TRUE(holds({2, 2, 2, 2, 2, 1, 3}));
  EXPECT_FALSE(holds({2, 2, 2, 2, 2, 2, 3}));  // no symbol
  EXPECT_FALSE(holds({2, 2, 2, 2, 0, 1, 3}));  // a tie
  EXPECT_FALSE(holds({1, 2, 2, 2, 1, 1, 3}));  // a blank behind a symbol
  EXPECT_FALSE(holds({2, 2, 2, 2, 1, 1, 1}));  // no equals sign
}

TEST(MajorityOperations, CountAndCompare) {
  const auto task = make_task("majority", {{"length", 6}});
  const Tensor tokens =
      at::stack({task->to_tokens("110"), task->to_tokens("0"), task->to_tokens("111111")});
  const auto counted = [&](const std::vector<int64_t>& weights) {
    return count_tokens(
        {.name = "count_tokens", .parameters = {{"weights", weights}}, .tensors = {}})({tokens});
  };
  const Tensor difference = counted({-1, 1, 0, 0});
  EXPECT_TRUE(difference.equal(torch::tensor({{1}, {-1}, {6}}, torch::kInt64))) << difference;
  EXPECT_TRUE(difference.squeeze(1).equal(differences(tokens)));
  EXPECT_TRUE(counted({0, 1, 0, 0}).equal(torch::tensor({{2}, {0}, {6}}, torch::kInt64)));
  const Tensor more =
      above({.name = "above", .parameters = {{"threshold", 1.5}}, .tensors = {}})({difference});
  EXPECT_TRUE(more.equal(torch::tensor({{false}, {false}, {true}}))) << more;
  EXPECT_THROW(counted({}), std::invalid_argument);
  EXPECT_THROW(above({.name = "above", .tensors = {}}), std::invalid_argument);
}

}  // namespace strings_test
}  // namespace assay::tasks::majority
