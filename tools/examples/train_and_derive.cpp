// Trains a network on 2-SAT with three variables, derives what it computes, and saves both:
// `assay train` and `assay derive` in a few lines.
//
//   train_and_derive FOLDER [STEPS]     (the whole recipe takes a minute or two)

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "circuits/interpretation/interpretation_file.h"
#include "interp/adapters/model_file.h"
#include "interp/training/training.h"
#include "tasks/registry.h"

namespace {

using assay::tasks::Part;

void run(const std::filesystem::path& folder, int64_t steps) {
  const auto task = assay::tasks::make_task("two-sat", {{"variables", 3}, {"clauses", 6}});
  assay::tasks::Recipe recipe = task->need<assay::tasks::Recipes>().of("demo");
  if (steps > 0) recipe.training.phases = {{.steps = steps}};

  assay::interp::Transformer model(recipe.model);
  assay::interp::initialise(model, recipe.initialisation);
  const auto report = [](const assay::interp::TrainingProgress& now) {
    if (now.step % 100 == 0)
      fmt::print("step {} of {}, loss {:.3f}\n", now.step, now.steps, now.loss);
  };
  assay::interp::train(model, recipe.training, task->inputs(Part::Train, 1),
                       task->inputs(Part::Derive, 1), {.on_progress = report});
  fmt::print("right on {:.2f}% of 10,000 formulas never trained on\n",
             100 * assay::interp::accuracy(model, task->inputs(Part::Test, 1), 10000,
                                           recipe.training.readout));

  std::filesystem::create_directories(folder);
  const std::filesystem::path file = folder / "model.safetensors";
  assay::interp::save_model(model, file, {{"task", task->to_json()}});
  assay::tasks::Derivation derived =
      task->need<assay::tasks::Interpretations>().derive(model, {.inputs = 20000});
  derived.interpretation.model_sha256 = assay::interp::load_model(file).sha256;
  save_interpretation(derived.interpretation, folder / "interpretation.json");
  for (const assay::tasks::Evidence& fact : derived.evidence) {
    fmt::print("{} {}: {}: {}\n", fact.supports ? '+' : '!', fact.node, fact.statement,
               fact.value.dump());
  }
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 2) throw std::invalid_argument("usage: train_and_derive FOLDER [STEPS]");
  run(argv[1], argc > 2 ? std::atoll(argv[2]) : 0);
} catch (const std::exception& error) {
  fmt::print(stderr, "{}\n", error.what());
  return 2;
}
