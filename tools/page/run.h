#pragma once
// The runs that a page is about, read from files.

#include <filesystem>

#include "tasks/subject.h"
#include "tools/page/page.h"

namespace assay::tools::page {

/// A report as it was just made or read. Of a validation, model and interpretation are loaded if
/// the files that it names are there and are those that were tested.
/// @param path  of a log (metrics.jsonl): it says by its name what it is, reports by their `kind`.
/// @throws std::invalid_argument, std::runtime_error if no subcommand writes such a report, or one
///   of another version, or there is no page about it (records.h); and naming the field that is not
///   what it must be (report_shapes.h).
Run make_run(Json report, const std::filesystem::path& path);

/// A report in JSON, a circuit file, or the metrics.jsonl of a training.
/// @throws std::runtime_error naming the file.
Run read_run(const std::filesystem::path& path);

/// What it calls itself, or else what its kind is called: without the name of its file.
std::string title_of(const Run& run);

/// What pages about records of its kind are called: `Circuit`.
const std::string& kind_title(const Run& run);

/// Where a run says how it was made: the report itself, in circuit files what stands under `assay`.
const Json& origin_of(const Run& run);

}  // namespace assay::tools::page
