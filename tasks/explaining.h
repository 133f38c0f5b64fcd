#pragma once
// From an input of a task to a problem that every method of interp/attribution takes.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "interp/attribution/method.h"
#include "tasks/task.h"

namespace assay::tasks {

/// Which of the task's answers have the largest logit: one, unless there is a tie. In their order.
/// @param tokens  int64 [pos], one input. @throws std::runtime_error for logits that are not
/// finite.
std::vector<int64_t> answers_given(const Task& task, const interp::Network& network,
                                   const at::Tensor& tokens);
/// The first of them.
int64_t answer_of(const Task& task, const interp::Network& network, const at::Tensor& tokens);

struct ExplainConfig {
  std::string features = "token";  ///< one of Task::feature_kinds()
  /// What is explained; none: the log-odds of the answer that the network gives.
  std::optional<interp::attribution::Target> target = {};
  const interp::attribution::Replacer* replacer = nullptr;  ///< for methods that replace
  int64_t rows = 1000;  ///< budget of each method, where it has one
  uint64_t seed = 0;
};

/// Task and model must outlive the problem. @param tokens  int64 [pos], one input of the task.
/// @throws std::invalid_argument for features that the task does not have.
interp::attribution::Problem problem_of(const Task& task, const interp::Network& network,
                                        const at::Tensor& tokens, const ExplainConfig& config);

}  // namespace assay::tasks
