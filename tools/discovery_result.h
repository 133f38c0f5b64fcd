#pragma once
// From the scores of edges to a circuit: what discover does when all inputs are scored, and merge
// when all parts are there.

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "circuits/discovery/discovery.h"
#include "interp/adapters/model_file.h"
#include "tools/options.h"

namespace assay::tools {

/// Which edges make the circuit.
struct SelectionOptions {
  std::string select = "greedy";
  std::optional<int64_t> edges;
  std::optional<double> share, least;
  bool is_signed = false, keep_dead_ends = false;
};
void add_selection_options(CLI::App& app, SelectionOptions& options);
/// @throws std::invalid_argument for more edges than there are.
void require_fits(const SelectionOptions& options, const circuits::ComponentGraph& graph);
/// For the parts of a run, which must agree in it.
nlohmann::ordered_json to_json(const SelectionOptions& options);

struct Discovery {
  const interp::Transformer& model;
  const circuits::ComponentGraph& graph;
  circuits::EdgeScores scores;
  double seconds = 0;
  /// Model, task, inputs, method, metric, ablation, options: what both files say of it.
  nlohmann::ordered_json facts;
};
/// Cuts the circuit out, writes it to `out` and prints what was found. @return the report.
/// @param show  edges listed.
nlohmann::ordered_json conclude(const Discovery& discovery, const SelectionOptions& selection,
                                const std::filesystem::path& out, int64_t show,
                                const Console& console);

/// An element of the member `chunks` of a record, and back.
nlohmann::ordered_json to_json(const circuits::ChunkSums& chunk);
/// @throws std::invalid_argument "field …" naming what is not as many numbers as the graph has rows
///   and columns.
circuits::ChunkSums chunk_sums_from_json(const nlohmann::ordered_json& json,
                                         const circuits::ComponentGraph& graph);

}  // namespace assay::tools
