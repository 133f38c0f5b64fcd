#include "circuits/components/metric.h"

#include <torch/types.h>

#include <limits>

#include "interp/names.h"

namespace assay::circuits {
namespace {

using at::Tensor;

const interp::Names<Metric> kMetrics = {{Metric::LogitDifference, "logit-difference"},
                                        {Metric::Probability, "probability"},
                                        {Metric::KlDivergence, "kl"},
                                        {Metric::Accuracy, "accuracy"}};

Tensor mean_where(const Tensor& logits, const Tensor& mask) {
  return (logits * mask).sum(1) / mask.sum(1);
}

}  // namespace

std::string to_string(Metric metric) {
  return interp::name_of(metric, kMetrics);
}

Metric parse_metric(const std::string& name) {
  return interp::value_of(name, kMetrics, "metric");
}

Tensor score(Metric metric, const Tensor& logits, const Tensor& network,
             const Counterfactuals& data) {
  switch (metric) {
    case Metric::LogitDifference:
      return mean_where(logits, data.right) - mean_where(logits, data.wrong);
    case Metric::Probability:
      return (at::softmax(logits, 1) * data.right).sum(1);
    case Metric::KlDivergence: {
      const Tensor log_network = at::log_softmax(network, 1);
      return -(log_network.exp() * (log_network - at::log_softmax(logits, 1))).sum(1);
    }
    case Metric::Accuracy:
      break;
  }
  const Tensor answers =
      logits.masked_fill(data.candidates().logical_not(), -std::numeric_limits<double>::infinity());
  return data.right.gather(1, answers.argmax(1, true)).squeeze(1).to(logits.scalar_type());
}

}  // namespace assay::circuits
