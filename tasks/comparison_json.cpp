#include <torch/types.h>

#include "tasks/comparison_summary.h"

namespace assay::tasks {

using nlohmann::ordered_json;

ordered_json to_json(const ComparisonSummary& summary) {
  ordered_json methods = ordered_json::array(), random;
  for (const MethodSummary& method : summary.methods) {
    ordered_json measures;
    for (const auto& [name, measure] : method.measures)
      measures[name] = {{"mean", measure.mean},
                        {"interval", interp::to_json(measure.interval)},
                        {"inputs", measure.inputs}};
    methods.push_back({{"method", method.method},
                       {"measures", measures},
                       {"rows", method.rows},
                       {"seconds", method.seconds}});
  }
  for (const auto& [name, interval] : summary.random) random[name] = interp::to_json(interval);
  return {{"methods", methods}, {"random", random}};
}

ordered_json to_json(const Comparison& comparison, const Task& task) {
  ordered_json inputs = ordered_json::array();
  for (const ComparedInput& input : comparison.inputs) {
    ordered_json methods = ordered_json::array();
    for (const ScoredInput& scored : input.methods) {
      if (!scored.scores.defined()) continue;  // a baseline of removal
      const at::Tensor scores = scored.scores.contiguous();
      const auto* begin = scores.data_ptr<double>();
      methods.push_back({{"method", scored.method},
                         {"scores", std::vector<double>(begin, begin + scores.numel())},
                         {"measures", scored.measures}});
    }
    inputs.push_back(
        {{"input", task.to_text(input.tokens)}, {"right", input.right}, {"methods", methods}});
  }
  return inputs;
}

}  // namespace assay::tasks
