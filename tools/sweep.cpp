#include "tools/sweep.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "interp/files/json_reader.h"
#include "interp/files/json_shape.h"
#include "interp/numerals.h"
#include "tools/verdict_words.h"

namespace assay::tools {
namespace {

using nlohmann::ordered_json;

constexpr size_t kMostRuns = 10'000;

/// A run that stands twice would be made twice, or not at all.
void require_distinct(const ordered_json& list, const std::string& name) {
  for (size_t i = 0; i < list.size(); ++i)
    if (std::find(list.begin(), list.begin() + i, list[i]) != list.begin() + i)
      throw std::runtime_error(fmt::format("field '{}': {} stands twice", name, list[i].dump()));
}

/// What makes the runs of one seed: a preset, steps and settings, in words as well.
struct Combination {
  RunRequest request;
  std::string recipe;
};

/// Every combination so far with every element of a further list.
template <typename Value, typename Add>
void multiply(std::vector<Combination>& combinations, const std::vector<Value>& values,
              const Add& add) {
  std::vector<Combination> more;
  if (combinations.size() * values.size() > kMostRuns)
    throw std::invalid_argument(
        fmt::format("a sweep of more than {} runs", interp::grouped(kMostRuns)));
  for (const Combination& combination : combinations)
    for (const Value& value : values) add(more.emplace_back(combination), value);
  combinations = std::move(more);
}

std::vector<Combination> combinations_of(const SweepRequest& request, const std::string& task,
                                         const tasks::Settings& settings) {
  std::vector<Combination> all = {{.request = {.task = task, .settings = settings}, .recipe = {}}};
  if (request.presets)
    multiply(all, *request.presets,
             [](Combination& one, const std::string& preset) { one.request.preset = preset; });
  for (Combination& one : all) one.recipe = make_plan(one.request).preset;
  if (request.steps)
    multiply(all, *request.steps, [](Combination& one, int64_t steps) {
      one.request.steps = steps;
      one.recipe += fmt::format(", {} steps", interp::grouped(steps));
    });
  const ordered_json varied = request.settings.value_or(ordered_json::object());
  for (const auto& [name, values] : varied.items()) {
    if (settings.contains(name))
      throw std::invalid_argument(
          fmt::format("'{}' is given for all runs, and in the file as well", name));
    multiply(all, std::vector<nlohmann::json>(values.begin(), values.end()),
             [&, name = name](Combination& one, const nlohmann::json& value) {
               one.request.settings[name] = value;
               one.recipe += fmt::format(", {} {}", name, value.dump());
             });
  }
  return all;
}

const SweptRun* with_accuracy(const SweepRecord& record, const auto& better) {
  const SweptRun* found = nullptr;
  for (const SweptRun& run : record.runs)
    if (run.outcome && run.outcome->accuracy &&
        (!found || better(run.outcome->accuracy->share, found->outcome->accuracy->share)))
      found = &run;
  return found;
}

}  // namespace

SweepRequest read_sweep(const std::filesystem::path& file) {
  const ordered_json json = interp::read_json(file);
  interp::require_shape(
      json, interp::json_shapes::closed_object(interp::fields_of<SweepRequest>().members),
      file.string());
  try {
    for (const auto& [name, member] : json.items())
      if (name != "settings") require_distinct(member, name);
    const ordered_json settings = json.value("settings", ordered_json::object());
    for (const auto& [name, values] : settings.items())
      require_distinct(values, "settings." + name);
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(fmt::format("{}: {}", file.string(), error.what()));
  }
  return interp::read_checked<SweepRequest>(json);
}

std::vector<SweptRun> runs_of(const SweepRequest& request, const std::string& task,
                              const tasks::Settings& settings) {
  std::vector<Combination> all = combinations_of(request, task, settings);
  if (request.seeds)
    multiply(all, *request.seeds, [](Combination& one, uint64_t seed) { one.request.seed = seed; });
  std::vector<SweptRun> runs;
  for (const Combination& one : all) {
    RunPlan plan = make_plan(one.request);
    runs.push_back(
        {.folder = fmt::format("{:02}-{}-seed-{}", runs.size() + 1, plan.preset, plan.seed),
         .recipe = one.recipe,
         .plan = std::move(plan),
         .outcome = {},
         .failed = {}});
  }
  return runs;
}

std::vector<RecipeOutcome> recipes_of(const SweepRecord& record) {
  std::vector<RecipeOutcome> recipes;
  for (const SweptRun& run : record.runs) {
    auto recipe = std::ranges::find(recipes, run.recipe, &RecipeOutcome::recipe);
    if (recipe == recipes.end())
      recipe = recipes.insert(recipe, {.recipe = run.recipe, .accuracies = {}});
    ++recipe->runs;
    if (run.outcome && run.outcome->accuracy)
      recipe->accuracies.push_back(run.outcome->accuracy->share);
  }
  for (RecipeOutcome& recipe : recipes) std::ranges::sort(recipe.accuracies);
  return recipes;
}

double median_of(const std::vector<double>& sorted) {
  const size_t middle = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

std::string sweep_sentence(const SweepRecord& record) {
  const auto done = std::ranges::count_if(
      record.runs, [](const SweptRun& run) { return run.outcome.has_value(); });
  const auto failed = std::ranges::count_if(
      record.runs, [](const SweptRun& run) { return run.failed.has_value(); });
  const auto of = static_cast<int64_t>(record.runs.size());
  std::string text =
      done == of
          ? fmt::format("{} done.", of == 1 ? "The one run is"
                                            : fmt::format("All {} runs are", interp::grouped(of)))
          : fmt::format("{} of {} runs are done.", interp::grouped(done), interp::grouped(of));
  if (failed > 0) text += fmt::format(" {} failed.", interp::grouped(failed));
  const SweptRun* least = with_accuracy(record, std::less<>());
  const SweptRun* most = with_accuracy(record, std::greater<>());
  if (!least) return text;
  const auto percent = [](const SweptRun* run) {
    return share_text(run->outcome->accuracy->share) + " (" + run->folder + ")";
  };
  if (least->outcome->accuracy->share == most->outcome->accuracy->share)
    return text + fmt::format(" Accuracy is {}{}.", share_text(least->outcome->accuracy->share),
                              done > 1 ? " in each" : "");
  return text + fmt::format(" Accuracy is between {} and {}.", percent(least), percent(most));
}

}  // namespace assay::tools
