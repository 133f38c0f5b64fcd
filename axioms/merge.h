#pragma once
// Reports of parts of a run, added up to the report that one run would have written. Counts add up
// and witnesses are put in order; bounds and verdicts are computed anew, never merged. What looks
// at the whole stream at once, vacuity's questions, is asked in the first part.

#include <string>
#include <vector>

#include "axioms/report.h"

namespace assay::axioms {

struct NamedReport {
  std::string name;  ///< of its file, for messages
  Report report;
};

/// @throws std::invalid_argument, naming the file, for a report that is no part or contradicts
///   itself: inputs counted that are not the part's, other numbers of inputs in its rows, witnesses
///   that are not among its inputs or not as many as there must be.
void require_part(const NamedReport& part);

/// @throws std::invalid_argument, naming both files and the first field that differs, unless the
///   reports are about the same network, interpretation, inputs and claims, and were asked the
///   same.
void require_same_run(const NamedReport& one, const NamedReport& other);

/// Adds the counts of a report on other inputs of the same run, and its times.
/// @throws std::invalid_argument if an input is counted in both.
void add_counts(Report& total, const Report& more);

/// For a report that counts every input of its run: adds what the output's readings say, and makes
/// it the report of a whole run. An interrupted one stays a part.
void complete(Report& report);

/// In any order, all parts of one run. The other facts (command, threads, BLAS) are those of the
/// first part.
/// @throws std::invalid_argument as require_part() and require_same_run(), and for interrupted,
///   missing and doubled parts.
Report merge(std::vector<NamedReport> parts);

}  // namespace assay::axioms
