#include "tools/discovery_result.h"

#include <torch/types.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "circuits/components/circuit_file.h"
#include "circuits/measures/faithfulness_curve.h"
#include "interp/doubles.h"
#include "interp/names.h"
#include "interp/network/transformer.h"
#include "tools/choices.h"
#include "tools/discovery_fields.h"
#include "tools/measure_text.h"
#include "tools/numbers.h"
#include "tools/plural.h"
#include "tools/records.h"
#include "tools/table.h"

namespace assay::tools {
namespace {

using circuits::Circuit;
using circuits::EdgeScores;
using nlohmann::ordered_json;

/// As `--select` calls them, shorter than reports do.
const interp::Names<circuits::Selection> kSelectionsAsked = {
    {circuits::Selection::Greedy, "greedy"}, {circuits::Selection::TopN, "top"}};

int64_t edges_wanted(const SelectionOptions& options, int64_t all) {
  if (options.edges) return *options.edges;
  return std::llround(options.share.value_or(0.2) * static_cast<double>(all));
}

at::Tensor selected(const SelectionOptions& options, const circuits::ComponentGraph& graph,
                    const EdgeScores& scores) {
  if (options.least)
    return circuits::above_threshold(scores.mean, *options.least, options.is_signed);
  if (scores.kept.defined() && !options.edges && !options.share) return scores.kept;
  const int64_t n = edges_wanted(options, graph.n_edges());
  switch (interp::value_of(options.select, kSelectionsAsked, "selection")) {
    case circuits::Selection::TopN:
      return circuits::top_n(scores.mean, n, options.is_signed);
    case circuits::Selection::Greedy:
      break;
  }
  return circuits::greedy(graph, scores.mean, n, options.is_signed);
}

void print_edges(const Circuit& circuit, const EdgeScores& scores, int64_t show,
                 const Console& console) {
  const at::Tensor flat = scores.mean.contiguous().view({-1});
  const at::Tensor order = flat.abs().nan_to_num(-1).argsort(0, /*descending=*/true);
  const at::Tensor kept = circuit.kept.contiguous().view({-1});
  Table table({{"edge", Align::Left}, {"score"}, {"± s.e."}, {"kept", Align::Left}});
  for (int64_t i = 0; i < std::min(show, flat.numel()); ++i) {
    const int64_t id = order.data_ptr<int64_t>()[i];
    const bool in = kept.data_ptr<bool>()[id];
    table.add_row({{circuit.graph.name(id)},
                   {fmt::format("{:.4f}", flat.data_ptr<double>()[id])},
                   {error_text(scores.standard_error.contiguous().data_ptr<double>()[id], 4)},
                   {in ? "yes" : "no", in ? Tone::Good : Tone::Faint}});
  }
  console.line();
  console.line(table.to_string(console.colour()));
  if (flat.numel() > show)
    console.line(
        console.paint(fmt::format("… and {} more", grouped(flat.numel() - show)), Tone::Faint));
  console.line();
}

ordered_json with_head(const char* kind, const ordered_json& facts) {
  ordered_json record = report_head(kind);
  record.update(facts);
  return record;
}

DiscoveryRecord record_of(const Discovery& discovery, const Circuit& circuit, axioms::Source file) {
  DiscoveryRecord record{.circuit = std::move(file), .seconds = discovery.seconds, .edges = {}};
  const at::Tensor mean = discovery.scores.mean.contiguous(),
                   error = discovery.scores.standard_error.contiguous(),
                   kept = circuit.kept.contiguous();
  for (int64_t id = 0; id < circuit.graph.n_edges(); ++id)
    record.edges.push_back({circuit.graph.name(id),
                            {.score = mean.data_ptr<double>()[id],
                             .standard_error = error.data_ptr<double>()[id],
                             .is_kept = kept.data_ptr<bool>()[id]}});
  return record;
}

}  // namespace

ordered_json conclude(const Discovery& discovery, const SelectionOptions& selection,
                      const std::filesystem::path& out, int64_t show, const Console& console) {
  const circuits::ComponentGraph& graph = discovery.graph;
  const at::Tensor chosen = selected(selection, graph, discovery.scores);
  const Circuit circuit{
      .graph = graph,
      .kept = selection.keep_dead_ends ? chosen : circuits::on_a_path(graph, chosen),
      .scores = discovery.scores.mean};
  const std::string sha256 =
      circuits::save_circuit({.circuit = circuit,
                              .d_model = discovery.model.config().d_model,
                              .origin = with_head("circuit", discovery.facts)},
                             out);
  console.line(in_locale(circuit_sentence(circuit.size(), graph.n_edges())));
  print_edges(circuit, discovery.scores, show, console);
  const int64_t dropped = chosen.sum().item<int64_t>() - circuit.size();
  if (dropped > 0)
    console.fact("left out", fmt::format("{} chosen, but on no path",
                                         counted(dropped, "edge was", "edges were")));
  console.fact("written", out.string());
  console.fact("time", fmt::format("{:.2f} s", discovery.seconds));
  ordered_json report = with_head("discovery", discovery.facts);
  report.update(interp::write_record(record_of(discovery, circuit, {out.string(), sha256})));
  return report;
}

interp::OptionValues options_of(const DiscoveryFacts& facts, const ordered_json& record) {
  circuits::metrics().at(facts.metric);
  circuits::ablations().at(facts.ablation);
  const circuits::Discoverer& method = circuits::discoverers().at(facts.method);
  interp::OptionValues given;
  for (const circuits::Discoverer& other : circuits::discoverers())
    for (const interp::Option& option : other.options)
      if (record.contains(option.name)) given[option.name] = record[option.name];
  for (const interp::Option& option : method.options)
    if (!given.contains(option.name))
      throw std::invalid_argument(
          fmt::format("field '{}': is missing, an option of {}", option.name, method.name));
  return interp::complete(method.options, given, method.name);
}

void require_fits(const SelectionOptions& options, const circuits::ComponentGraph& graph) {
  if (options.edges && *options.edges > graph.n_edges())
    throw std::invalid_argument(
        fmt::format("--edges {}: this graph has only {} edges", *options.edges, graph.n_edges()));
}

ordered_json to_json(const SelectionOptions& options) {
  return interp::write_record(options);
}

ordered_json to_json(const circuits::ChunkSums& chunk) {
  return interp::write_record(
      ChunkRecord{chunk.changed, interp::doubles_of(chunk.sum), interp::doubles_of(chunk.square)});
}

circuits::ChunkSums chunk_sums_from_json(const ordered_json& json,
                                         const circuits::ComponentGraph& graph) {
  static const interp::Shape shape = interp::shape_of<ChunkRecord>();
  if (const auto problem = interp::mismatch(json, shape)) throw std::invalid_argument(*problem);
  const auto chunk = interp::read_checked<ChunkRecord>(json);
  const auto tensor_of = [&](const char* name, const std::vector<double>& numbers) {
    if (std::ssize(numbers) != graph.n_edges())
      throw std::invalid_argument(fmt::format("field '{}': expected {} numbers, found {}", name,
                                              graph.n_edges(), numbers.size()));
    return torch::tensor(numbers, torch::kFloat64).view({graph.rows(), graph.columns()});
  };
  return {tensor_of("sum", chunk.sum), tensor_of("square", chunk.square), chunk.changed};
}

void add_selection_options(CLI::App& app, SelectionOptions& options) {
  CLI::Option* edges = app.add_option("--edges", options.edges, "keep this many edges")
                           ->transform(whole_number(1))
                           ->type_name("N");
  CLI::Option* share =
      app.add_option("--share", options.share, "keep this share of the edges (default: 0.2)")
          ->transform(number_from(0, 1))
          ->excludes(edges)
          ->type_name("P");
  app.add_option("--min-score", options.least, "keep edges with at least this score")
      ->excludes(edges)
      ->transform(number())
      ->excludes(share)
      ->type_name("X");
  app.add_option("--select", options.select,
                 "greedy: from the output, always connected; top: the best ones wherever they are")
      ->capture_default_str()
      ->type_name("NAME");
  app.add_flag("--signed", options.is_signed, "rank by score, not by its absolute value");
  app.add_flag("--keep-dead-ends", options.keep_dead_ends,
               "keep edges that lie on no path from input to logits");
  choices(app.get_option("--select"), {"greedy", "top"});
}

}  // namespace assay::tools
