#pragma once
// What a training run is going to do: settled before it begins, the same after every resumption.

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "interp/files/fields.h"
#include "tasks/registry.h"

namespace assay::tools {

/// What makes two runs the same run.
struct RunPlan {
  nlohmann::json task;  ///< name and settings
  std::string preset;
  int64_t steps = 0;  ///< of all phases
  uint64_t seed = 0;
};
nlohmann::ordered_json to_json(const RunPlan& plan);

template <class V>
void fields(V& v, RunPlan& plan) {
  namespace shapes = interp::json_shapes;
  v("task", plan.task, "name and settings",
    shapes::object({{"name", shapes::text()}, {"settings", shapes::map(shapes::anything())}}));
  v("preset", plan.preset, "of the task's recipes");
  v("steps", plan.steps, "of all phases", shapes::integer(1));
  v("seed", plan.seed, "of weights and inputs", shapes::natural());
}

/// What the command line asks for; what it leaves out is for the preset and the task to say.
struct RunRequest {
  std::string task;
  tasks::Settings settings = {};
  std::optional<std::string> preset = {};
  std::optional<int64_t> steps = {};
  std::optional<uint64_t> seed = {};
};

/// @throws std::invalid_argument for an unknown preset (listing those that exist) and for settings
///   or steps out of range.
RunPlan make_plan(const RunRequest& request);

/// A run is resumed as it was begun: the request may only repeat what the plan says.
/// @throws std::invalid_argument naming what differs.
void require_same(const RunPlan& plan, const RunRequest& request);

/// Shares `steps` out over the phases, each of which keeps its part of the whole.
/// @throws std::invalid_argument if there are fewer steps than phases.
void scale_steps(interp::TrainingConfig& config, int64_t steps);

/// The task's recipe with the plan's steps and seed.
tasks::Recipe recipe_of(const RunPlan& plan, const tasks::Task& task);

}  // namespace assay::tools
