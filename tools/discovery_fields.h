#pragma once
// What a discovery found, what its parts hold, and what two circuits share, in JSON, member by
// member (interp/files/fields.h).

#include <string>
#include <utility>
#include <vector>

#include "interp/interval_field.h"
#include "tools/discovery_result.h"
#include "tools/experiment_fields.h"
#include "tools/record_fields.h"

namespace assay::tools {

struct ScoredEdge {
  double score = 0, standard_error = 0;
  bool is_kept = false;
};

/// How edges were scored: what the circuit's file, the report and the parts of a run say of it.
struct DiscoveryFacts {
  ExperimentFacts experiment;
  std::string method, metric, ablation;
  interp::OptionValues options;  ///< of the method, all of them
};

/// Of a whole run, beside its head and facts.
struct DiscoveryRecord {
  axioms::Source circuit;
  double seconds = 0;
  std::vector<std::pair<std::string, ScoredEdge>> edges;  ///< by name, in the graph's order
};

/// What merging reads of a part, beside its chunks.
struct DiscoveryPart {
  DiscoveryFacts facts;
  bool positions = false;
  SelectionOptions selection;
  double seconds = 0;
};

/// circuits::ChunkSums, row by row.
struct ChunkRecord {
  bool changed = false;
  std::vector<double> sum, square;
};

struct ComparedCircuit {
  std::string path;
  int64_t edges = 0;
};

/// How well the first circuit finds the second, where that is the truth.
struct Found {
  int64_t edges = 0;                        ///< of the graph
  std::optional<double> auroc;              ///< none: edges have no scores, or are all of one kind
  std::optional<double> precision, recall;  ///< none: the first, or the second, has no edges
};

/// Of two circuits of one network.
struct CircuitComparison {
  ComparedCircuit a, b;
  int64_t shared = 0;
  double jaccard = 0;
  std::optional<double> correlation;
  std::vector<std::string> only_a, only_b;
  std::optional<Found> truth;
};

/// Which options there are, their method says: they are read by `options_of()`.
template <class V>
void fields(V& v, DiscoveryFacts& facts) {
  fields(v, facts.experiment);
  v("method", facts.method, "that scored the edges");
  v("metric", facts.metric, "that they are scored by");
  v("ablation", facts.ablation, "what cut edges carry");
  for (auto& [name, value] : facts.options) v(name.c_str(), value, "an option of the method");
}
/// @throws std::invalid_argument for a method, metric or ablation that there is not, and naming the
///   member: an option of the method that is missing or ill-typed, or one of another method.
interp::OptionValues options_of(const DiscoveryFacts& facts, const nlohmann::ordered_json& record);

template <class V>
void fields(V& v, ScoredEdge& edge) {
  const interp::Shape number = interp::numbers_if_any();
  v("score", edge.score, "how much it helps; null: it was not scored", number);
  v("standard_error", edge.standard_error, "of the score, over inputs", number);
  v("in_graph", edge.is_kept, "it is part of the circuit");
}

template <class V>
void fields(V& v, DiscoveryRecord& record) {
  v("circuit", record.circuit, "the file of the circuit");
  v("seconds", record.seconds, "of scoring", interp::json_shapes::number(0));
  interp::by_name(v, "edges", record.edges, "all edges of the graph by name");
}

template <class V>
void fields(V& v, SelectionOptions& selection) {
  namespace shapes = interp::json_shapes;
  v("select", selection.select, "--select", shapes::text_among({"greedy", "top"}));
  v("signed", selection.is_signed, "--signed");
  v("keep_dead_ends", selection.keep_dead_ends, "--keep-dead-ends");
  v("edges", selection.edges, "--edges", shapes::integer(1));
  v("share", selection.share, "--share", shapes::number(0, 1));
  v("min_score", selection.least, "--min-score", shapes::number());
}

template <class V>
void fields(V& v, DiscoveryPart& part) {
  fields(v, part.facts);
  v("positions", part.positions, "--positions");
  v("selection", part.selection, "which edges make the circuit");
  v("seconds", part.seconds, "of scoring", interp::json_shapes::number(0));
}

template <class V>
void fields(V& v, ChunkRecord& chunk) {
  v("changed", chunk.changed, "the ablation changed something");
  v("sum", chunk.sum, "of the effects of each edge, in the graph's order");
  v("square", chunk.square, "of their squares");
}

template <class V>
void fields(V& v, ComparedCircuit& circuit) {
  v("path", circuit.path, "where it was read");
  v("edges", circuit.edges, "of the circuit", interp::counts());
}

template <class V>
void fields(V& v, Found& found) {
  v("edges", found.edges, "of the graph", interp::counts());
  or_null(
      v, "auroc", found.auroc,
      "the probability that an edge of the second circuit has a larger score, without its sign, "
      "than another edge has; null: not all edges are scored, or all are of one kind",
      interp::shares());
  or_null(v, "precision", found.precision,
          "the share of the first circuit's edges that are in the second", interp::shares());
  or_null(v, "recall", found.recall,
          "the share of the second circuit's edges that are in the first", interp::shares());
}

template <class V>
void fields(V& v, CircuitComparison& comparison) {
  v("a", comparison.a, "the first circuit");
  v("b", comparison.b, "the second");
  v("shared", comparison.shared, "edges that are in both", interp::counts());
  v("jaccard", comparison.jaccard, "their share of the edges that are in either", interp::shares());
  or_null(v, "correlation", comparison.correlation,
          "of the scores of edges that both have scored; null: fewer than three");
  v("only_a", comparison.only_a, "edges that are in the first alone");
  v("only_b", comparison.only_b, "in the second alone");
  or_null(v, "truth", comparison.truth,
          "how well the first circuit finds the second, with `--truth`; null: without it");
}

}  // namespace assay::tools
