#include "tools/page/record_head.h"

#include <fmt/format.h>

#include "tasks/comparison_fields.h"
#include "tasks/task.h"
#include "tasks/wording.h"
#include "tools/comparison_words.h"
#include "tools/measure_names.h"
#include "tools/page/run.h"

namespace assay::tools::page {
namespace {

/// The question that the page answers; a kind of a loaded object has none.
std::string question_of(const Run& run) {
  if (run.kind == RunKind::Proofs) return "What holds for every input?";
  if (run.kind == RunKind::Manifest) return "Which network is this?";
  if (run.kind == "solution") return "Can all of these clauses be true at once?";
  if (run.kind == "alignment") return "Where in the network does this value live?";
  if (run.kind == "circuit-comparison") return "What do these two circuits share?";
  if (run.kind == "attack")
    return run.report.at("row") == "answer" ? "Is there an input on which the network is wrong?"
                                            : "Is there an input on which this explanation fails?";
  if (run.kind == RunKind::Explanation) return "Which parts of this input matter to the network?";
  if (run.kind == RunKind::Measurement)
    return "How well does this circuit stand in for the network?";
  if (run.kind == RunKind::Discovery || run.kind == RunKind::Circuit)
    return "Which parts of the network do the work?";
  if (run.kind == RunKind::Derivation) return "What speaks for this interpretation?";
  if (run.kind == RunKind::Training) return "How did the network learn?";
  if (run.kind == "mutation-table") return "Does validation catch every mutation?";
  if (run.kind == "sweep") return "How good do networks of these recipes become?";
  if (run.kind == "study") return "Which surrogate follows this network?";
  return "";
}

/// A comparison is headed by what it can tell: not every one has an interpretation at hand.
std::string question_of(const tasks::ComparisonSummary& summary) {
  const std::vector<std::string> measures = headline_measures(summary);
  if (measures.empty()) return "Which explanations are faithful to the network?";
  switch (kind_of_reference(reference_of(measures.front()), summary)) {
    case ReferenceKind::Mechanism:
      return "Do feature-level explanations agree with what the network does?";
    case ReferenceKind::Known:
      return "Do feature-level explanations find what must matter?";
    case ReferenceKind::Method:
      break;
  }
  return "Do feature-level explanations agree with each other?";
}

}  // namespace

/// Of what the answer speaks: the network's task, or what the record calls itself. Empty: nobody
/// says.
std::string subject_of(const Run& run) {
  if (run.task)
    if (const std::string& deed = tasks::wording_of(*run.task).deed; !deed.empty())
      return "How this network " + deed;
  const std::string title = title_of(run);
  return title == kind_title(run) ? "" : title;
}

Page record_head(const Run& run) {
  const std::string subject = subject_of(run);
  const std::string kind = kind_title(run), title = title_of(run);
  Page page{.title = subject.empty() ? kind : fmt::format("{}: {}", kind, subject), .sections = {}};
  page.heading = question_of(run);
  if (run.kind == RunKind::Comparison) {
    const auto summary =
        interp::read_record<tasks::ComparisonSummary>(run.report.at("summary"), "the summary");
    page.heading = question_of(summary);
    page.description = comparison_headline(summary);
  }
  if (page.heading.empty())
    page.heading = title;
  else
    page.kicker = fmt::format("Assay · {}{}", kind, title == kind ? "" : " · " + title);
  if (run.task) page.stand = tasks::wording_of(*run.task).sentence;
  return page;
}

}  // namespace assay::tools::page
