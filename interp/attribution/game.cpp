#include "interp/attribution/game.h"

#include <torch/types.h>

#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace assay::interp::attribution {

using at::Tensor;

Game deletion_game(const Scorer& scorer, const Input& input) {
  return [scorer, input](const Tensor& kept) { return scorer(keep(input, kept)); };
}

Game replacement_game(const Scorer& scorer, const Input& input, const Replacer& replacer,
                      int64_t draws, uint64_t seed) {
  return [=, &replacer](const Tensor& kept) {
    const Tensor masks = positions_of(input, kept.logical_not());
    std::vector<Sequence> sequences;
    for (int64_t row = 0; row < masks.size(0); ++row) {
      // Draw 0, 1, … of every row: coalitions share their random numbers, which steadies
      // differences.
      const Tensor mask = masks[row].expand({draws, -1});
      const auto drawn = sequences_of(replacer.draw(input.tokens, mask, seed, 0));
      sequences.insert(sequences.end(), drawn.begin(), drawn.end());
    }
    return scorer(sequences).reshape({masks.size(0), draws}).mean(1);
  };
}

Game remembered(Game game) {
  // Of each coalition, by its members.
  const auto values = std::make_shared<std::map<std::vector<bool>, double>>();
  return [game = std::move(game), values](const Tensor& kept) {
    const Tensor rows = kept.to(torch::kBool).contiguous();
    const int64_t n = rows.size(0), features = rows.size(1);
    const bool* next = rows.data_ptr<bool>();
    std::vector<std::vector<bool>> coalitions;
    std::vector<int64_t> unknown;
    for (int64_t row = 0; row < n; ++row, next += features) {
      coalitions.emplace_back(next, next + features);
      if (values->emplace(coalitions.back(), 0).second) unknown.push_back(row);
    }
    if (!unknown.empty()) {
      const Tensor asked = game(rows.index_select(0, torch::tensor(unknown, torch::kInt64)));
      for (size_t i = 0; i < unknown.size(); ++i)
        (*values)[coalitions[unknown[i]]] = asked[static_cast<int64_t>(i)].item<double>();
    }
    Tensor scores = at::empty({n}, torch::kFloat64);
    for (int64_t row = 0; row < n; ++row)
      scores.data_ptr<double>()[row] = values->at(coalitions[row]);
    return scores;
  };
}

}  // namespace assay::interp::attribution
