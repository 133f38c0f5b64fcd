#pragma once
// What a validation found, in sentences that a stranger can read. Terminal, Markdown and page say
// them from the same record, so that they cannot disagree. Words are the task's own: `formulas`.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "axioms/report.h"
#include "tasks/task.h"

namespace assay::tools {

/// What came out, of a row with a claim or of a whole report.
enum class Outcome { None, Holds, Undecided, Untested, Vacuous, Violated };
struct OutcomeWords {
  const char *name, *glyph, *ascii;  ///< `holds`, `✓`, `+`
};
const OutcomeWords& words_of(Outcome outcome);
Outcome outcome_of(const axioms::ReportRow& row);  ///< None: no claim
Outcome outcome_of(const axioms::Report& report);  ///< the worst that there is

struct VerdictWords {
  Outcome outcome = Outcome::None;
  std::string head;      ///< "The explanation holds."
  std::string say;       ///< what that rests on
  std::string but_head;  ///< "But not on every formula."; empty: nothing qualifies it
  std::string but;
  std::string count;  ///< "5 of 5 claims, together at 95%"
};
VerdictWords verdict_words(const axioms::Report& report, const tasks::Task& task);
/// The claims that hold and what that rests on, in one line; of a part of a run, that it has none.
std::string sentence_of(const VerdictWords& words);

/// The name of the row that this one must equal by the form of the interpretation, and why: from
/// the input and from the step before are the same question of a first step. Only where the counts
/// agree, too.
struct EqualRow {
  std::string name;  ///< `parse.PE`
  std::string why;   ///< `first step`
};
std::optional<EqualRow> equal_row(const axioms::Report& report, size_t row);
/// Rows of all inputs that equal no other.
int64_t count_unknown(const axioms::Report& report);

/// The row's upper bound as it is shown: wherever one stops, or for all rows together; of an exact
/// row its rate.
double bound_of(const axioms::ReportRow& row);

/// What a failure of the row is: "the network's value of parse is not the one computed from the
/// input".
std::string failure_in_words(const axioms::ReportRow& row);

enum class Rounding { Nearest, Up, Down };
/// Two or three digits: `2.88%`, `0.031%`. Bounds are rounded away from what they bound. 0 is `0`,
/// and nothing but 1 is `100%`.
std::string share_text(double share, Rounding rounding = Rounding::Nearest);

}  // namespace assay::tools
