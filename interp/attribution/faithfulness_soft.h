#pragma once
// Soft sufficiency and comprehensiveness: elements of embeddings are erased at random, the more
// likely the less (or the more) important their feature is.

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "interp/attribution/embedded_input.h"
#include "interp/attribution/faithfulness.h"

namespace assay::interp::attribution {

/// Between two distributions over the vocabulary.
enum class Distance {
  Hellinger,         ///< H = √(Σ (√p - √q)² / 2), in [0, 1]
  SquaredHellinger,  ///< H²
};
/// @param p  [vocab]. @param q  [rows, vocab]. @return [rows].
at::Tensor distances(Distance distance, const at::Tensor& p, const at::Tensor& q);

struct SoftConfig {
  Distance distance = Distance::Hellinger;
  int64_t draws = 20;  ///< at least 1; the standard errors need 2
  uint64_t seed = 0;   ///< equal seeds erase by the same random numbers, whatever the importances
  bool operator==(const SoftConfig&) const = default;
};

/// Each element of a feature's embeddings is kept with the feature's importance a_i as probability
/// (sufficiency) and set to zero otherwise; comprehensiveness keeps what sufficiency erases.
/// "Nothing" is all of the features' embeddings at zero. Context and position embeddings stay. The
/// distance is between the network's distributions at the last position, the mean over the draws is
/// reported (Zhao and Aletras 2023; with H as in ReAGent, arXiv 2402.00794).
///
/// With importances of 0 and 1, as top_share() gives, nothing is random: these are the hard metrics
/// (DeYoung et al. 2020), for which one draw is enough.
/// @param importances  [features]. @throws std::invalid_argument as require_importances(), and for
///   no draw.
Faithfulness soft_faithfulness(const EmbeddedInput& input, const at::Tensor& importances,
                               const SoftConfig& config = {});

}  // namespace assay::interp::attribution
