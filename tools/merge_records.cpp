// Parts whose records hold all that is needed.

#include <torch/types.h>

#include <stdexcept>

#include "axioms/merge.h"
#include "interp/files/json_shape.h"
#include "tasks/registry.h"
#include "tasks/synthetic_text/synthetic_text.h"
#include "tools/comparison_file.h"
#include "tools/comparison_text.h"
#include "tools/merges.h"
#include "tools/mutation_fields.h"
#include "tools/mutation_text.h"
#include "tools/report_text.h"
#include "tools/startup.h"
#include "tools/study_result.h"
#include "tools/task_options.h"
#include "tools/validation_record.h"

namespace assay::tools {

using nlohmann::ordered_json;

Merged merge_validations(const Merging& merging) {
  std::vector<axioms::NamedReport> parts;
  std::unique_ptr<tasks::Task> task;
  for (const auto& [name, record] : merging.parts) {
    ValidationRecord read = validation_from_json(record, name);
    task = std::move(read.task);
    parts.push_back({name, std::move(read.report)});
  }
  const Console& console = merging.session.console;
  axioms::Report report = axioms::merge(std::move(parts));
  report.facts.command = command_line();
  print_report(report, *task, console);
  console.line();
  print_subject({.model = report.facts.model,
                 .interpretation = report.facts.interpretation,
                 .title = report.title,
                 .inputs = report.inputs_text},
                *task, console);
  return {.record = axioms::to_json(report),
          .conclude = [report, &console, summaries = merging.summaries,
                       task = std::shared_ptr<const tasks::Task>(std::move(task))] {
            write_summaries(summaries, report, *task, console);
            return exit_code(report, console);
          }};
}

Merged merge_comparisons(const Merging& merging) {
  MergedComparison merged = merged_comparison(merging.parts);
  merged.report["command"] = command_line();
  const Console& console = merging.session.console;
  print_comparison(merged.comparison, merged.summary, console);
  console.line();
  console.fact("task", describe(*merged.task));
  return {.record = std::move(merged.report),
          .conclude = [summary = merged.summary, comparison = merged.comparison] {
            require_explained(summary, comparison);
            return kDone;
          }};
}

Merged merge_mutation_tables(const Merging& merging) {
  const std::string& where = merging.parts.front().name;
  ordered_json whole = joined_parts(merging.parts, "mutations", {"command"});
  const auto results = mutations_from_json(whole["mutations"], where);
  const auto head = interp::read_record<MutationTableHead>(whole, where);
  whole["command"] = command_line();
  print_mutations(results, merging.session.console);
  merging.session.console.line();
  merging.session.console.fact("interpretation", head.title);
  return {.record = std::move(whole)};
}

Merged merge_studies(const Merging& merging) {
  const std::string& where = merging.parts.front().name;
  ordered_json report = joined_parts(merging.parts, "scores", {"command"});
  const auto head = interp::read_record<StudyHead>(report, where);
  const tasks::synthetic_text::StudyConfig config = head.config();
  const auto task = about(where, [&] { return tasks::task_from_json(head.task); });
  const tasks::synthetic_text::StudyTexts texts(tasks::synthetic_text::language_of(*task), config);
  const ordered_json all = std::move(report["scores"]);
  report.erase("scores");
  if (std::ssize(all) != texts.batches())
    throw std::invalid_argument(
        fmt::format("{}: expected scores of {} batches in all parts, found {}", where,
                    texts.batches(), all.size()));
  std::vector<at::Tensor> scores;
  for (int64_t i = 0; i < texts.batches(); ++i)
    scores.push_back(about(fmt::format("{}: batch {} of the whole", where, i),
                           [&] { return scores_from_json(all[i], texts, i); }));
  report["command"] = command_line();
  const Console& console = merging.session.console;
  report = conclude(texts, scores, config, std::move(report), merging.quiet, console);
  console.line();
  console.fact("task", describe(*task));
  return {.record = std::move(report)};
}

}  // namespace assay::tools
