#pragma once
// How a network is trained and how far it has come, in JSON, member by member
// (interp/files/fields.h). Members of a recipe stand in the order of their names, as they always
// have in files.

#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "interp/files/fields.h"
#include "interp/interval_field.h"
#include "interp/training/training.h"

namespace assay::interp {

template <class V>
void fields(V& v, Phase& phase) {
  const Shape at_least_0 = json_shapes::number(0);
  v("final_learning_rate", phase.final_learning_rate, "where its decay ends", at_least_0);
  v("keep_neurons", phase.keep_neurons, "penalised neurons that are kept before it; 0: all",
    counts());
  v("l1", phase.l1, "weight of the penalty", at_least_0);
  v("learning_rate", phase.learning_rate, "after the warm-up", at_least_0);
  v("steps", phase.steps, "how many it has", json_shapes::integer(1, kMostCounted));
  v("weight_decay", phase.weight_decay, "decoupled (AdamW)", at_least_0);
}

/// How often a run evaluates and saves changes no weight, and is not in its files.
template <class V>
void fields(V& v, TrainingConfig& config) {
  v("batch", config.batch, "inputs per step", json_shapes::integer(1, kMostCounted));
  std::vector<double> betas = {config.beta1, config.beta2};
  v("betas", betas, "of AdamW", json_shapes::list(shares(), 2, 2));
  if (betas[0] != config.beta1 || betas[1] != config.beta2) {  // they were read
    config.beta1 = betas[0];
    config.beta2 = betas[1];
  }
  v.through(
      "gradient_clip", config.gradient_clip, [](double most) { return most; },
      [](const nlohmann::ordered_json& most) {
        return most.is_null() ? std::numeric_limits<double>::infinity() : most.get<double>();
      },
      json_shapes::nullable(json_shapes::number(0)),
      "largest norm of the whole gradient; null: any");
  v("held_out", config.held_out, "inputs that accuracy on the way is measured on",
    json_shapes::integer(1, kMostCounted));
  v("phases", config.phases, "one after the other, each with its own cycle of learning rates",
    json_shapes::list(shape_of<Phase>(), 1));
  v("readout", config.readout, "position whose logits are trained", counts());
  v("warmup", config.warmup, "steps at the start of each phase", counts());
}

template <class V>
void fields(V& v, TrainingProgress& progress) {
  v("step", progress.step, "after which it was measured", counts());
  v("loss", progress.loss, "cross entropy per input, in nats; null: not a number",
    numbers_if_any());
  v("learning_rate", progress.learning_rate, "of this step", json_shapes::number(0));
  v("samples_per_second", progress.samples_per_second, "inputs trained on", numbers_if_any());
  v("cpu_seconds", progress.cpu_seconds, "of processor time, with that of runs that were resumed",
    json_shapes::number(0));
  v("neurons", progress.neurons, "penalised ones that are not pruned", counts());
  std::optional<double> accuracy;
  if (progress.accuracy >= 0) accuracy = progress.accuracy;
  v("accuracy", accuracy, "share of held-out inputs answered rightly", shares());
  if (progress.accuracy < 0 && accuracy) progress.accuracy = *accuracy;  // it was read
}

}  // namespace assay::interp
