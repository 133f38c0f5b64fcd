#pragma once
// How well a run answers, one number per input, higher is better.

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>

#include "circuits/components/counterfactuals.h"
#include "interp/registry.h"

namespace assay::circuits {

struct Metric {
  std::string name;  ///< `logit-difference`
  std::string help;
  /// @param logits  [batch, vocab] of the run; @param network  [batch, vocab] of the network as it
  /// is;
  /// @param data  a batch of the same inputs.
  /// @return float [batch], differentiable where gradients are to be taken of it.
  std::function<at::Tensor(const at::Tensor& logits, const at::Tensor& network,
                           const Counterfactuals& data)>
      score;
  /// Nothing can score higher than the network itself, so that no circuit can beat it.
  bool best_is_network = false;
};

/// `logit-difference`: mean logit of the right answers minus mean logit of the wrong ones;
/// `probability` of the right answers together; `kl`: minus KL(network ‖ run) over the vocabulary,
/// in nats; `accuracy`: 1 where the largest logit of the answers (Counterfactuals::candidates()) is
/// a right one, which has no gradient; and what was loaded.
interp::Registry<Metric>& metrics();

/// metrics().at(metric).score(…). @throws std::invalid_argument for an unknown metric.
at::Tensor score(const std::string& metric, const at::Tensor& logits, const at::Tensor& network,
                 const Counterfactuals& data);

}  // namespace assay::circuits
