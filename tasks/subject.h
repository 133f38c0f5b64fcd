#pragma once
// What is validated: a network, what is said of it, and the task that both speak about.

#include <filesystem>
#include <memory>

#include "circuits/interpretation/interpretation_file.h"
#include "circuits/interpretation/program.h"
#include "interp/adapters/model_file.h"
#include "interp/network/transformer.h"
#include "tasks/task.h"

namespace assay::tasks {

struct Subject {
  interp::LoadedModel model;
  circuits::LoadedInterpretation loaded;
  std::unique_ptr<Task> task;
  circuits::Program program;

  const circuits::Interpretation& interpretation() const { return loaded.interpretation; }
  const interp::Places& places() const { return model.model->places(); }
  axioms::Experiment experiment() const { return {*model.model, program, task->decision()}; }
};

/// @param data  the inputs of an interpretation about the task `data` (data_task.h), which has none
///   of its own; others do not look at it.
/// @throws std::runtime_error, std::invalid_argument for files that cannot be read, an
///   interpretation of another model or about another task than the model file names, a model that
///   does not fit the task, and operations or sites that do not exist.
Subject load_subject(const std::filesystem::path& model,
                     const std::filesystem::path& interpretation,
                     const std::filesystem::path& data = {});

}  // namespace assay::tasks
