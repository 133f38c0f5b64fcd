#include "tools/comparison_file.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <iterator>
#include <stdexcept>

#include "interp/files/files.h"
#include "interp/files/json_reader.h"
#include "interp/files/json_shape.h"
#include "tasks/registry.h"
#include "tools/records.h"

namespace assay::tools {
namespace {

using nlohmann::ordered_json;

void require_same(const ordered_json& asked, const ordered_json& found, const std::string& path) {
  for (const auto& [name, value] : asked.items()) {
    const ordered_json before = found.value(name, ordered_json());
    if (before == value) continue;
    throw std::runtime_error(fmt::format("{}: another comparison: its {} is {}, not {}", path, name,
                                         before.dump(), value.dump()));
  }
}

/// A list of another length is that of another input or of other features, and would be averaged
/// as if it were of these.
void require_one_per_feature(const ordered_json& inputs, const std::string& features,
                             const tasks::Task& task) {
  static const interp::Shape shape = interp::shape_of<std::vector<tasks::ComparedRecord>>();
  if (const auto problem = interp::mismatch(inputs, shape))
    throw std::invalid_argument("the inputs: " + *problem);
  const auto records = interp::read_checked<std::vector<tasks::ComparedRecord>>(inputs);
  for (size_t i = 0; i < records.size(); ++i) {
    const auto sequence = task.sequence_of(task.to_tokens(records[i].input));
    const int64_t n = std::ssize(task.features(features, sequence));
    const auto require = [&](const std::string& of, const char* what, const at::Tensor& values) {
      const int64_t found = values.defined() ? values.numel() : 0;
      if (found != n)
        throw std::invalid_argument(
            fmt::format("field 'inputs[{}]', {}: expected {} {}, one per feature; found {}", i, of,
                        n, what, found));
    };
    for (const tasks::ScoredInput& scored : records[i].methods)
      if (scored.failure.empty()) require(scored.method, "scores", scored.scores);
    for (const tasks::Reference& reference : records[i].references)
      require(reference.name, "values", reference.values);
  }
}

}  // namespace

std::vector<tasks::ComparedInput> inputs_begun(const std::filesystem::path& report,
                                               const ordered_json& asked, const tasks::Task& task,
                                               int64_t first, int64_t at_most) {
  namespace json_shapes = interp::json_shapes;
  const std::string what = report.string() + ": not a report of a comparison";
  ordered_json found = interp::parse_json(interp::read_file(report, interp::kJsonBytes), what);
  interp::require_shape(
      found, json_shapes::object({{"inputs", json_shapes::list(json_shapes::anything())}}), what);
  try {
    require_kind(found, "comparison");
    require_same(asked, found, report.string());
    ordered_json& inputs = found.at("inputs");
    if (std::ssize(inputs) > at_most) inputs.erase(inputs.begin() + at_most, inputs.end());
    require_one_per_feature(inputs, asked.at("features"), task);
    return tasks::compared_inputs(inputs, task,
                                  asked.at("seed").get<uint64_t>() + static_cast<uint64_t>(first));
  } catch (const std::invalid_argument& error) {
    throw std::runtime_error(fmt::format("{}: {}", what, error.what()));
  }
}

namespace {

/// Inputs are drawn by their index: those of a part cannot stand for those of another.
void require_drawn(const std::vector<tasks::ComparedInput>& inputs, const tasks::Task& task,
                   uint64_t seed) {
  for (int64_t i = 0; i < std::ssize(inputs); ++i) {
    const at::Tensor drawn = task.sample(tasks::Part::Test, seed, i, 1).tokens[0];
    if (!at::equal(inputs[i].tokens, drawn))
      throw std::invalid_argument(
          fmt::format("field 'inputs[{}].input' of the whole: it is not input {} of the test part, "
                      "seed {}",
                      i, i, seed));
  }
}

}  // namespace

MergedComparison merged_comparison(std::vector<NamedRecord> parts) {
  namespace shapes = interp::json_shapes;
  const std::string where = parts.at(0).name;
  MergedComparison merged{.report = joined_parts(std::move(parts), "inputs",
                                                 {"command", "model", "interpretation", "summary"}),
                          .task = nullptr,
                          .comparison = {},
                          .summary = {}};
  ordered_json& report = merged.report;
  interp::require_shape(report,
                        shapes::object({{"confidence", shapes::number(0.5, 0.9999)},
                                        {"summary", shapes::anything()}}),
                        where);
  const auto settings = interp::read_record<ComparisonSettings>(report, where);
  const uint64_t seed = settings.seed;
  try {
    merged.task = tasks::task_from_json(settings.task);
    require_one_per_feature(report["inputs"], settings.features, *merged.task);
    merged.comparison.inputs = tasks::compared_inputs(report["inputs"], *merged.task, seed);
    require_drawn(merged.comparison.inputs, *merged.task, seed);
  } catch (const std::invalid_argument& error) {
    throw std::runtime_error(fmt::format("{}: {}", where, error.what()));
  }
  merged.summary =
      tasks::summarise(merged.comparison, {.confidence = report["confidence"], .seed = seed});
  report["summary"] = tasks::to_json(merged.summary);
  return merged;
}

void require_explained(const tasks::ComparisonSummary& summary,
                       const tasks::Comparison& comparison) {
  for (const tasks::MethodSummary& method : summary.methods)
    if (method.failures.inputs == std::ssize(comparison.inputs))
      throw std::runtime_error(
          fmt::format("{} failed on every input: {}", method.method, method.failures.first));
}

}  // namespace assay::tools
