#pragma once
// The sections that a page can have, one file each. A section speaks about one run, or is nothing
// where that run has nothing to say.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "interp/registry.h"
#include "tools/page/page.h"
#include "tools/page/run.h"

namespace assay::tools::page {

std::optional<Section> verdict_section(const Run& run);     ///< does it hold?
std::optional<Section> claimed_section(const Run& run);     ///< what exactly: a card for every node
std::optional<Section> rows_section(const Run& run);        ///< how well: one figure of all rows
std::optional<Section> exchanges_section(const Run& run);   ///< what another input's values do
std::optional<Section> parts_section(const Run& run);       ///< failing inputs, step by step
std::optional<Section> where_section(const Run& run);       ///< on which inputs
std::optional<Section> regions_section(const Run& run);     ///< which inputs rows fail on
std::optional<Section> comparison_section(const Run& run);  ///< methods of explaining
std::optional<Section> explanations_section(const Run& run);  ///< inputs, coloured by scores
std::optional<Section> proofs_section(const Run& run);        ///< what holds for every input
std::optional<Section> evidence_section(const Run& run);      ///< what a derivation found
std::optional<Section> circuit_section(const Run& run);    ///< a circuit drawn, with edge weights
std::optional<Section> measures_section(const Run& run);   ///< how well a circuit stands in
std::optional<Section> certified_section(const Run& run);  ///< edges that stay, with a guarantee
std::optional<Section> tests_section(const Run& run);      ///< the hypothesis tests about a circuit
std::optional<Section> training_section(const Run& run);   ///< loss and accuracy by step
std::optional<Section> mutations_section(const Run& run);  ///< what catches each mutation
std::optional<Section> study_section(const Run& run);      ///< which surrogate follows a network
std::optional<Section> sweep_section(const Run& run);      ///< trainings side by side
std::optional<Section> attack_section(const Run& run);     ///< what a search for failures found
std::optional<Section> alignment_section(const Run& run);  ///< where a value lives
std::optional<Section> circuit_comparison_section(const Run& run);  ///< what two circuits share
std::optional<Section> solution_section(const Run& run);            ///< the answer to a formula
std::optional<Section> trust_section(const Run& run);  ///< enough to run the same thing again

/// In the order of the page; what was loaded comes last. The entry `of-task` has no function: it
/// holds the place of the sections that tasks bring (tasks::Pages).
interp::Registry<SectionEntry>& sections();

/// All sections of all runs, sections of one kind together. What is the same in several runs, such
/// as a circuit that two of them speak about, stands once under all their names.
/// @throws std::runtime_error naming the run whose report lacks what its section needs.
Page page_of(const std::vector<Run>& runs);

/// Writes the page about these runs. @throws std::runtime_error if it cannot be written.
void write_page(const std::vector<Run>& runs, const std::filesystem::path& path);

}  // namespace assay::tools::page
