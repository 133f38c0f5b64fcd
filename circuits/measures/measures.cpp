#include "circuits/measures/measures.h"

#include <torch/types.h>

#include <cmath>
#include <limits>
#include <stdexcept>

#include "circuits/measures/measure_fields.h"
#include "interp/doubles.h"
#include "interp/statistics/binomial.h"
#include "interp/statistics/bootstrap.h"

namespace assay::circuits {
namespace {

using at::Tensor;

// Relative: equal inputs in other batches differ by the rounding of float32 runs, which is no
// spread.
constexpr double kSpreadRounding = 1e-5;

Rate rate_of(const Tensor& holds, const Counterfactuals& data, double confidence) {
  const int64_t hits = holds.sum().item<int64_t>(), n = holds.numel();
  return {
      hits, n,
      data.is_sample ? statistics::rate_interval(hits, n, confidence) : statistics::kNoInterval};
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
  Faithfulness result{.network = network.mean().item<double>(),
                      .circuit = circuit.mean().item<double>(),
                      .empty = empty.mean().item<double>()};
  result.normalised = normalised(result.circuit, result.network, result.empty);
  const Tensor residuals = circuit - empty - result.normalised * (network - empty);
  const double scale = at::stack({circuit, network, empty}).abs().max().item<double>();
  if (!(residuals.abs().max().item<double>() > kSpreadRounding * scale)) return result;
  result.interval = statistics::ratio_interval(
      interp::doubles_of(circuit - empty), interp::doubles_of(network - empty),
      {.resamples = config.resamples, .confidence = config.confidence, .seed = config.seed});
  return result;
}

Questions questions_of_measure(const Tensor& kept) {
  return {.in_full = {kept}};
}

Measures measure(const Evaluation& evaluation, const Tensor& kept, const MeasureConfig& config) {
  const Experiment& experiment = evaluation.experiment();
  Measures measures{.metric = experiment.metric,
                    .ablation = experiment.ablation,
                    .inputs = evaluation.size(),
                    .edges = kept.sum().item<int64_t>(),
                    .of_edges = experiment.graph.n_edges(),
                    .confidence = config.confidence,
                    .is_sample = experiment.data.is_sample,
                    .self_check = evaluation.self_check()};
  measures.circuit = evaluation.run(kept);
  const Answers &circuit = measures.circuit, &network = evaluation.network(),
                &empty = evaluation.empty();
  measures.faithfulness = faithfulness(circuit.metric, network.metric, empty.metric, config);
  if (!measures.is_sample) measures.faithfulness.interval = statistics::kNoInterval;
  const auto rate = [&](const Tensor& holds) {
    return rate_of(holds, experiment.data, config.confidence);
  };
  const auto agreement = [&](const Answers& answers) {
    return rate(answers.decision == network.decision);
  };
  measures.agreement = agreement(circuit);
  measures.empty_agreement = agreement(empty);
  measures.network_right = rate(is_right(evaluation, network));
  measures.circuit_right = rate(is_right(evaluation, circuit));
  return measures;
}

nlohmann::ordered_json to_json(const Faithfulness& faithfulness) {
  return interp::write_record(faithfulness);
}

nlohmann::ordered_json to_json(const Rate& rate) {
  return interp::write_record(rate);
}

nlohmann::ordered_json to_json(const Measures& measures) {
  return interp::write_record(measures);
}

}  // namespace assay::circuits
