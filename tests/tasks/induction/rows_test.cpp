#include "tasks/induction/rows.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include <vector>

#include "tasks/induction/operations.h"
#include "tasks/registry.h"

namespace assay::tasks::induction {
namespace induction_rows_test {

using at::Tensor;

const std::vector<int64_t> kRowOfThirteen = {40, 7,  31, 4, 0, 22, 18, 35, 2,
                                             9,  11, 41, 2, 7, 0,  31, 22};

Tensor row_of(const std::vector<int64_t>& tokens) {
  return torch::tensor(tokens, torch::kInt64);
}

const Rows kShuffled, kRepeated{.order = Order::Repeated};

int64_t held(const Rows& rows, const Tensor& tokens) {
  int64_t count = 0;
  for (int64_t i = 0; i < tokens.size(0); ++i) count += rows.holds(tokens[i]);
  return count;
}

TEST(InductionRows, AreThoseOfTheirOrder) {
  for (const Part part : {Part::Train, Part::Derive, Part::Test}) {
    const Tensor shuffled = kShuffled.sample(part, 1, 0, 500).tokens;
    const Tensor in_order = kRepeated.sample(part, 1, 0, 500).tokens;
    EXPECT_EQ(held(kShuffled, shuffled), 500);
    EXPECT_EQ(held(kRepeated, in_order), 500);
    EXPECT_EQ(held(kShuffled, in_order), 500);  // one of the orders that there are
    EXPECT_LT(held(kRepeated, shuffled), 3);
    EXPECT_TRUE(answers(in_order).equal(in_order.select(1, kFixed)));
  }
}

TEST(InductionRows, AreNotHeldWhereOneRuleIsBroken) {
  EXPECT_TRUE(kShuffled.holds(row_of(kRowOfThirteen)));
  EXPECT_FALSE(kRepeated.holds(row_of(kRowOfThirteen)));
  const auto broken = [](int64_t position, int64_t token) {
    std::vector<int64_t> tokens = kRowOfThirteen;
    tokens[position] = token;
    return !kShuffled.holds(row_of(tokens));
  };
  EXPECT_TRUE(broken(0, 3));             // no beginning
  EXPECT_TRUE(broken(kLength + 1, 3));   // no separator
  EXPECT_TRUE(broken(2, 7));             // a symbol twice in the list
  EXPECT_TRUE(broken(2, 40));            // no symbol in the list
  EXPECT_TRUE(broken(kRow - 1, 11));     // the query is the last of the list
  EXPECT_TRUE(broken(kRow - 1, 5));      // or not in it
  EXPECT_TRUE(broken(kLength + 2, 18));  // the answer stands before the query
  EXPECT_TRUE(broken(kLength + 2, 7));   // a symbol twice behind the separator
  EXPECT_FALSE(broken(kLength + 2, 35));
}

// The query is any symbol of the list but the last, each as likely as any other: one row in nine
// has its answer where rows in order have it.
TEST(InductionRows, AskForEveryPlaceAlike) {
  const Tensor tokens = kShuffled.sample(Part::Test, 3, 0, 9000).tokens;
  const Tensor counts = at::bincount(places(tokens), {}, kLength);
  EXPECT_EQ(counts[kLength - 1].item<int64_t>(), 0);
  for (int64_t place = 0; place < kLength - 1; ++place)
    EXPECT_NEAR(counts[place].item<int64_t>(), 1000, 150) << place;  // five standard deviations
}

TEST(InductionRows, ChangeTheirOrderAndKeepTheirAnswer) {
  for (const Rows& rows : {kShuffled, kRepeated}) {
    const Tensor tokens = rows.sample(Part::Test, 4, 0, 300).tokens;
    const Tensor again = repeated(tokens), other = reordered(tokens, 5, 0);
    EXPECT_EQ(held(kRepeated, again), 300);
    EXPECT_EQ(held(kShuffled, other), 300);
    EXPECT_TRUE(answers(again).equal(answers(tokens)));
    EXPECT_TRUE(answers(other).equal(answers(tokens)));
    EXPECT_LT(other.select(1, kFixed).eq(answers(other)).sum().item<int64_t>(), 80);
  }
  const Tensor in_order = kRepeated.sample(Part::Test, 4, 0, 50).tokens;
  EXPECT_TRUE(repeated(in_order).equal(in_order));
}

TEST(InductionRows, HavePartnersWithAnotherSymbolInPlaceOfTheAnswer) {
  const Tensor tokens = kShuffled.sample(Part::Test, 6, 0, 300).tokens;
  const Tensor others = kShuffled.with_other_answers(tokens, 7, 0);
  EXPECT_EQ(held(kShuffled, others), 300);
  EXPECT_TRUE(others.ne(tokens).sum(1).eq(1).all().item<bool>());
  EXPECT_TRUE(answers(others).ne(answers(tokens)).all().item<bool>());
}

TEST(InductionRows, AreReadFromWords) {
  const auto task = make_task("induction");
  const std::string text = "bos 7 31 4 0 22 18 35 2 9 11 sep 2 7 0 31 22";
  const Tensor tokens = task->to_tokens(text);
  EXPECT_TRUE(tokens.equal(row_of(kRowOfThirteen)));
  EXPECT_EQ(answers(tokens.unsqueeze(0)).item<int64_t>(), 18);
  EXPECT_EQ(task->to_text(tokens), text);
  EXPECT_THROW(make_task("induction", {{"order", "sorted"}}), std::invalid_argument);
}

TEST(InductionOperations, FindAndTakeWhatStandsBehindTheQuery) {
  const Tensor tokens = row_of(kRowOfThirteen).unsqueeze(0);
  const std::vector<int64_t> positions = {2, 3, 4, 5, 6, 7, 8, 9, 10};
  const auto behind = position_behind(
      {.name = "position_behind", .parameters = {{"positions", positions}}, .tensors = {}});
  const auto there =
      token_there({.name = "token_there", .parameters = {{"symbols", 40}}, .tensors = {}});
  const Tensor before = tokens.narrow(1, 1, 9).unsqueeze(2);
  const Tensor found = behind({before, tokens});
  EXPECT_EQ(found.item<int64_t>(), 6);
  EXPECT_EQ(there({found, tokens}).item<int64_t>(), 18);
  const Tensor nowhere = behind({before + 100, tokens});
  EXPECT_EQ(nowhere.item<int64_t>(), -1);
  EXPECT_EQ(there({nowhere, tokens}).item<int64_t>(), 7);
  for (const int64_t no_symbol : {int64_t{0}, kLength + 1})
    EXPECT_EQ(there({at::full_like(found, no_symbol), tokens}).item<int64_t>(), 7);
  EXPECT_TRUE(same_token({.name = "same_token", .tensors = {}})({there({found, tokens})})
                  .equal(answers(tokens)));

  const auto write =
      attend_to({.name = "attend_to", .parameters = {{"keys", kRow}}, .tensors = {}});
  const auto read = most_attended({.name = "most_attended", .tensors = {}});
  EXPECT_TRUE(read({write(found).at(0)}).equal(found));
  EXPECT_EQ(write(found).at(0).sizes().vec(), (std::vector<int64_t>{1, 1, 1, kRow}));
  EXPECT_EQ(write(found).at(0).sum().item<float>(), 1);
  EXPECT_TRUE(write(nowhere).at(0).equal(at::full({1, 1, 1, kRow}, 1.F / kRow)));
}

}  // namespace induction_rows_test
}  // namespace assay::tasks::induction
