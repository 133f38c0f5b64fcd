#pragma once
// What `explain` and `compare` have in common: the network, its task and how it is asked.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "interp/adapters/model_file.h"
#include "interp/attribution/replacer.h"
#include "tasks/task.h"
#include "tools/options.h"

namespace assay::tools {

struct ExplanationOptions {
  std::filesystem::path model, data;
  std::string task, features, replacer;
  int64_t rows = 1000;
};

/// @param features  default of `--features`.
void add_explanation_options(CLI::App& app, ExplanationOptions& options,
                             const std::string& features);

struct ExplanationSubject {
  interp::LoadedModel model;
  std::unique_ptr<tasks::Task> task;
  std::unique_ptr<interp::attribution::Replacer> replacer;
};

/// @throws std::invalid_argument, std::runtime_error where model, task and replacer do not fit.
ExplanationSubject load_subject(const ExplanationOptions& options, const Session& session);

std::string describe_model(const ExplanationOptions& options, const ExplanationSubject& subject);

/// For --help: every method with its presets and readings, then the features and replacers of every
/// task.
std::string list_of_methods();
/// For --help: what `--target` takes.
std::string list_of_targets();

}  // namespace assay::tools
