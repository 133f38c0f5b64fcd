#include <torch/types.h>

#include <stdexcept>

#include "interp/doubles.h"
#include "tasks/comparison_fields.h"

namespace assay::tasks {
namespace {

using at::Tensor;
using nlohmann::ordered_json;

bool is_baseline(const ScoredInput& scored) {
  return !scored.scores.defined() && scored.failure.empty();
}

ComparedRecord record_of(const ComparedInput& input, const Task& task) {
  ComparedRecord record{.input = task.to_text(input.tokens),
                        .right = input.right,
                        .methods = {},
                        .baselines = {},
                        .references = input.references};
  for (const ScoredInput& scored : input.methods) {
    if (is_baseline(scored))
      record.baselines.push_back({scored.method, scored.measures});
    else
      record.methods.push_back(scored);
  }
  return record;
}

ComparedInput input_of(ComparedRecord record, const Task& task, uint64_t seed) {
  ComparedInput input{.tokens = task.to_tokens(record.input),
                      .right = record.right,
                      .methods = std::move(record.methods),
                      .references = std::move(record.references),
                      .random = {}};
  for (BaselineRecord& baseline : record.baselines)
    input.methods.push_back({.method = std::move(baseline.method),
                             .scores = {},
                             .measures = std::move(baseline.measures)});
  input.random = measures_of_random_scores(input.references, seed);
  return input;
}

}  // namespace

ordered_json values_as_json(const Tensor& values) {
  ordered_json list = ordered_json::array();
  const bool is_bool = values.scalar_type() == torch::kBool;
  for (const double value : interp::doubles_of(values.to(torch::kFloat64)))
    list.push_back(is_bool ? ordered_json(value != 0) : ordered_json(value));
  return list;
}

Tensor values_from_json(const ordered_json& list) {
  if (list.empty() || !list.front().is_boolean())
    return torch::tensor(interp::read_checked<std::vector<double>>(list), torch::kFloat64);
  std::vector<double> bits;
  for (const bool bit : list) bits.push_back(bit);
  return torch::tensor(bits, torch::kFloat64).gt(0);
}

ordered_json scores_as_json(const Tensor& scores) {
  return scores.defined() ? values_as_json(scores) : ordered_json::array();
}

Tensor scores_from_json(const ordered_json& list) {
  return list.empty() ? Tensor() : values_from_json(list);
}

ordered_json to_json(const ComparisonSummary& summary) {
  return interp::write_record(summary);
}

ordered_json to_json(const Comparison& comparison, const Task& task) {
  ordered_json inputs = ordered_json::array();
  for (const ComparedInput& input : comparison.inputs)
    inputs.push_back(interp::write_record(record_of(input, task)));
  return inputs;
}

std::vector<ComparedInput> compared_inputs(const ordered_json& inputs, const Task& task,
                                           uint64_t seed) {
  static const interp::Shape shape = interp::shape_of<std::vector<ComparedRecord>>();
  if (const auto problem = interp::mismatch(inputs, shape))
    throw std::invalid_argument("the inputs: " + *problem);
  std::vector<ComparedInput> compared;
  for (ComparedRecord& record : interp::read_checked<std::vector<ComparedRecord>>(inputs))
    compared.push_back(input_of(std::move(record), task, seed + compared.size()));
  return compared;
}

}  // namespace assay::tasks
