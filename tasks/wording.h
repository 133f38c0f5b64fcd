#pragma once
// A task in words, whether it brings its own (Wording in capabilities.h) or not.

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "tasks/task.h"

namespace assay::tasks {

/// The task's wording; its `deed`, `sentence` and `example` are empty where it has none.
const Wording& wording_of(const Task& task);

/// An answer in prose. @param token  one of Task::answers().
std::string answer_in_words(const Task& task, int64_t token);

/// An input int64 [pos] in pieces that are read as a whole; at least, and where it is not as long
/// as the task's inputs, token by token.
std::vector<Wording::Piece> pieces_of(const Task& task, const at::Tensor& tokens);

/// Tokens read together, where they are a value of an interpretation.
std::string group_in_words(const Task& task, const std::vector<int64_t>& tokens);

}  // namespace assay::tasks
