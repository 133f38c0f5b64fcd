#include "interp/attribution/game.h"

#include <gtest/gtest.h>
#include <torch/types.h>

namespace assay::interp::attribution {
namespace game_test {

using at::Tensor;

Tensor coalitions(const std::vector<std::vector<uint8_t>>& rows) {
  std::vector<Tensor> tensors;
  for (const auto& row : rows) tensors.push_back(torch::tensor(row, torch::kUInt8));
  return at::stack(tensors).to(torch::kBool);
}

TEST(Remembered, AsksForEachCoalitionOnce) {
  int64_t asked = 0;
  const Game game = remembered([&](const Tensor& kept) {
    asked += kept.size(0);
    return kept.to(torch::kFloat64).matmul(torch::tensor({1.0, 10.0, 100.0}, torch::kFloat64));
  });
  const Tensor first = game(coalitions({{1, 0, 0}, {0, 1, 1}, {1, 0, 0}}));
  EXPECT_TRUE(first.equal(torch::tensor({1.0, 110.0, 1.0}, torch::kFloat64)));
  EXPECT_EQ(asked, 2);
  const Tensor second = game(coalitions({{0, 0, 0}, {0, 1, 1}}));
  EXPECT_TRUE(second.equal(torch::tensor({0.0, 110.0}, torch::kFloat64)));
  EXPECT_EQ(asked, 3);
  game(coalitions({{1, 0, 0}}));
  EXPECT_EQ(asked, 3);
}

TEST(DeletionGame, IsTheScoreOfWhatIsLeft) {
  const Scorer scorer([](const Tensor& tokens) { return tokens.sum(1).to(torch::kFloat64); });
  const Input input{.tokens = {1, 2, 4, 8},
                    .features = {{"a", {0}}, {"b", {1, 2}}}};  // 8 is context
  const Tensor values = deletion_game(scorer, input)(coalitions({{1, 1}, {1, 0}, {0, 0}}));
  EXPECT_TRUE(values.equal(torch::tensor({15.0, 9.0, 8.0}, torch::kFloat64)));
}

}  // namespace game_test
}  // namespace assay::interp::attribution
