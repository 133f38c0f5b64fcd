#pragma once
// One node on one chunk of inputs: the four axioms, with the values of its own inputs and with
// those of unrelated ones.

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>

#include "axioms/checker.h"
#include "axioms/experiment.h"

namespace assay::axioms {

/// Where failures of one chunk go, and how many of them are kept.
struct Keep {
  const at::Tensor& tokens;
  int64_t first;
  std::array<int64_t, 4> witnesses;     ///< at most, in the order of kAxioms
  FeatureTally* by_features = nullptr;  ///< counts failures by features of the inputs, where set
};

/// Rows of a chunk that have nothing to do with each other: int64 [pairs] each, no row twice.
struct Pairs {
  at::Tensor own, others;
};
inline constexpr uint64_t kUnrelatedSeed = 314;  // arbitrary: pairs must not be chosen
/// A quarter of the chunk, since their runs cost as much as any other, and no fewer than this where
/// there are as many: inputs of a small domain are soon through.
inline constexpr int64_t kFewestPairs = 32;
/// A function of the chunk's place in the stream.
Pairs pairs_of_unrelated(int64_t first, int64_t count);

/// @param replaced  false: PR and CR are not asked.
NodeResult check_node(const Experiment& experiment, size_t v, const Observation& seen,
                      const Pairs& pairs, const Keep& keep, bool replaced = true);

}  // namespace assay::axioms
