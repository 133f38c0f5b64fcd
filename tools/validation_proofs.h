#pragma once
// What is proved and what is searched for in a validation: `--prove`, `--certificate`, `--attack`.
// Proofs decide rows without counting, and save runs; a search stands beside the rates.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "axioms/proofs/equal_rows.h"
#include "axioms/proofs/study.h"
#include "axioms/report.h"
#include "tasks/subject.h"
#include "tools/options.h"
#include "tools/validation_inputs.h"
#include "tools/validation_question.h"

namespace CLI {
class App;
}

namespace assay::tools {

struct ProofOptions {
  bool prove = false;
  std::filesystem::path certificate;  ///< empty: none
  std::optional<double> attack;       ///< seconds for each search
};
void add_proof_options(CLI::App& app, ProofOptions& options);

/// Proves, or reads what was proved, and derives what follows for the rows. None: neither was
/// asked.
/// @throws std::invalid_argument for a task without a specification and for inputs that the domain
///   of the proofs does not hold; std::runtime_error as proofs::read_certificate().
std::optional<axioms::Proofs> proofs_for(const ProofOptions& options, const Question& question,
                                         const tasks::Subject& subject,
                                         const ValidationInputs& inputs,
                                         const CommonOptions& common);

/// What was proved, and where, or from which file.
void print_proofs(const axioms::Proofs& all, const Question& question, const Console& console);

/// A statement as reports hold it: margins are rounded down and errors up to six decimals, so that
/// another machine writes the same.
axioms::ProvedStatement recorded(const proofs::Statement& statement);

/// What follows from recorded statements.
/// @param nodes  in the order of the program, the output last.
std::vector<axioms::ProvedRows> rows_following(
    const std::vector<axioms::ProvedStatement>& statements,
    const std::vector<circuits::Node>& nodes, const tasks::Task& task);

/// Whether a report that was read claims no more than follows from its own statements about its own
/// nodes. @throws std::invalid_argument if it does.
void require_rows_follow(const axioms::Report& report, const tasks::Task& task);

/// Nodes whose replaced runs need not be made.
std::vector<std::string> nodes_not_replaced(const std::optional<axioms::Proofs>& proofs,
                                            const circuits::Interpretation& interpretation);

/// Searches for a wrong answer, and for a failure of each claimed row that is not proved and has
/// not failed.
axioms::WorstCase worst_case(const ProofOptions& options, const tasks::Subject& subject,
                             const axioms::Report& report, const CommonOptions& common);

}  // namespace assay::tools
