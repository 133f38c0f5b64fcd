#pragma once
// How methods that ask a game take features away: their presets `deletion` and `replacement`.

#include <string>
#include <vector>

#include "interp/attribution/game.h"
#include "interp/attribution/method.h"

namespace assay::interp::attribution {

std::vector<Preset> game_presets();

struct AffordableGame {
  Game game;
  int64_t coalitions = 0;  ///< how many of them the problem's budget of rows pays for
};
/// The game of the problem under one of game_presets(). A replaced coalition is the mean of 10
/// draws, and costs as many rows.
AffordableGame game_of(const Problem& problem, const std::string& preset);

}  // namespace assay::interp::attribution
