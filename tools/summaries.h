#pragma once
// A validation in the forms that other programs show: JUnit's XML, which continuous integration
// reads, Markdown, for a pull request or a notebook, and CSV. All say what the terminal says.

#include <filesystem>
#include <string>

#include "axioms/report.h"
#include "tasks/task.h"
#include "tools/options.h"

namespace assay::tools {

struct SummaryOptions {
  std::filesystem::path junit, markdown, csv;  ///< empty: not asked for
};
void add_summary_options(CLI::App& app, SummaryOptions& options);
/// Before the work begins. @throws std::runtime_error if one of the files could not be written.
void require_writable(const SummaryOptions& options);
void write_summaries(const SummaryOptions& options, const axioms::Report& report,
                     const tasks::Task& task, const Console& console);

/// One test case per claim. One that holds passes, one that is violated or vacuous is a failure,
/// one that is undecided an error: what could not be told is never green. Where no claim was made,
/// or the run was interrupted, a test case of its own is an error.
std::string junit_of(const axioms::Report& report, const tasks::Task& task);

/// A line per row, under one of names: counts, bounds, claims and verdicts, for spreadsheets (RFC
/// 4180). What a row does not have is left empty.
std::string csv_of(const axioms::Report& report);

/// The verdict in the words of the terminal and the page, what speaks against it, and a table of
/// all rows.
std::string markdown_of(const axioms::Report& report, const tasks::Task& task);

}  // namespace assay::tools
