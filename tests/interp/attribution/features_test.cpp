#include "interp/attribution/features.h"

#include <gtest/gtest.h>
#include <torch/types.h>

namespace assay::interp::attribution {
namespace features_test {

// ( a ) ( b ) : with the bracketed groups as features, ':' as context.
const Input kGroups{
    .tokens = {10, 1, 11, 10, 2, 11, 12},
    .features = {{.name = "a", .positions = {0, 1, 2}}, {.name = "b", .positions = {3, 4, 5}}}};
// The same, with the letters alone as features: brackets are context between them.
const Input kLetters{
    .tokens = kGroups.tokens,
    .features = {{.name = "a", .positions = {1}}, {.name = "b", .positions = {4}}}};

TEST(Features, KeepDropsTheTokensOfTheOthers) {
  EXPECT_EQ(keep(kGroups, {false, true}), (Sequence{10, 2, 11, 12}));
  EXPECT_EQ(keep(kLetters, {true, false}), (Sequence{10, 1, 11, 10, 11, 12}));
  EXPECT_EQ(keep(kGroups, {true, true}), kGroups.tokens);
}

TEST(Features, KeepGoesThroughRows) {
  const at::Tensor kept = torch::tensor({0, 0, 1, 0}).reshape({2, 2}).to(torch::kBool);
  EXPECT_EQ(keep(kGroups, kept), (std::vector<Sequence>{{12}, {10, 1, 11, 12}}));
}

TEST(Features, ComposeRepeatsAndReorders) {
  EXPECT_EQ(compose(kGroups, {1, 0, 1}), (Sequence{10, 2, 11, 10, 1, 11, 10, 2, 11, 12}));
  EXPECT_EQ(compose(kGroups, {0, 1}), kGroups.tokens);
}

TEST(Features, ComposeRefusesContextBetweenFeatures) {
  EXPECT_THROW(compose(kLetters, {0}), std::invalid_argument);
}

TEST(Features, PositionsOfFeaturesChosen) {
  const at::Tensor chosen = torch::tensor({0, 1}).reshape({1, 2}).to(torch::kBool);
  const at::Tensor expected = torch::tensor({0, 0, 0, 1, 1, 1, 0}).to(torch::kBool).unsqueeze(0);
  EXPECT_TRUE(positions_of(kGroups, chosen).equal(expected));
}

TEST(Features, MalformedOnesAreRefused) {
  const auto with = [](std::vector<Feature> features) {
    return Input{.tokens = {1, 2, 3}, .features = std::move(features)};
  };
  EXPECT_NO_THROW(validate(with({{.name = "a", .positions = {0, 2}}})));
  EXPECT_THROW(validate(with({})), std::invalid_argument);
  EXPECT_THROW(validate(with({{.name = "a", .positions = {}}})), std::invalid_argument);
  EXPECT_THROW(validate(with({{.name = "a", .positions = {3}}})), std::invalid_argument);
  EXPECT_THROW(validate(with({{.name = "a", .positions = {1, 0}}})), std::invalid_argument);
  EXPECT_THROW(
      validate(with({{.name = "a", .positions = {0, 1}}, {.name = "b", .positions = {1}}})),
      std::invalid_argument);
}

}  // namespace features_test
}  // namespace assay::interp::attribution
