#include "tools/run_plan.h"
#include "interp/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace assay::tools {
namespace {

using nlohmann::ordered_json;

const tasks::Preset& find_preset(const tasks::TaskEntry& entry, const std::string& name) {
  const auto found = std::ranges::find(entry.presets, name, &tasks::Preset::name);
  if (found != entry.presets.end()) return *found;
  throw std::invalid_argument(
      fmt::format("unknown preset '{}' of {}; {}", name, entry.name,
                  interp::there_are(interp::names_of(entry.presets), name)));
}

}  // namespace

ordered_json to_json(const RunPlan& plan) {
  return interp::write_record(plan);
}

RunPlan make_plan(const RunRequest& request) {
  const tasks::TaskEntry& entry = tasks::task_entries().at(request.task);
  const tasks::Preset& preset =
      find_preset(entry, request.preset.value_or(entry.presets.front().name));
  tasks::Settings settings = request.settings;
  settings.insert(preset.settings.begin(), preset.settings.end());  // explicit ones win
  const auto task = tasks::make_task(entry.name, settings);
  interp::TrainingConfig training = task->need<tasks::Recipes>().of(preset.name).training;
  if (request.steps) scale_steps(training, *request.steps);
  return {.task = task->to_json(),
          .preset = preset.name,
          .steps = training.steps(),
          .seed = request.seed.value_or(0)};
}

void require_same(const RunPlan& plan, const RunRequest& request) {
  const auto require = [](const std::string& what, const ordered_json& begun,
                          const ordered_json& asked) {
    if (begun == asked) return;
    throw std::invalid_argument(
        fmt::format("--resume goes on with the run as it was begun: {} was {}, the options say {}",
                    what, begun.dump(), asked.dump()));
  };
  require("the task", plan.task.at("name"), request.task);
  const tasks::Settings begun = interp::complete(tasks::task_entries().at(request.task).options,
                                                 plan.task.at("settings"), "task " + request.task);
  for (const auto& [name, value] : request.settings) require(name, begun.at(name), value);
  if (request.preset) require("the preset", plan.preset, *request.preset);
  if (request.steps) require("steps", plan.steps, *request.steps);
  if (request.seed) require("the seed", plan.seed, *request.seed);
}

void scale_steps(interp::TrainingConfig& config, int64_t steps) {
  const auto phases = static_cast<int64_t>(config.phases.size());
  if (steps < phases) {
    throw std::invalid_argument(
        fmt::format("{} steps: the recipe has {} phases of at least one step", steps, phases));
  }
  const double factor = static_cast<double>(steps) / static_cast<double>(config.steps());
  int64_t planned = 0, given = 0;  // steps of the phases so far, before and after
  for (int64_t i = 0; i < phases; ++i) {
    interp::Phase& phase = config.phases[i];
    planned += phase.steps;
    const int64_t end = std::llround(static_cast<double>(planned) * factor);
    const int64_t later_phases = phases - 1 - i;
    phase.steps = std::clamp<int64_t>(end - given, 1, steps - given - later_phases);
    given += phase.steps;
  }
}

tasks::Recipe recipe_of(const RunPlan& plan, const tasks::Task& task) {
  tasks::Recipe recipe = task.need<tasks::Recipes>().of(plan.preset);
  recipe.initialisation.seed = plan.seed;
  scale_steps(recipe.training, plan.steps);
  return recipe;
}

}  // namespace assay::tools
