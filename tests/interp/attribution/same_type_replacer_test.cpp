#include "interp/attribution/same_type_replacer.h"

#include <gmock/gmock.h>

#include "interp/attribution/masks.h"
#include "tests/interp/attribution/replacers.h"

namespace assay::interp::attribution {
namespace same_type_replacer_test {

using testing::ElementsAre;

// Letters 0-3, digits 4-6, and a full stop that is alone.
const std::vector<int64_t> kTypes = {0, 0, 0, 0, 1, 1, 1, 2};
const SameTypeReplacer kSameType("same-type", kTypes);
const Sequence kSequence = {0, 4, 3, 3, 7, 6};

TEST(SameTypeReplacer, NeverChangesTheTypeAndNeverKeepsTheToken) {
  const at::Tensor mask = draw_masks({.ratio = 0.5}, 6, /*seed=*/1, 0, 500);
  const at::Tensor drawn = kSameType.draw(kSequence, mask, 2, 0);
  const std::vector<Sequence> rows = sequences_of(drawn);
  for (int64_t row = 0; row < 500; ++row) {
    for (int64_t i = 0; i < 6; ++i) {
      const int64_t token = rows[row][i];
      EXPECT_EQ(kTypes[token], kTypes[kSequence[i]]);
      const bool replaced = mask[row][i].item<bool>() && i != 4;  // 4: the full stop
      EXPECT_EQ(token != kSequence[i], replaced);
    }
  }
}

TEST(SameTypeReplacer, DrawsFollowTheSupport) {
  expect_draws_to_follow_support(kSameType, kSequence, {0});
  expect_draws_to_follow_support(kSameType, kSequence, {1, 2});
  expect_draws_to_follow_support(uniform_replacer(8, OwnToken::Allowed), kSequence, {4});
}

TEST(SameTypeReplacer, ListsProductsAndNothingForATokenAloneOfItsType) {
  EXPECT_EQ(kSameType.support(kSequence, {0, 1, 4})->fillings.size(), 3U * 2U);
  EXPECT_THAT(kSameType.support(kSequence, {1, 4})->fillings,
              ElementsAre(ElementsAre(5, 7), ElementsAre(6, 7)));
  EXPECT_TRUE(kSameType.support(kSequence, {4})->fillings.empty());
  EXPECT_FALSE(uniform_replacer(8).support(kSequence, {0, 1, 2}).has_value()) << "7^3 > 256";
}

TEST(SameTypeReplacer, MayDrawTheOwnTokenIfAllowed) {
  const SameTypeReplacer uniform = uniform_replacer(8, OwnToken::Allowed);
  const at::Tensor mask = mask_of(kSequence, {0, 2, 5}, 4000);
  ReplacementCounts counts;
  count(counts, kSequence, mask, uniform.draw(kSequence, mask, 1, 0));
  EXPECT_NEAR(counts.self_replacement_rate(), 1.0 / 8, 0.012);  // four deviations of 12,000 draws
  EXPECT_NEAR(counts.mean_changed(), 3 * 7.0 / 8, 0.04);
}

TEST(SameTypeReplacer, RowsDoNotDependOnTheirBatch) {
  expect_rows_that_do_not_depend_on_their_batch(kSameType, kSequence,
                                                draw_masks({.ratio = 0.5}, 6, 1, 0, 100));
}

// What stands at a position is drawn by its place: masks that share it fill it alike.
TEST(SameTypeReplacer, MasksShareTheirRandomNumbers) {
  const at::Tensor few = kSameType.draw(kSequence, mask_of(kSequence, {0}, 50), 1, 0);
  const at::Tensor many = kSameType.draw(kSequence, mask_of(kSequence, {0, 1, 5}, 50), 1, 0);
  EXPECT_TRUE(few.select(1, 0).equal(many.select(1, 0)));
}

TEST(SameTypeReplacer, RefusesWhatDoesNotFit) {
  EXPECT_THROW(kSameType.support({8}, {0}), std::invalid_argument);
  EXPECT_THROW(kSameType.draw({0, 1}, mask_of({0}, {0}), 1, 0), std::invalid_argument);
}

TEST(EligibleFeatures, AreThoseWithSomethingToReplace) {
  const Input input{.tokens = kSequence,
                    .features = {{.name = "stop", .positions = {4}},
                                 {.name = "stop and digit", .positions = {4, 5}},
                                 {.name = "letter", .positions = {0}}}};
  EXPECT_THAT(eligible_features(input, kSameType), ElementsAre(1, 2));
  const Input stop{.tokens = {7}, .features = token_features({"."})};
  EXPECT_THROW(eligible_features(stop, kSameType), std::invalid_argument);
}

}  // namespace same_type_replacer_test
}  // namespace assay::interp::attribution
