#pragma once
// A search for inputs on which something fails: hill climbing over the small changes that a domain
// has (another alternative in one slot), towards whatever comes closest to failing.

#include <ATen/core/Tensor.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "axioms/proofs/study.h"

namespace assay::proofs {

struct AttackOptions {
  double seconds = 5;
  uint64_t seed = 0;
  const std::atomic<bool>* stop = nullptr;
  std::function<void(double seconds, double closest)> on_progress = {};
};

/// How close inputs come to failing, float64 [batch]: those above 0 fail.
using Objective = std::function<at::Tensor(const at::Tensor& tokens)>;

struct Attack {
  std::optional<at::Tensor> found;  ///< int64 [pos], an input that fails, shrunk
  at::Tensor closest;               ///< the one that comes closest, or the first that failed
  double closest_value = 0;
  int64_t runs = 0, climbs = 0;  ///< inputs tried, and random ones that were started from
};

/// Climbs until an input fails or time is up, then takes simpler inputs (Knowledge::simpler) while
/// they fail. The path depends on the seed alone; time only ends it.
Attack attack(const Study& study, const Objective& objective, const AttackOptions& options);

/// Towards a wrong answer: the largest logit of a wrong one minus that of the right one.
Attack attack_answer(const Study& study, const AttackOptions& options);

/// Towards a value at a node that is not what the interpretation computes: the share of its
/// elements that differ, over a half of the smallest share there can be; PE fails where it is above
/// 0.
/// @throws std::invalid_argument for a node that does not exist.
Attack attack_node(const Study& study, const std::string& node, const AttackOptions& options);

}  // namespace assay::proofs
