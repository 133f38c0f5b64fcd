#include "tools/validation_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "axioms/experiment.h"
#include "interp/files/json_shape.h"
#include "tasks/registry.h"
#include "tools/records.h"
#include "tools/validation_proofs.h"

namespace assay::tools {
namespace {

using axioms::Axiom;
using nlohmann::ordered_json;
namespace shapes = interp::json_shapes;

void require_fits(const ordered_json& value, const interp::Shape& shape, const std::string& what) {
  if (const auto problem = interp::mismatch(value, shape))
    throw std::invalid_argument(fmt::format("{} of a witness: {}", what, *problem));
}

/// Indices of answers that the task has.
void require_answers_fit(const axioms::Report& report, const tasks::Task& task) {
  const auto answers = static_cast<int64_t>(task.answers().size());
  for (const axioms::ReportRow& row : report.rows) {
    int64_t most = row.answer.value_or(0);
    for (const axioms::AnswerCounts& counts : row.answers) most = std::max(most, counts.answer);
    if (most >= answers)
      throw std::invalid_argument(
          fmt::format("row {}: answer {}, expected one below {}", row.name(), most, answers));
  }
}

void require_witnesses_fit(const axioms::Report& report, const tasks::Task& task) {
  const auto answers = static_cast<int64_t>(task.answers().size());
  const interp::Shape token = shapes::integer(0, task.d_vocab() - 1),
                      tokens = shapes::list(token, 1, task.n_ctx()),
                      decision = shapes::integer(axioms::kTie, answers - 1);
  for (const axioms::ReportRow& row : report.rows) {
    const bool decides =
        row.axiom == Axiom::PR || row.axiom == Axiom::CR || is_interchange(row.axiom);
    for (const axioms::Witness& witness : row.witnesses) {
      require_fits(witness.tokens, tokens, "the tokens");
      for (const auto& source : witness.sources) require_fits(source, tokens, "the sources");
      if (!decides) continue;
      require_fits(witness.network, decision, "the decisions");
      require_fits(witness.interpretation, decision, "the decisions");
    }
  }
}

/// What pages and drawings take the parameters for.
void require_operations_fit(const axioms::Report& report) {
  for (const axioms::ReportNode& node : report.nodes) {
    const circuits::Operation h{node.definition.h.operation, node.definition.h.parameters, {}};
    if (!tasks::operations().functions.contains(h.name)) continue;
    const auto& in_words = tasks::operations().functions.at(h.name).in_words;
    if (!in_words) continue;
    for (const auto& [parameter, value] : h.parameters.items()) in_words(h, parameter);
  }
}

}  // namespace

ValidationRecord validation_from_json(const ordered_json& json, const std::string& where) {
  ValidationRecord record{.report = axioms::report_from_json(json, where), .task = nullptr};
  try {
    record.task = tasks::task_from_json(record.report.task);
    require_witnesses_fit(record.report, *record.task);
    require_answers_fit(record.report, *record.task);
    require_operations_fit(record.report);
    require_rows_follow(record.report, *record.task);
  } catch (const std::exception& error) {
    throw std::runtime_error(fmt::format("{}: {}", where, error.what()));
  }
  return record;
}

ValidationRecord read_validation(const std::filesystem::path& path) {
  return validation_from_json(read_record(path, axioms::kReportKind), path.string());
}

}  // namespace assay::tools
