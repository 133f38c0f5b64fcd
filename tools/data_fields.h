#pragma once
// The inputs of a validation in JSON, member by member (interp/files/fields.h): the member `data`
// of its report, of a plan and of a table of mutations.

#include <cstdint>
#include <optional>
#include <string>

#include "interp/files/fields.h"

namespace assay::tools {

struct DataRecord {
  std::string source;
  std::optional<std::string> part = {}, path = {};
  std::optional<uint64_t> seed = {};
  int64_t count = 0;
  std::optional<int64_t> distinct = {}, outside = {}, trained_on = {};
  std::optional<bool> independent = {};
  std::optional<std::string> sha256 = {}, sources = {};
};

template <class V>
void fields(V& v, DataRecord& data) {
  namespace shapes = interp::json_shapes;
  v("source", data.source,
    "`sampled`, `listed` (every input of a set) or `file`; from Python also `memory`, `function`",
    shapes::text_among({"sampled", "listed", "file", "memory", "function"}));
  v("part", data.part, "that fresh inputs are drawn from, or the set that is listed");
  v("seed", data.seed, "that fresh inputs are drawn with");
  v("path", data.path, "of the file");
  v("count", data.count, "how many there are", interp::counts());
  v("distinct", data.distinct, "different ones in the file", interp::counts());
  v("outside_distribution", data.outside, "lines of the file that the task never draws",
    interp::counts());
  v("training_part", data.trained_on, "lines of the file that are among the inputs trained on",
    interp::counts());
  v("independent", data.independent, "the user states that they are independent draws");
  v("sha256", data.sha256,
    "of all of them, of drawn ones of the first 1,048,576; a function has none");
  v("sources", data.sources, "of interchanges, in words: which inputs values are taken from");
}

}  // namespace assay::tools
