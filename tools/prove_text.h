#pragma once
// What was proved, on a terminal and as a record.

#include <nlohmann/json.hpp>
#include <vector>

#include "axioms/proofs/statement.h"
#include "axioms/proofs/study.h"
#include "tasks/task.h"
#include "tools/terminal.h"

namespace assay::tools {

void print_statements(const std::vector<proofs::Statement>& statements, const tasks::Task& task,
                      const Console& console);
nlohmann::ordered_json to_json(const std::vector<proofs::Statement>& statements,
                               const tasks::Task& task);

}  // namespace assay::tools
