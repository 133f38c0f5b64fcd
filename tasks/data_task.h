#pragma once
// A task made of a file: inputs, and their answers where the file knows them (tasks/prompts.h). It
// serves networks that were made for no task of ours, whatever their vocabulary and length.

#include "interp/network/places.h"
#include "tasks/registry.h"

namespace assay::tasks {

inline constexpr const char* kDataTask = "data";

/// The task of a file's prompts. Its settings say all that there is to know but the inputs, so that
/// a report can be read where the file is gone: `path`, `tokens` (that exist), `positions` (of the
/// longest input) and `answers`, numbers with blanks between them; none: every token is one. Inputs
/// are gone through again and again, whatever the part.
/// @param places  of the network.
/// @throws std::runtime_error as read_prompts(), and for a token or an answer that the network does
///   not have.
std::unique_ptr<Task> data_task(const std::filesystem::path& path, const interp::Places& places);

/// This task as a line of the registry.
TaskEntry data_entry();

}  // namespace assay::tasks
