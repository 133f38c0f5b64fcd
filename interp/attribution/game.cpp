#include "interp/attribution/game.h"

#include <torch/types.h>

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

}  // namespace assay::interp::attribution
