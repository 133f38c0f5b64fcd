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

/// Towards an input on which a row of a validation fails (axioms/checker.h). PE and CE: the share
/// of the node's elements that are not what the interpretation computes, from the input or from the
/// values read at the parents; at the output, the largest logit of another answer than the computed
/// one, minus that of the computed one. PR and CR: with that computation written in their place,
/// the largest logit of another answer than the network's own, minus that of its own.
/// @param row  `NODE.AXIOM`.
/// @throws std::invalid_argument for a row that does not exist, and for PE and CE of a node whose
///   values are compared by their effect only.
Attack attack_row(const Study& study, const std::string& row, const AttackOptions& options);

}  // namespace assay::proofs
