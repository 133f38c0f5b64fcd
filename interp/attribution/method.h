#pragma once
// Every method that explains, under one signature: one explicit list, as with tasks.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "interp/attribution/explanation.h"
#include "interp/attribution/features.h"
#include "interp/attribution/replacer.h"
#include "interp/attribution/scorer.h"
#include "interp/attribution/target.h"

namespace assay::interp {
class Transformer;
}

namespace assay::interp::attribution {

/// What is to be explained, and what a method may use for it.
struct Problem {
  Input input;
  Scorer scorer;  ///< of the target: the only access that black-box methods have
  Scorer logits;  ///< all numbers behind it, for stop rules and distances between distributions
  Target target;  ///< what `scorer` computes
  Framing framing;
  const Transformer* model = nullptr;  ///< for methods that look inside; null: a black box
  const Replacer* replacer = nullptr;  ///< for methods that replace; null: there is none
  int64_t rows = 1000;                 ///< budget of forward rows, where a preset leaves it open
  uint64_t seed = 0;
};

/// How a method takes features away.
enum class Takes { Nothing, Deletes, Replaces, LooksInside };

struct Preset {
  std::string name;  ///< `inseq`
  std::string help;
  Takes takes = Takes::Nothing;
};

struct Method {
  std::string name;  ///< `reagent`
  std::string help;
  std::vector<Preset> presets;  ///< at least one; the first is the default
  std::function<Explanation(const Problem& problem, const std::string& preset)> explain;
};

const std::vector<Method>& methods();

/// Runs `NAME` or `NAME:PRESET`, takes its time, and adds the rows of the problem's scorers to
/// those that a method which looks inside has counted itself.
/// @throws std::invalid_argument listing the methods (or presets) that exist, for a problem that
/// lacks
///   what the method needs, and as the method does.
Explanation explain(const std::string& method, const Problem& problem);

}  // namespace assay::interp::attribution
