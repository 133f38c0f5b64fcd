#pragma once
// How well scores of features agree with what is known to matter: from logic, from an
// interpretation, or from another method.

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <vector>

#include "circuits/interpretation/program.h"
#include "tasks/task.h"

namespace assay::tasks {

/// Something that scores are held against.
struct Reference {
  std::string name;        ///< `every-mus`, `evaluate`, `shapley:deletion`
  at::Tensor values;       ///< [features]: bool, relevant or not; or float64, how much it matters
  bool is_signed = false;  ///< compared with the scores; else with their size
};

/// What the task knows of an input.
std::vector<Reference> known_references(const Task& task, const std::string& kind,
                                        const interp::attribution::Sequence& tokens);

/// What the interpretation says: per step, the share of its value that depends on a feature (the
/// mean over Task::interventions()), and whether any of it does.
std::vector<Reference> mechanism_references(const Task& task, const circuits::Program& program,
                                            const std::string& kind, const at::Tensor& tokens);

/// Figures of an explanation, by name; NaN where one is not defined, as where all features are
/// relevant.
using Measures = std::map<std::string, double>;

/// Of a bool reference `NAME.auroc` and `NAME.precision` (among the k highest scores, k being the
/// number of relevant features); of any other `NAME.spearman`. @param scores  float64 [features].
Measures agreement(const at::Tensor& scores, const std::vector<Reference>& references);

}  // namespace assay::tasks
