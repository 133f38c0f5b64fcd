#pragma once
// What the subcommands about circuits have in common: the network, the inputs and the experiment.

#include <filesystem>
#include <memory>
#include <string>

#include "circuits/components/patching.h"
#include "interp/adapters/model_file.h"
#include "tasks/task.h"
#include "tools/experiment_fields.h"
#include "tools/options.h"

namespace assay::tools {

struct ExperimentOptions {
  std::filesystem::path model, data;
  std::string task;
  bool independent = false;  ///< the lines of `data` are independent draws
  int64_t inputs = 512;
  std::string metric = "logit-difference", ablation = "pair";
};

/// @param several  whether `--ablation all` is offered.
void add_experiment_options(CLI::App& app, ExperimentOptions& options, bool several);

/// A network with the inputs that an experiment runs on.
struct ExperimentSubject {
  interp::LoadedModel model;
  std::unique_ptr<tasks::Task> task;
  circuits::Counterfactuals data;
  ExperimentFacts facts;
};

/// @param part, seed  of the inputs, where they do not come from a file.
/// @throws std::invalid_argument, std::runtime_error where model, task and inputs do not fit.
ExperimentSubject load_subject(const ExperimentOptions& options, tasks::Part part, uint64_t seed);

void print_subject(const ExperimentOptions& options, const ExperimentSubject& subject,
                   const Session& session);

}  // namespace assay::tools
