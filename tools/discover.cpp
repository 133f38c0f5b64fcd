// `assay discover --model FILE --method METHOD --out circuit.json`

#include <torch/types.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <stdexcept>

#include "circuits/components/circuit_file.h"
#include "circuits/discovery/discovery.h"
#include "circuits/measures/faithfulness_curve.h"
#include "interp/names.h"
#include "interp/network/transformer.h"
#include "tools/choices.h"
#include "tools/circuit_options.h"
#include "tools/commands.h"
#include "tools/measure_text.h"
#include "tools/numbers.h"
#include "tools/page_option.h"
#include "tools/progress.h"
#include "tools/table.h"
#include "tools/task_options.h"

namespace assay::tools {
namespace {

using circuits::Circuit;
using circuits::EdgeScores;
using nlohmann::ordered_json;

struct DiscoverOptions {
  CommonOptions common;
  ExperimentOptions experiment;
  circuits::DiscoveryConfig discovery;
  std::string select = "greedy";
  std::optional<int64_t> edges;
  std::optional<double> share, least;
  bool positions = false, is_signed = false, keep_dead_ends = false;
  int64_t show = 12;
  std::filesystem::path out;
  PageOption page;
};

/// As `--select` calls them, shorter than reports do.
const interp::Names<circuits::Selection> kSelectionsAsked = {
    {circuits::Selection::Greedy, "greedy"}, {circuits::Selection::TopN, "top"}};

int64_t edges_wanted(const DiscoverOptions& options, int64_t all) {
  if (options.edges) return *options.edges;
  return std::llround(options.share.value_or(0.2) * static_cast<double>(all));
}

at::Tensor selected(const DiscoverOptions& options, const circuits::ComponentGraph& graph,
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

/// What the circuit file and the report say of how the circuit was found.
ordered_json origin_of(const char* kind, const DiscoverOptions& options,
                       const ExperimentSubject& subject) {
  ordered_json origin = report_head(kind);
  origin.update(subject.facts);
  origin["method"] = options.discovery.method;
  origin["metric"] = options.experiment.metric;
  origin["ablation"] = options.experiment.ablation;
  for (const auto& [name, value] :
       interp::complete(circuits::discoverers().at(options.discovery.method).options,
                        options.discovery.options, options.discovery.method))
    origin[name] = value;
  return origin;
}

void print_edges(const DiscoverOptions& options, const Circuit& circuit, const EdgeScores& scores,
                 const Console& console) {
  const at::Tensor flat = scores.mean.contiguous().view({-1});
  const at::Tensor order = flat.abs().nan_to_num(-1).argsort(0, /*descending=*/true);
  const at::Tensor kept = circuit.kept.contiguous().view({-1});
  Table table({{"edge", Align::Left}, {"score"}, {"± s.e."}, {"kept", Align::Left}});
  for (int64_t i = 0; i < std::min(options.show, flat.numel()); ++i) {
    const int64_t id = order.data_ptr<int64_t>()[i];
    const bool in = kept.data_ptr<bool>()[id];
    table.add_row({{circuit.graph.name(id)},
                   {fmt::format("{:.4f}", flat.data_ptr<double>()[id])},
                   {error_text(scores.standard_error.contiguous().data_ptr<double>()[id], 4)},
                   {in ? "yes" : "no", in ? Tone::Good : Tone::Faint}});
  }
  console.line();
  console.line(table.to_string(console.colour()));
  if (flat.numel() > options.show)
    console.line(console.paint(fmt::format("… and {} more", grouped(flat.numel() - options.show)),
                               Tone::Faint));
  console.line();
}

ordered_json report_of(const DiscoverOptions& options, const ExperimentSubject& subject,
                       const Circuit& circuit, const std::string& sha256, const EdgeScores& scores,
                       double seconds) {
  ordered_json report = origin_of("discovery", options, subject);
  report["circuit"] = {{"path", options.out.string()}, {"sha256", sha256}};
  report["seconds"] = seconds;
  report["edges"] = ordered_json::object();
  const at::Tensor mean = scores.mean.contiguous(), error = scores.standard_error.contiguous();
  const at::Tensor kept = circuit.kept.contiguous();
  for (int64_t id = 0; id < circuit.graph.n_edges(); ++id)
    report["edges"][circuit.graph.name(id)] = {{"score", mean.data_ptr<double>()[id]},
                                               {"standard_error", error.data_ptr<double>()[id]},
                                               {"in_graph", kept.data_ptr<bool>()[id]}};
  return report;
}

int run_discover(DiscoverOptions options) {
  const Session session = start(options.common);
  require_writable(options.out);
  const circuits::Discoverer& discoverer = circuits::discoverers().at(options.discovery.method);
  interp::complete(discoverer.options, options.discovery.options, discoverer.name);
  circuits::metrics().at(options.experiment.metric);
  circuits::ablations().at(options.experiment.ablation);
  const uint64_t seed = options.common.seed.value_or(0);
  const ExperimentSubject subject = load_subject(options.experiment, tasks::Part::Derive, seed);
  const int64_t readout = subject.task->readout();
  const circuits::ComponentGraph graph(subject.model.model->places(),
                                       options.positions ? readout + 1 : 0);
  if (options.edges && *options.edges > graph.n_edges())
    throw std::invalid_argument(
        fmt::format("--edges {}: this graph has only {} edges", *options.edges, graph.n_edges()));
  print_subject(options.experiment, subject, session);
  session.console.fact("method",
                       fmt::format("{}, metric {}, ablation {}", options.discovery.method,
                                   options.experiment.metric, options.experiment.ablation));

  const circuits::Experiment experiment{.model = *subject.model.model,
                                        .graph = graph,
                                        .data = subject.data,
                                        .readout = readout,
                                        .metric = options.experiment.metric,
                                        .ablation = options.experiment.ablation,
                                        .seed = seed};
  print_self_check(circuits::Evaluation(experiment).self_check(), session.console);
  const auto begin = std::chrono::steady_clock::now();
  EdgeScores scores;
  {
    Progress line(options.common.quiet);
    const bool by_edge = !discoverer.effects;
    scores = circuits::score_edges(experiment, options.discovery, [&](int64_t done, int64_t of) {
      line.count(done, of, by_edge ? "edges" : "inputs");
    });
  }
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const at::Tensor chosen = selected(options, graph, scores);
  const Circuit circuit{
      .graph = graph,
      .kept = options.keep_dead_ends ? chosen : circuits::on_a_path(graph, chosen),
      .scores = scores.mean};
  const std::string sha256 =
      circuits::save_circuit({.circuit = circuit,
                              .d_model = subject.model.model->config().d_model,
                              .origin = origin_of("circuit", options, subject)},
                             options.out);

  session.console.fact("time", fmt::format("{:.2f} s", seconds));
  print_edges(options, circuit, scores, session.console);
  const int64_t dropped = chosen.sum().item<int64_t>() - circuit.size();
  session.console.fact(
      "circuit", fmt::format("{} of {} edges{}", grouped(circuit.size()), grouped(graph.n_edges()),
                             dropped > 0 ? fmt::format(" ({} chosen edges lie on no "
                                                       "path and were left out)",
                                                       dropped)
                                         : ""));
  session.console.fact("written", options.out.string());
  const ordered_json report = report_of(options, subject, circuit, sha256, scores, seconds);
  write_report(options.common, report);
  write_page(options.page, options.common, report, session.console);
  return kDone;
}

}  // namespace

Command add_discover(CLI::App& app) {
  const auto options = std::make_shared<DiscoverOptions>();
  add_experiment_options(app, options->experiment, /*several=*/false);
  app.add_option("--out", options->out, "the circuit, in the format of EAP-IG and MIB")
      ->required()
      ->type_name("FILE");
  app.add_option("--method", options->discovery.method, names_in(circuits::discoverers()))
      ->capture_default_str()
      ->type_name("NAME");
  add_options(app, options_of_all(circuits::discoverers()), options->discovery.options);
  CLI::Option* edges = app.add_option("--edges", options->edges, "keep this many edges")
                           ->transform(whole_number(1))
                           ->type_name("N");
  CLI::Option* share =
      app.add_option("--share", options->share, "keep this share of the edges (default: 0.2)")
          ->transform(number_from(0, 1))
          ->excludes(edges)
          ->type_name("P");
  app.add_option("--min-score", options->least, "keep edges with at least this score")
      ->excludes(edges)
      ->transform(number())
      ->excludes(share)
      ->type_name("X");
  app.add_option("--select", options->select,
                 "greedy: from the output, always connected; top: the best ones wherever they are")
      ->capture_default_str()
      ->type_name("NAME");
  app.add_flag("--signed", options->is_signed, "rank by score, not by its absolute value");
  app.add_flag("--positions", options->positions, "one edge per position");
  app.add_flag("--keep-dead-ends", options->keep_dead_ends,
               "keep edges that lie on no path from input to logits");
  app.add_option("--show", options->show, "edges listed")
      ->capture_default_str()
      ->transform(whole_number(0))
      ->type_name("N");
  choices(app.get_option("--method"), interp::names_of(circuits::discoverers()));
  choices(app.get_option("--select"), {"greedy", "top"});
  add_page_option(app, options->page);
  add_common_options(app, options->common);
  refuse_other_devices(app);
  app.footer(
      "An edge says that a component (input, head a1.h2, MLP m1, logits) reads what an earlier one "
      "wrote. Its score says by how much the metric falls when the edge carries the ablation's "
      "value "
      "instead; edges of positive score help. eap-ig averages gradients at k/steps of the way "
      "from the ablated to the clean input for k = 1 … steps, as its paper's formula does; "
      "eap-ig-left for k = 0 … steps − 1, as its authors' code has done since April 2025.\n"
      "\nExample:\n"
      "  assay discover --model tasks/two_sat/reference/model.safetensors \\\n"
      "    --method eap-ig --share 0.2 --out circuit.json");
  return [options] { return run_discover(*options); };
}

}  // namespace assay::tools
