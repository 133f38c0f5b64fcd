#pragma once
// How well a run answers, one number per input, higher is better.

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "circuits/components/counterfactuals.h"

namespace assay::circuits {

enum class Metric {
  LogitDifference,  ///< mean logit of the right answers minus mean logit of the wrong ones
  Probability,      ///< of the right answers together
  KlDivergence,     ///< minus KL(network ‖ run) over the vocabulary, in nats
  Accuracy,         ///< 1 where the largest logit of the answers (candidates()) is a right one
};
std::string to_string(Metric metric);  ///< `logit-difference`, `probability`, `kl`, `accuracy`
/// @throws std::invalid_argument listing the names.
Metric parse_metric(const std::string& name);

/// @param logits  [batch, vocab] of the run; @param network  [batch, vocab] of the network as it is
///   (read by KlDivergence alone); @param data  a batch of the same inputs.
/// @return float [batch], differentiable but for Accuracy.
at::Tensor score(Metric metric, const at::Tensor& logits, const at::Tensor& network,
                 const Counterfactuals& data);

}  // namespace assay::circuits
