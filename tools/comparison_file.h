#pragma once
// A report of `compare` is also what a later run goes on from, and what reports of parts are merged
// to.

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "interp/files/fields.h"
#include "tasks/comparison.h"
#include "tasks/comparison_fields.h"
#include "tasks/comparison_summary.h"
#include "tools/parts.h"
#include "tools/record_fields.h"

namespace assay::tools {

/// All that scores depend on; the report begins with it.
struct ComparisonSettings {
  std::string version, model_sha256, interpretation_sha256;
  nlohmann::ordered_json task;
  std::string features;
  std::vector<std::string> methods, references;
  std::string removal, replacer;
  int64_t rows = 0;
  uint64_t seed = 1;
};

template <class V>
void fields(V& v, ComparisonSettings& settings) {
  v("version", settings.version, "of assay");
  v("model_sha256", settings.model_sha256, "of the network");
  v("interpretation_sha256", settings.interpretation_sha256, "what it is held against; or empty");
  v("task", settings.task, "name and settings", task_shape());
  v("features", settings.features, "what is scored");
  v("methods", settings.methods, "in the order asked for");
  v("references", settings.references, "methods whose scores the others are held against");
  v("removal", settings.removal, "how features are taken away where faithfulness is measured");
  v("replacer", settings.replacer, "what stands in their place");
  v("rows", settings.rows, "of the network, the budget of an explanation", interp::counts());
  v("seed", settings.seed, "of inputs and explanations");
}

/// All of a report: what it was asked, what came of it, and the inputs.
struct ComparisonRecord {
  axioms::Source model;
  std::optional<std::string> interpretation;
  ComparisonSettings settings;
  std::optional<nlohmann::ordered_json> shard;
  double confidence = 0.95;
  bool partial = false;
  tasks::ComparisonSummary summary;
  nlohmann::ordered_json inputs;  ///< as tasks::to_json() writes them
};

template <class V>
void fields(V& v, ComparisonRecord& record) {
  namespace shapes = interp::json_shapes;
  v("model", record.model, "the network");
  v("interpretation", record.interpretation, "the file of what it is held against");
  fields(v, record.settings);
  v("shard", record.shard, "of a part of a run");
  v("confidence", record.confidence, "of the intervals", shapes::number(0, 1));
  v("partial", record.partial, "it was stopped");
  v("summary", record.summary, "what follows from the inputs");
  v("inputs", record.inputs, "that were explained, one by one",
    interp::shape_of<std::vector<tasks::ComparedRecord>>());
}

/// The inputs that a report holds already, if its run was asked the same; of how many inputs does
/// not matter.
/// @param asked  all of the report that scores depend on, as this run is going to write it.
/// @param first  index of the first input.
/// @throws std::runtime_error for a file that is no report of `compare`, and naming the first thing
///   that differs.
std::vector<tasks::ComparedInput> inputs_begun(const std::filesystem::path& report,
                                               const nlohmann::ordered_json& asked,
                                               const tasks::Task& task, int64_t first,
                                               int64_t at_most);

/// A comparison made in parts, with its summary computed anew.
struct MergedComparison {
  nlohmann::ordered_json report;
  std::unique_ptr<tasks::Task> task;
  tasks::Comparison comparison;
  tasks::ComparisonSummary summary;
};
/// @throws std::invalid_argument as joined_parts(); std::runtime_error naming a field.
MergedComparison merged_comparison(std::vector<NamedRecord> parts);

/// @throws std::runtime_error if a method has not a single explanation: it was asked for in vain.
void require_explained(const tasks::ComparisonSummary& summary,
                       const tasks::Comparison& comparison);

}  // namespace assay::tools
