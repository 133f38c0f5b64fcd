// `assay compare-circuits A B`

#include <torch/types.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <stdexcept>

#include "circuits/components/circuit_file.h"
#include "circuits/components/random_circuits.h"
#include "interp/statistics/ranks.h"
#include "tools/commands.h"
#include "tools/found_sentences.h"
#include "tools/options.h"

namespace assay::tools {
namespace {

using circuits::Circuit;

struct CompareOptions {
  CommonOptions common;
  std::filesystem::path a, b;
  bool truth = false;
};

std::vector<std::string> edges_in(const circuits::ComponentGraph& graph, const at::Tensor& kept) {
  return circuits::edge_names(graph, circuits::edge_ids(kept));
}

/// Of the scores of edges that both have scored.
std::optional<double> correlation(const Circuit& a, const Circuit& b) {
  if (!a.scores.defined() || !b.scores.defined()) return {};
  const at::Tensor both = (a.scores.isnan() | b.scores.isnan()).logical_not();
  if (both.sum().item<int64_t>() < 3) return {};
  return at::corrcoef(at::stack({a.scores.masked_select(both), b.scores.masked_select(both)}))[0][1]
      .item<double>();
}

/// Of the scores of `a` without their sign, as circuits are cut out by them.
std::optional<double> auroc(const Circuit& a, const Circuit& truth) {
  if (!a.scores.defined() || a.scores.isnan().any().item<bool>()) return {};
  const at::Tensor sizes = a.scores.abs().to(torch::kFloat64).contiguous().flatten();
  const at::Tensor is_true = truth.kept.contiguous().flatten();
  const std::vector<double> of_edge(sizes.data_ptr<double>(),
                                    sizes.data_ptr<double>() + sizes.numel());
  const std::vector<bool> relevant(is_true.data_ptr<bool>(),
                                   is_true.data_ptr<bool>() + is_true.numel());
  const double area = statistics::auroc(of_edge, relevant);
  return std::isnan(area) ? std::optional<double>() : area;
}

Found found_by(const Circuit& a, const Circuit& truth) {
  const auto shared = static_cast<double>((a.kept & truth.kept).sum().item<int64_t>());
  const auto share_of = [&](int64_t edges) {
    return edges == 0 ? std::optional<double>() : shared / static_cast<double>(edges);
  };
  return {.edges = a.graph.n_edges(),
          .auroc = auroc(a, truth),
          .precision = share_of(a.size()),
          .recall = share_of(truth.size())};
}

void print_found(const Console& console, const Found& found) {
  const auto shown = [](const std::optional<double>& share) {
    return share ? fmt::format("{:.3f}", *share) : std::string("not defined");
  };
  console.fact("A finds B", fmt::format("precision {}, recall {}, AUROC {} over {} edges",
                                        shown(found.precision), shown(found.recall),
                                        shown(found.auroc), grouped(found.edges)));
}

void print_list(const Console& console, const std::string& title,
                const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : "  ") + name;
  console.fact(fmt::format("{}", title), all.empty() ? "none" : all);
}

CircuitComparison compared(const CompareOptions& options, const Circuit& a, const Circuit& b) {
  const at::Tensor both = a.kept & b.kept, either = a.kept | b.kept;
  const auto shared = both.sum().item<int64_t>(), all = either.sum().item<int64_t>();
  return {.a = {options.a.string(), a.size()},
          .b = {options.b.string(), b.size()},
          .shared = shared,
          .jaccard = all == 0 ? 1 : static_cast<double>(shared) / static_cast<double>(all),
          .correlation = correlation(a, b),
          .only_a = edges_in(a.graph, a.kept & both.logical_not()),
          .only_b = edges_in(a.graph, b.kept & both.logical_not()),
          .truth = options.truth ? std::optional<Found>(found_by(a, b)) : std::nullopt};
}

void print_circuit(const Console& console, const char* name, const ComparedCircuit& circuit) {
  console.fact(name, fmt::format("{}: {} edges", circuit.path, grouped(circuit.edges)));
}

int run_compare(const CompareOptions& options) {
  const Console console(options.common.quiet);
  const circuits::CircuitFile first = circuits::load_circuit(options.a);
  const circuits::CircuitFile second = circuits::load_circuit(options.b);
  const Circuit &a = first.circuit, &b = second.circuit;
  if (!(a.graph == b.graph))
    throw std::invalid_argument(fmt::format(
        "{} and {} are circuits of different networks or one has positions: {} and {} edges",
        options.a.string(), options.b.string(), a.graph.n_edges(), b.graph.n_edges()));
  const CircuitComparison found = compared(options, a, b);
  print_circuit(console, "A", found.a);
  print_circuit(console, "B", found.b);
  console.fact("shared", overlap_sentence(found));
  console.fact("overlap", fmt::format("{:.3f} (Jaccard)", found.jaccard));
  if (found.correlation)
    console.fact("scores", fmt::format("correlation {:.3f}", *found.correlation));
  if (found.truth) print_found(console, *found.truth);
  print_list(console, "only in A", found.only_a);
  print_list(console, "only in B", found.only_b);
  write_report(options.common, report_of("circuit-comparison", found));
  return kDone;
}

}  // namespace

Command add_compare_circuits(CLI::App& app) {
  const auto options = std::make_shared<CompareOptions>();
  app.add_option("A", options->a, "a circuit file")->required();
  app.add_option("B", options->b, "another of the same network")->required();
  app.add_flag("--truth", options->truth,
               "B is known to be right: how well A, and the scores in it, find B");
  app.add_option("--json", options->common.json, "write a machine-readable report")
      ->type_name("FILE");
  app.add_flag("--quiet", options->common.quiet, "print nothing but warnings and errors");
  app.footer("\nExample:\n  assay compare-circuits eap.json exact.json");
  return [options] { return run_compare(*options); };
}

}  // namespace assay::tools
