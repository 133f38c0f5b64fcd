#pragma once
// What was proved, on a terminal and as a record.

#include <nlohmann/json.hpp>
#include <vector>

#include "axioms/proofs/equal_rows.h"
#include "axioms/proofs/statement.h"
#include "axioms/proofs/study.h"
#include "tasks/task.h"
#include "tools/terminal.h"

namespace assay::tools {

/// The task's domain of this name, or its first. @throws std::invalid_argument listing those it
/// has.
const proofs::Specified& domain_named(const tasks::Specification& known, const std::string& name);
/// `sampled: every formula of 10 clauses, … (1.05e16 inputs)`
std::string domain_text(const proofs::Domain& domain);

void print_statements(const std::vector<proofs::Statement>& statements, const tasks::Task& task,
                      const Console& console);
void print_rows(const std::vector<proofs::EqualRows>& rows, const Console& console);
nlohmann::ordered_json to_json(const std::vector<proofs::Statement>& statements,
                               const tasks::Task& task);

}  // namespace assay::tools
