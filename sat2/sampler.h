#pragma once
// Random formulas. Formula i of a dataset depends on (settings, split, seed, i) alone, so any slice
// can be drawn by any worker in any order, and a run that stopped goes on exactly where it was.

#include <cstdint>
#include <vector>

#include "sat2/formula.h"

namespace assay::sat2 {

/// Which part of the space of formulas a dataset draws from. A formula belongs to exactly one part,
/// by a hash of its clauses as written, whatever the seed: training, deriving and testing can never
/// share one.
enum class Split { Train, Derive, Test };  ///< shares of the space: 1/2, 1/4, 1/4

Split split_of(const Formula& formula);

inline constexpr int kMaxClauses = 40;  ///< of longer ones too few are satisfiable to wait for

struct SamplerSettings {
  int variables = 5;     ///< at least 2
  int min_clauses = 10;  ///< at least 1
  int max_clauses = 10;  ///< at least 4 (fewer are always satisfiable), at most kMaxClauses
  bool operator==(const SamplerSettings&) const = default;
};
/// @throws std::invalid_argument naming the field.
void validate(const SamplerSettings& settings);

/// Draws formulas: the wanted answer is a fair coin, tossed once. Then the number of clauses is
/// drawn uniformly from [min_clauses, max_clauses], and each clause uniformly from all_clauses():
/// two literals over two different variables with uniform signs, the lower-numbered variable first
/// (arXiv 2407.13594). Everything but the coin is redrawn until answer and split match, so draws
/// are independent and balanced; with several lengths, the unsatisfiable ones tend to be longer.
class Sampler {
 public:
  /// @throws std::invalid_argument as validate() does.
  Sampler(SamplerSettings settings, Split split, uint64_t seed);

  Formula draw(uint64_t index) const;
  const SamplerSettings& settings() const { return settings_; }

 private:
  SamplerSettings settings_;
  Split split_;
  uint64_t seed_;
  std::vector<Clause> clauses_;
  std::vector<uint64_t> masks_;
};

}  // namespace assay::sat2
