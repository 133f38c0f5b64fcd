#include "circuits/measures.h"

#include <torch/types.h>

#include <cmath>
#include <limits>
#include <stdexcept>

namespace assay::circuits {
namespace {

using at::Tensor;

Rate rate_of(const Tensor& holds, double confidence) {
  const int64_t hits = holds.sum().item<int64_t>(), n = holds.numel();
  return {hits, n, rate_interval(hits, n, confidence)};
}

Tensor is_right(const Evaluation& evaluation, const Answers& answers) {
  return evaluation.experiment().data.right.gather(1, answers.decision.unsqueeze(1));
}

}  // namespace

double normalised(double circuit, double network, double empty) {
  if (network == empty) return std::numeric_limits<double>::quiet_NaN();
  return (circuit - empty) / (network - empty);
}

Faithfulness faithfulness(const Tensor& circuit, const Tensor& network, const Tensor& empty,
                          const MeasureConfig& config) {
  if (config.resamples < 0) throw std::invalid_argument("bootstrap: expected at least 0 resamples");
  const Tensor metrics = at::stack({circuit, network, empty});  // [3, n]
  const auto share = [](const Tensor& means) {
    const double* m = means.data_ptr<double>();
    return normalised(m[0], m[1], m[2]);
  };
  const Tensor means = metrics.mean(1);
  Faithfulness result{.network = means[1].item<double>(),
                      .circuit = means[0].item<double>(),
                      .empty = means[2].item<double>(),
                      .normalised = share(means)};
  interp::Engine engine(config.seed);
  const int64_t n = metrics.size(1);
  std::vector<double> values;
  for (int64_t i = 0; i < config.resamples; ++i) {
    values.push_back(share(at::mv(metrics, interp::draw_resample(engine, n)) / n));
    if (std::isnan(values.back())) ++result.undefined;
  }
  result.interval = interp::percentile_interval(values, config.confidence);
  return result;
}

Measures measure(const Evaluation& evaluation, const Tensor& kept, const MeasureConfig& config) {
  const Experiment& experiment = evaluation.experiment();
  Measures measures{.metric = experiment.metric,
                    .ablation = experiment.ablation,
                    .inputs = evaluation.size(),
                    .edges = kept.sum().item<int64_t>(),
                    .of_edges = experiment.graph.n_edges(),
                    .confidence = config.confidence,
                    .self_check = evaluation.self_check()};
  measures.circuit = evaluation.run(kept);
  const Answers &circuit = measures.circuit, &network = evaluation.network(),
                &empty = evaluation.empty();
  measures.faithfulness = faithfulness(circuit.metric, network.metric, empty.metric, config);
  const auto agreement = [&](const Answers& answers) {
    return rate_of(answers.decision == network.decision, config.confidence);
  };
  measures.agreement = agreement(circuit);
  measures.empty_agreement = agreement(empty);
  measures.network_right = rate_of(is_right(evaluation, network), config.confidence);
  measures.circuit_right = rate_of(is_right(evaluation, circuit), config.confidence);
  return measures;
}

nlohmann::ordered_json to_json(const Faithfulness& faithfulness) {
  return {{"network", faithfulness.network},
          {"circuit", faithfulness.circuit},
          {"empty", faithfulness.empty},
          {"normalised", faithfulness.normalised},
          {"interval", to_json(faithfulness.interval)},
          {"undefined_resamples", faithfulness.undefined}};
}

nlohmann::ordered_json to_json(const Rate& rate) {
  return {{"hits", rate.hits},
          {"n", rate.n},
          {"rate", rate.value()},
          {"interval", to_json(rate.interval)}};
}

nlohmann::ordered_json to_json(const Measures& measures) {
  return {{"metric", to_string(measures.metric)},
          {"ablation", to_string(measures.ablation)},
          {"inputs", measures.inputs},
          {"edges", measures.edges},
          {"of_edges", measures.of_edges},
          {"confidence", measures.confidence},
          {"self_check", to_json(measures.self_check)},
          {"faithfulness", to_json(measures.faithfulness)},
          {"agreement", to_json(measures.agreement)},
          {"empty_agreement", to_json(measures.empty_agreement)},
          {"network_right", to_json(measures.network_right)},
          {"circuit_right", to_json(measures.circuit_right)}};
}

}  // namespace assay::circuits
