#include "circuits/components/metric.h"

#include <torch/types.h>

#include <limits>

namespace assay::circuits {
namespace {

using at::Tensor;

Tensor mean_where(const Tensor& logits, const Tensor& mask) {
  return (logits * mask).sum(1) / mask.sum(1);
}

Tensor logit_difference(const Tensor& logits, const Tensor&, const Counterfactuals& data) {
  return mean_where(logits, data.right) - mean_where(logits, data.wrong);
}

Tensor probability(const Tensor& logits, const Tensor&, const Counterfactuals& data) {
  return (at::softmax(logits, 1) * data.right).sum(1);
}

Tensor minus_divergence(const Tensor& logits, const Tensor& network, const Counterfactuals&) {
  const Tensor log_network = at::log_softmax(network, 1);
  return -(log_network.exp() * (log_network - at::log_softmax(logits, 1))).sum(1);
}

Tensor accuracy(const Tensor& logits, const Tensor&, const Counterfactuals& data) {
  const Tensor answers =
      logits.masked_fill(data.candidates().logical_not(), -std::numeric_limits<double>::infinity());
  return data.right.gather(1, answers.argmax(1, true)).squeeze(1).to(logits.scalar_type());
}

}  // namespace

interp::Registry<Metric>& metrics() {
  static interp::Registry<Metric> all(
      "metric",
      {{"logit-difference", "mean logit of right answers minus that of wrong ones",
        logit_difference},
       {"probability", "of the right answers together", probability},
       {"kl", "minus the divergence from the network's distribution", minus_divergence, true},
       {"accuracy", "whether a right answer has the largest logit of the answers", accuracy}});
  return all;
}

Tensor score(const std::string& metric, const Tensor& logits, const Tensor& network,
             const Counterfactuals& data) {
  return metrics().at(metric).score(logits, network, data);
}

}  // namespace assay::circuits
