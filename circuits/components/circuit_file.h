#pragma once
// Circuits in and out of files, in the format that EAP-IG and MIB use:
//   {"cfg":   {"n_layers", "n_heads", "parallel_attn_mlp", "d_model"},
//    "nodes": {name: {"in_graph"}},
//    "edges": {name: {"score", "in_graph"}}}
// What Assay has to add stands under "assay", which other tools pass over: the number of positions,
// that blocks have no MLPs, and where the circuit came from. Heads are a list where they differ
// between blocks.

#include <filesystem>
#include <nlohmann/json.hpp>

#include "circuits/components/circuit.h"

namespace assay::circuits {

struct CircuitFile {
  Circuit circuit;
  int64_t d_model = 0;  ///< of the network it speaks about; 0: not said
  /// Free information: model hash, task, method, ablation, ….
  nlohmann::ordered_json origin = nlohmann::ordered_json::object();
};

/// Writes atomically; reading back and writing again gives the same bytes. Unscored edges have no
/// score. @return SHA-256 of the file.
std::string save_circuit(const CircuitFile& file, const std::filesystem::path& path);

/// Tolerates missing scores, the bare word NaN for a score (it has none then), nodes that are not
/// listed or not marked, and fields that it does not know.
/// @throws std::runtime_error naming file and edge: for what is no JSON or lacks a field, an edge
///   that stands twice, more heads or edges than kMostHeads or kMostEdges, components that the
///   network of "cfg" lacks, edges against the order of computation (so no cycles), and nodes of
///   which only some neurons are kept.
CircuitFile load_circuit(const std::filesystem::path& path);

/// @throws std::invalid_argument if the circuit is not one of this network (expected and got).
void require_fits(const CircuitFile& file, const interp::Places& places);

}  // namespace assay::circuits
