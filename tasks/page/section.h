#pragma once
// What a part of the report page is made from, and what it is. Pages are put together and written
// by tools/page; a task brings the parts that speak of it alone (Pages in capabilities.h).

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "tasks/page/blocks.h"

namespace assay::tasks {
class Task;
struct Subject;
}  // namespace assay::tasks

namespace assay::tasks::page {

enum class RunKind {
  Validation,
  Explanation,
  Comparison,
  Measurement,
  Discovery,
  Circuit,
  Derivation,
  Proofs,
  Training,
  Manifest
};

/// A run that a page is about: what its record says, and the network behind it where that is at
/// hand.
struct Run {
  RunKind kind = RunKind::Validation;
  std::string name;  ///< for people: the report's title, or its kind and its file
  std::filesystem::path path;
  Json report;                                        ///< of a training: {"lines": […]}
  std::shared_ptr<const Task> task = {};              ///< null where the report names none
  std::shared_ptr<const Subject> subject = {};        ///< of a validation, else null
  std::string no_subject = "it is not a validation";  ///< why `subject` is null
};

/// A part of the page under a heading of its own.
struct Section {
  std::string title;
  std::string run = {};  ///< whose it is, shown where the page is about several
  Json blocks = Json::array();
};

struct SectionEntry {
  std::string name;  ///< `verdict`
  std::string help;
  /// Speaks about the run, or is nothing.
  std::function<std::optional<Section>(const Run& run)> make;
};

}  // namespace assay::tasks::page
