#pragma once
// The value of keeping some features of an input and taking the others away: what occlusion, LIME,
// Shapley values and the faithfulness metrics ask about.

#include <ATen/core/Tensor.h>

#include <functional>

#include "interp/attribution/features.h"
#include "interp/attribution/replacer.h"
#include "interp/attribution/scorer.h"

namespace assay::interp::attribution {

/// bool [rows, features], true where a feature is kept -> float64 [rows].
using Game = std::function<at::Tensor(const at::Tensor& kept)>;

/// Features are taken away by deleting their tokens. Copies of scorer and input are kept.
Game deletion_game(const Scorer& scorer, const Input& input);

/// Features are taken away by replacing their tokens, `draws` times independently, and the value is
/// the mean. Equal rows get equal draws, so the value is a function of the coalition. The replacer
/// must outlive the game.
Game replacement_game(const Scorer& scorer, const Input& input, const Replacer& replacer,
                      int64_t draws, uint64_t seed);

/// The same game, which asks for each coalition once. Not to be shared by threads.
Game remembered(Game game);

}  // namespace assay::interp::attribution
