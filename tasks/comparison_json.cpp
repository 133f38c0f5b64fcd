#include <torch/types.h>

#include <limits>
#include <stdexcept>

#include "interp/doubles.h"
#include "interp/files/json_shape.h"
#include "tasks/comparison_fields.h"

namespace assay::tasks {
namespace {

using at::Tensor;
using nlohmann::ordered_json;

/// Bool values are written as such.
ordered_json to_json(const Reference& reference) {
  ordered_json values = ordered_json::array();
  const bool is_bool = reference.values.scalar_type() == torch::kBool;
  for (int64_t f = 0; f < reference.values.numel(); ++f) {
    const double value = reference.values[f].item<double>();
    values.push_back(is_bool ? ordered_json(value != 0) : ordered_json(value));
  }
  return {{"name", reference.name}, {"values", values}, {"signed", reference.is_signed}};
}

double number_or_nan(const ordered_json& value) {
  return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
}

Reference reference_from(const ordered_json& json) {
  const ordered_json& values = json.at("values");
  const bool is_bool = !values.empty() && values.front().is_boolean();
  std::vector<double> numbers;
  for (const ordered_json& value : values)
    numbers.push_back(is_bool ? static_cast<double>(value.get<bool>()) : number_or_nan(value));
  const Tensor read = torch::tensor(numbers, torch::kFloat64);
  return {.name = json.at("name"),
          .values = is_bool ? read.gt(0) : read,
          .is_signed = json.at("signed")};
}

ordered_json to_json(const ScoredInput& scored) {
  ordered_json json = {{"method", scored.method},
                       {"scores", ordered_json::array()},
                       {"measures", scored.measures},
                       {"rows", scored.rows},
                       {"seconds", scored.seconds}};
  if (scored.scores.defined()) json["scores"] = interp::doubles_of(scored.scores);
  if (!scored.caveat.empty()) json["caveat"] = scored.caveat;
  if (!scored.failure.empty()) json["failure"] = scored.failure;
  return json;
}

ScoredInput scored_from(const ordered_json& json) {
  ScoredInput scored{.method = json.at("method"),
                     .scores = {},
                     .measures = {},
                     .rows = json.value("rows", int64_t{0}),
                     .seconds = json.value("seconds", 0.0),
                     .caveat = json.value("caveat", ""),
                     .failure = json.value("failure", "")};
  std::vector<double> scores;
  if (json.contains("scores"))
    for (const ordered_json& score : json["scores"]) scores.push_back(number_or_nan(score));
  if (!scores.empty()) scored.scores = torch::tensor(scores, torch::kFloat64);
  for (const auto& [name, value] : json.at("measures").items())
    scored.measures[name] = number_or_nan(value);
  return scored;
}

const interp::Shape& inputs_shape() {
  using namespace interp::json_shapes;
  const interp::Shape measures = nullable(map(nullable(number())));  // NaN is null in a file
  const interp::Shape scored = object({{"method", text()},
                                       {"measures", measures},
                                       optional("scores", list(nullable(number()))),
                                       optional("rows", integer(0)),
                                       optional("seconds", number()),
                                       optional("caveat", text()),
                                       optional("failure", text())});
  const interp::Shape reference =
      object({{"name", text()},
              {"values", either(list(boolean()), list(nullable(number())))},
              {"signed", boolean()}});
  static const interp::Shape shape = list(object({{"input", text()},
                                                  {"right", boolean()},
                                                  {"methods", list(scored)},
                                                  {"baselines", list(scored)},
                                                  {"references", list(reference)}}));
  return shape;
}

bool is_baseline(const ScoredInput& scored) {
  return !scored.scores.defined() && scored.failure.empty();
}

}  // namespace

ordered_json to_json(const ComparisonSummary& summary) {
  return interp::write_record(summary);
}

ordered_json to_json(const Comparison& comparison, const Task& task) {
  ordered_json inputs = ordered_json::array();
  for (const ComparedInput& input : comparison.inputs) {
    ordered_json methods = ordered_json::array(), baselines = methods, references = methods;
    for (const ScoredInput& scored : input.methods) {
      if (is_baseline(scored))
        baselines.push_back({{"method", scored.method}, {"measures", scored.measures}});
      else
        methods.push_back(to_json(scored));
    }
    for (const Reference& reference : input.references) references.push_back(to_json(reference));
    inputs.push_back({{"input", task.to_text(input.tokens)},
                      {"right", input.right},
                      {"methods", methods},
                      {"baselines", baselines},
                      {"references", references}});
  }
  return inputs;
}

std::vector<ComparedInput> compared_inputs(const ordered_json& inputs, const Task& task,
                                           uint64_t seed) {
  if (const auto problem = interp::mismatch(inputs, inputs_shape()))
    throw std::invalid_argument("the inputs: " + *problem);
  std::vector<ComparedInput> compared;
  for (const ordered_json& json : inputs) {
    ComparedInput input{.tokens = task.to_tokens(json.at("input").get<std::string>()),
                        .right = json.at("right"),
                        .methods = {},
                        .references = {},
                        .random = {}};
    for (const char* list : {"methods", "baselines"})
      for (const ordered_json& scored : json.at(list)) input.methods.push_back(scored_from(scored));
    for (const ordered_json& reference : json.at("references"))
      input.references.push_back(reference_from(reference));
    input.random = measures_of_random_scores(input.references, seed + compared.size());
    compared.push_back(std::move(input));
  }
  return compared;
}

}  // namespace assay::tasks
