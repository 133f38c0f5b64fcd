#include "interp/attribution/game_presets.h"

namespace assay::interp::attribution {
namespace {

constexpr int64_t kDraws = 10;

}  // namespace

std::vector<Preset> game_presets() {
  return {{.name = "deletion", .help = "features are deleted", .takes = Takes::Deletes},
          {.name = "replacement",
           .help = "features are replaced, 10 draws each",
           .takes = Takes::Replaces}};
}

AffordableGame game_of(const Problem& problem, const std::string& preset) {
  if (preset == "deletion") return {deletion_game(problem.scorer, problem.input), problem.rows};
  return {replacement_game(problem.scorer, problem.input, *problem.replacer, kDraws, problem.seed),
          problem.rows / kDraws};
}

}  // namespace assay::interp::attribution
