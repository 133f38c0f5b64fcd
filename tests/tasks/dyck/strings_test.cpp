#include "tasks/dyck/strings.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <torch/types.h>

#include <set>
#include <stdexcept>

#include "axioms/proofs/domain.h"
#include "tasks/dyck/specification.h"
#include "tasks/registry.h"

namespace assay::tasks::dyck {
namespace strings_test {

using at::Tensor;

/// By taking away `()` as long as there is one.
bool is_balanced(std::string text) {
  for (size_t at = text.find("()"); at != text.npos; at = text.find("()")) text.erase(at, 2);
  return text.empty();
}

std::unique_ptr<Task> task_of(int64_t length, double train_fraction = 0.5) {
  return make_task("dyck", {{"length", length}, {"train_fraction", train_fraction}});
}

TEST(DyckStrings, AreBalancedAsOftenAsCatalanNumbersSay) {
  for (const auto& [length, catalan] : {std::pair{4, 2}, {6, 5}, {8, 14}, {10, 42}, {12, 132}}) {
    const Domain domain = Strings({.length = length}).domain();
    EXPECT_EQ(domain.inputs.labels.sum().item<int64_t>(), catalan);
    EXPECT_EQ(domain.inputs.tokens.size(0), 1 << length);
  }
}

TEST(DyckStrings, AreBalancedIfNothingIsLeftOfThem) {
  const auto task = task_of(10);
  const Domain domain = task->need<FiniteDomain>().all();
  for (int64_t i = 0; i < 1024; ++i)
    EXPECT_EQ(is_balanced(task->to_text(domain.inputs.tokens[i])),
              domain.inputs.labels[i].item<int64_t>() == kBalanced);
}

TEST(DyckStrings, HaveAnAutomatonThatSaysTheSame) {
  for (const int64_t length : {4, 10}) {
    const Specification known = specification(length);
    const proofs::Specified& all = known.domains.at(0);
    proofs::validate(all.domain, kTokens);
    const Domain domain = Strings({.length = length}).domain();
    EXPECT_TRUE(proofs::answers(all.specification, all.domain, domain.inputs.tokens)
                    .equal(domain.inputs.labels));
    EXPECT_TRUE(all.domain.listed(0, 1 << length).equal(domain.inputs.tokens));
    EXPECT_TRUE(std::holds_alternative<proofs::Automaton>(all.specification));
  }
}

TEST(DyckStrings, OfAPassAreAllThereAreInAPart) {
  const Strings strings({.length = 8, .train_fraction = 0.4});
  const Domain domain = strings.domain();
  for (const Part part : {Part::Train, Part::Derive}) {
    const auto batch = strings.sample(part, 3, 100, strings.pass(part));
    EXPECT_EQ(batch.labels.sum().item<int64_t>() * 2, strings.pass(part));
    const Tensor different = std::get<0>(at::unique_dim(batch.tokens, 0));
    EXPECT_EQ(different.size(0), domain.of({part}).tokens.size(0));
  }
}

TEST(DyckStrings, BelongToEveryPartIfAllAreTrainedOn) {
  const Strings strings({.length = 6, .train_fraction = 1});
  EXPECT_EQ(strings.domain().of({Part::Train}).tokens.size(0), 64);
  EXPECT_EQ(strings.pass(Part::Derive), 2 * 59);
  EXPECT_EQ(strings.pass(Part::Train), 2 * 59);
}

TEST(DyckStrings, AreReadAsTheyAreWritten) {
  const auto task = task_of(6);
  EXPECT_EQ(task->to_text(task->to_tokens("(()) ()")), "(())()");
  EXPECT_EQ(task->answer_name(1), "balanced");
  EXPECT_EQ(task->features("token", {0, 0, 1, 1, 0, 1}).size(), 6u);
  EXPECT_THROW(task->to_tokens("(())"), std::invalid_argument);
  EXPECT_THROW(task->to_tokens("(())[]"), std::invalid_argument);
}

TEST(DyckStrings, RefuseBadSettings) {
  EXPECT_THROW(task_of(5), std::invalid_argument);
  EXPECT_THROW(task_of(2), std::invalid_argument);
  EXPECT_THROW(task_of(22), std::invalid_argument);
  EXPECT_THROW(task_of(10, 0), std::invalid_argument);
  EXPECT_THROW(task_of(10, 1.5), std::invalid_argument);
}

}  // namespace strings_test
}  // namespace assay::tasks::dyck
