#pragma once
// The synthetic texts of the SLALOM paper (arXiv 2405.13536) as tasks: is a text positive? Inputs
// differ in length and are never padded, and nobody claims to know how networks solve them.

#include "tasks/registry.h"
#include "tasks/synthetic_text/language.h"

namespace assay::tasks::synthetic_text {

/// These tasks as lines of the registry.
TaskEntry bag_of_words_entry();
TaskEntry slalom_words_entry();

/// @throws std::invalid_argument for a task that is none of these.
Language language_of(const Task& task);

}  // namespace assay::tasks::synthetic_text
