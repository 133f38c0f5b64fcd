#pragma once
// Inputs of one's own for experiments on circuits, from a file of prompts.h.

#include <filesystem>

#include "circuits/components/counterfactuals.h"
#include "tasks/prompts.h"
#include "tasks/task.h"

namespace assay::tasks {

/// Inputs as the task's text, answers as names of its tokens. The task must outlive the reader.
PromptReader reader_of(const Task& task);

/// Without `wrong_answers` all other answers of the task are wrong. The inputs are a list
/// (Counterfactuals::is_sample is false), unless its author says that they are independent draws.
/// @throws std::runtime_error naming file, prompt and what is wrong with it: no answers, one that
/// is
///   none of the task's, an input of another length.
circuits::Counterfactuals load_counterfactuals(const std::filesystem::path& path, const Task& task);

/// What a list is made of.
struct ListFacts {
  int64_t distinct = 0;  ///< pairs of input and partner, each counted once
  int64_t outside = 0;   ///< inputs that the task's distribution does not hold, Task::can_draw()
};
ListFacts list_facts(const circuits::Counterfactuals& list, const Task& task);

}  // namespace assay::tasks
