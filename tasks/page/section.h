#pragma once
// What a part of the report page is made from, and what it is. Pages are put together and written
// by tools/page; a task brings the parts that speak of it alone (Pages in capabilities.h).

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "tasks/page/blocks.h"

namespace assay::axioms {
struct Report;
}
namespace assay::tasks {
class Task;
struct Subject;
}  // namespace assay::tasks

namespace assay::tasks::page {

/// Kinds of records that sections speak about (tools/records.h). A log of a training, which is no
/// record, has a name of its own.
struct RunKind {
  static constexpr const char *Validation = "validation", *Explanation = "explanation",
                              *Comparison = "comparison", *Measurement = "measurement",
                              *Discovery = "discovery", *Circuit = "circuit",
                              *Derivation = "derivation", *Proofs = "proofs", *Training = "log",
                              *Manifest = "training";
};

/// A run that a page is about: what its record says, and the network behind it where that is at
/// hand.
struct Run {
  std::string kind;  ///< of its record: RunKind, or one that a loaded object brought
  std::string name;  ///< for people: the report's title, or its kind and its file
  std::filesystem::path path;
  Json report;                                            ///< of a training: {"lines": […]}
  std::shared_ptr<const Task> task = {};                  ///< null where the report names none
  std::shared_ptr<const Subject> subject = {};            ///< of a validation, else null
  std::string no_subject = "it is not a validation";      ///< why `subject` is null
  std::shared_ptr<const axioms::Report> validation = {};  ///< of a validation, else null
};

/// A part of the page under a heading of its own.
struct Section {
  std::string title;
  std::string run = {};  ///< whose it is, shown where the page is about several
  Json blocks = Json::array();
  std::string id =
      {};  ///< where links lead to: the entry's name, set by whoever puts the page together
};

struct SectionEntry {
  std::string name;  ///< `verdict`
  std::string help;
  /// Speaks about the run, or is nothing.
  std::function<std::optional<Section>(const Run& run)> make;
};

}  // namespace assay::tasks::page
