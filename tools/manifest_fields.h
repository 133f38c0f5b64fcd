#pragma once
// The manifest of a training in JSON, member by member (interp/files/fields.h): what is written
// when a run begins, and what is known once it is finished.

#include <cstdint>
#include <optional>
#include <string>

#include "interp/training/training_fields.h"
#include "tools/accuracy.h"
#include "tools/record_fields.h"
#include "tools/run_plan.h"

namespace assay::tools {

/// From the first step on.
struct ManifestHead {
  RunPlan plan;
  bool finished = false;
};

/// What the model's own file says of its training as well.
struct TrainedRecord {
  nlohmann::ordered_json task;
  std::string preset;
  interp::TrainingConfig recipe;
  uint64_t seed = 0;
  int64_t samples = 0;
  double cpu_seconds = 0;
  std::optional<Accuracy> accuracy, accuracy_trained;
};

struct ManifestRecord {
  ManifestHead head;
  TrainedRecord trained;
  int64_t neurons = 0;
  std::string blas, model_sha256;
};

template <class V>
void fields(V& v, ManifestHead& head) {
  v("plan", head.plan, "what was going to be done, settled before the first step");
  v("finished", head.finished, "what follows is there only then");
}

template <class V>
void fields(V& v, TrainedRecord& trained) {
  v("task", trained.task, "name and settings", task_shape());
  v("preset", trained.preset, "of the task's recipes");
  v("recipe", trained.recipe, "with the plan's steps");
  v("seed", trained.seed, "of weights and inputs");
  v("samples", trained.samples, "inputs trained on, each as often as it was drawn",
    interp::counts());
  v("cpu_seconds", trained.cpu_seconds, "of processor time", interp::json_shapes::number(0));
  accuracy_fields(v, "accuracy", trained.accuracy);
  accuracy_fields(v, "accuracy_trained", trained.accuracy_trained);
}

template <class V>
void fields(V& v, ManifestRecord& manifest) {
  fields(v, manifest.head);
  fields(v, manifest.trained);
  v("neurons", manifest.neurons, "penalised ones that were not pruned", interp::counts());
  v("blas", manifest.blas, "which BLAS, in words");
  v("model_sha256", manifest.model_sha256, "of the model that was written");
}

}  // namespace assay::tools
