#pragma once
// A network that is shipped with its interpretations, put to the test again.

#include <gtest/gtest.h>
#include <torch/types.h>

#include <filesystem>
#include <fstream>

#include "axioms/checker.h"
#include "circuits/interpretation/interpretation_file.h"
#include "circuits/interpretation/program.h"
#include "interp/adapters/model_file.h"
#include "interp/network/build.h"
#include "tasks/registry.h"

namespace assay::tasks::two_sat {

class ShippedModel : public testing::Test {
 protected:
  explicit ShippedModel(const std::string& name)
      : folder(std::filesystem::path(ASSAY_SOURCE) / "tasks/two_sat" / name),
        loaded(interp::load_model(folder / "model.safetensors")),
        task(task_from_json(loaded.metadata.at("task"))) {}

  std::filesystem::path folder;
  interp::LoadedModel loaded;
  std::unique_ptr<Task> task;

  axioms::CheckResult check(const std::string& variant) const {
    const interp::Places& places = loaded.model->places();
    const auto file = circuits::load_interpretation(folder / (variant + ".json"), places);
    EXPECT_EQ(file.interpretation.model_sha256, loaded.sha256);
    return axioms::check(
        {*loaded.model, circuits::compile(file.interpretation, all_operations(), places),
         task->decision()},
        [&](int64_t first, int64_t n) { return task->sample(Part::Test, 2, first, n).tokens; },
        {.inputs = 80000});
  }
  /// 95% upper bound on a failure rate.
  static double upper(const axioms::CheckResult& result, size_t node, axioms::Axiom axiom) {
    return statistics::upper_bound(result.nodes.at(node)[axiom].estimate, 0.95);
  }

  /// On formulas never trained on.
  double accuracy() const {
    return interp::accuracy(*loaded.model, task->inputs(Part::Test, 3), 100000, task->readout());
  }

  nlohmann::json manifest() const {
    return nlohmann::json::parse(std::ifstream(folder / "manifest.json"));
  }
};

}  // namespace assay::tasks::two_sat
