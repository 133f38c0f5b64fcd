#pragma once
// Inputs of one's own for experiments on circuits:
//   {"prompts": [{"clean", "corrupt", "answers": […], "wrong_answers": […]}]}
// with clean and corrupt as text of the task or as token ids, answers as token names or ids.

#include <filesystem>

#include "circuits/components/counterfactuals.h"
#include "tasks/task.h"

namespace assay::tasks {

/// `corrupt` may be left out, but then in every prompt; without `wrong_answers` all other answers
/// of the task are wrong. The inputs are a list (Counterfactuals::is_sample is false), unless its
/// author says that they are independent draws. @throws std::runtime_error naming file, prompt
/// (counted from 1) and what is wrong with it.
circuits::Counterfactuals load_counterfactuals(const std::filesystem::path& path, const Task& task);

/// What a list is made of.
struct ListFacts {
  int64_t distinct = 0;  ///< pairs of input and partner, each counted once
  int64_t outside = 0;   ///< inputs that the task's distribution does not hold, Task::can_draw()
};
ListFacts list_facts(const circuits::Counterfactuals& list, const Task& task);

}  // namespace assay::tasks
