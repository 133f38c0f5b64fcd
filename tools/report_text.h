#pragma once
// A validation report for people.

#include <string>
#include <vector>

#include "axioms/report.h"
#include "tasks/task.h"
#include "tools/terminal.h"

namespace assay::tools {

/// What was tested on what.
struct TestedSubject {
  axioms::Source model, interpretation;
  std::string title;   ///< of the interpretation
  std::string inputs;  ///< in words
};
void print_subject(const TestedSubject& subject, const tasks::Task& task, const Console& console);

/// The verdict, what qualifies it, all rows and where they come from, in 80 columns; with --quiet
/// the verdict's line alone.
void print_report(const axioms::Report& report, const tasks::Task& task, const Console& console);

/// What is proved of a row, in place of its bounds: `0 for all 1.05e16, margin 3.12`,
/// `= or.PE (proved)`. Empty: nothing.
std::string proved_text(const axioms::ReportRow& row);
/// The verdict on the row's claim: `proved` where it holds by a proof. Empty: no claim.
std::string verdict_word(const axioms::ReportRow& row);

/// Of a claim that a sequential run left undecided: about how many more inputs would decide it.
/// Empty for any other row.
std::string still_needed(const axioms::ReportRow& row, const axioms::Report& report);

/// The exit code of a validation; with --quiet, says why it is that of an interrupted run.
int exit_code(const axioms::Report& report, const Console& console);

/// Rates with as many decimals as the smallest one needs for two digits, four at least.
int decimals_for(const std::vector<axioms::ReportRow>& rows);

}  // namespace assay::tools
