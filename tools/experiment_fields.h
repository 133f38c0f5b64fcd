#pragma once
// What discover and measure were about, in JSON, member by member (interp/files/fields.h).

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "tools/record_fields.h"

namespace assay::tools {

struct InputFacts {
  std::optional<std::string> part;
  std::optional<uint64_t> seed;
  std::optional<std::string> path, sha256;
  std::optional<int64_t> distinct, outside;
  int64_t count = 0;
  bool pairs = false, independent = false;
};

struct ExperimentFacts {
  axioms::Source model;
  nlohmann::ordered_json task;
  InputFacts inputs;
};

template <class V>
void fields(V& v, InputFacts& inputs) {
  v("part", inputs.part, "that fresh inputs are drawn from");
  v("seed", inputs.seed, "that they are drawn with");
  v("path", inputs.path, "of a file of inputs, in place of these two");
  v("sha256", inputs.sha256, "of this file");
  v("distinct", inputs.distinct, "different ones in it", interp::counts());
  v("outside", inputs.outside, "that the task's distribution does not hold", interp::counts());
  v("count", inputs.count, "how many there are",
    interp::json_shapes::integer(1, interp::kMostCounted));
  v("pairs", inputs.pairs, "each has a counterfactual partner");
  v("independent", inputs.independent, "they are independent draws; else they are a list");
}

template <class V>
void fields(V& v, ExperimentFacts& facts) {
  v("model", facts.model, "the network");
  v("task", facts.task, "name and settings", task_shape());
  v("inputs", facts.inputs, "what it ran on");
}

}  // namespace assay::tools
