#pragma once
// The inputs of modular addition: `a b =` for every pair (a, b) of numbers below p. Tokens 0 … p-1
// are the numbers, p is `=`; the answer (a + b) mod p is read at the `=`.

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "tasks/task.h"

namespace assay::tasks::modular_addition {

inline constexpr int64_t kContext = 3, kReadout = 2;

struct PairSettings {
  int64_t p = 113;              ///< a prime, 3 to 251
  double train_fraction = 0.3;  ///< of the p² pairs, in (0, 1]
  int64_t split_seed = 0;       ///< which pairs these are
};
/// @throws std::invalid_argument naming the setting, what was expected and what was given.
void validate(const PairSettings& settings);

/// All p² pairs and the part that each belongs to: the first ⌊train_fraction · p²⌋ (at least one)
/// of an order that depends on the split seed are for training, half of the others for deriving,
/// the rest for testing. A part for which nothing is left has all the pairs.
class Pairs {
 public:
  explicit Pairs(const PairSettings& settings);  ///< @throws as validate()

  const PairSettings& settings() const { return settings_; }
  int64_t count() const { return settings_.p * settings_.p; }
  /// Pairs of a part, as a·p + b, in the split's order.
  const std::vector<int64_t>& of(Part part) const { return parts_[static_cast<size_t>(part)]; }

  /// Every pair in the order of a·p + b.
  Domain domain() const;
  /// The dataset (part, seed), see Task::sample(). Training and deriving pairs come in passes, each
  /// in another order; test pairs are drawn independently.
  interp::LabelledBatch sample(Part part, uint64_t seed, int64_t first, int64_t count) const;

  Part part_of(int64_t a, int64_t b) const { return part_of_[a * settings_.p + b]; }

  /// `3 + 4 =`, and back.
  std::string to_text(const at::Tensor& tokens) const;
  at::Tensor to_tokens(const std::string& text) const;  ///< int64 [3]
  std::string token_name(int64_t token) const;          ///< `17`, `=`

 private:
  interp::LabelledBatch batch_of(const std::vector<int64_t>& pairs) const;

  PairSettings settings_;
  std::array<std::vector<int64_t>, 3> parts_;
  std::vector<Part> part_of_;  ///< by a·p + b
};

}  // namespace assay::tasks::modular_addition
