#pragma once
// What was proved, on a terminal and as a record.

#include <string>
#include <vector>

#include "axioms/proofs/equal_rows.h"
#include "axioms/proofs/statement.h"
#include "axioms/proofs/study.h"
#include "tasks/subject.h"
#include "tasks/task.h"
#include "tools/prove_fields.h"
#include "tools/terminal.h"

namespace assay::tools {

/// What is to be proved of a subject, which it refers to. @param domain  a name of the task's;
/// empty: its first. @throws std::invalid_argument listing the domains that there are, or if the
/// task has no specification.
proofs::Study study_of(const tasks::Subject& subject, const std::string& domain);
/// `sampled: every formula of 10 clauses, … (1.05e16 inputs)`
std::string domain_text(const proofs::Domain& domain);
/// What is right, in words: `the sum of the numbers modulo 113`.
std::string right_text(const proofs::Specification& specification, const tasks::Task& task);

/// `3 of 4 statements are proved, 1 is refuted`. @param verdicts  proved, refuted or open.
std::string proofs_sentence(const std::vector<std::string>& verdicts);
void print_statements(const std::vector<proofs::Statement>& statements, const proofs::Study& study,
                      const tasks::Task& task, const Console& console);
/// CPU time of all threads, by statement; nothing of those that were decided elsewhere.
void print_times(const std::vector<proofs::Statement>& statements, const Console& console);
void print_rows(const std::vector<proofs::EqualRows>& rows, const Console& console);
/// Cases are told with their inputs as text; the network is run on inputs that refute.
std::vector<StatementRecord> records_of(const std::vector<proofs::Statement>& statements,
                                        const proofs::Study& study, const tasks::Task& task);

}  // namespace assay::tools
