// `assay discover --model FILE --method METHOD --out circuit.json`

#include <CLI/CLI.hpp>
#include <chrono>
#include <stdexcept>

#include "circuits/discovery/discovery.h"
#include "circuits/measures/evaluation.h"
#include "interp/network/transformer.h"
#include "tools/choices.h"
#include "tools/circuit_options.h"
#include "tools/commands.h"
#include "tools/discovery_fields.h"
#include "tools/discovery_result.h"
#include "tools/interrupt.h"
#include "tools/kept_run.h"
#include "tools/measure_text.h"
#include "tools/numbers.h"
#include "tools/page_option.h"
#include "tools/parts.h"
#include "tools/progress.h"
#include "tools/records.h"
#include "tools/shard_option.h"
#include "tools/task_options.h"

namespace assay::tools {
namespace {

using circuits::ChunkSums;
using nlohmann::ordered_json;

struct DiscoverOptions {
  CommonOptions common;
  ExperimentOptions experiment;
  circuits::DiscoveryConfig discovery;
  SelectionOptions selection;
  bool positions = false;
  int64_t show = 12;
  interp::Shard shard;
  bool resume = false;
  std::filesystem::path out;
  PageOption page;
};

/// What is refused before any work is done.
void require_meaning(const DiscoverOptions& options) {
  const circuits::Discoverer& discoverer = circuits::discoverers().at(options.discovery.method);
  interp::complete(discoverer.options, options.discovery.options, discoverer.name);
  circuits::metrics().at(options.experiment.metric);
  circuits::ablations().at(options.experiment.ablation);
  if (options.resume && !discoverer.effects)
    throw std::invalid_argument(
        fmt::format("--resume: {} decides on all inputs at once and keeps nothing to go on from",
                    discoverer.name));
  if (options.shard.is_whole()) {
    if (options.out.empty()) throw std::invalid_argument("--out is required");
    require_writable(options.out);
    return;
  }
  if (!discoverer.effects)
    throw std::invalid_argument(
        fmt::format("--shard: {} decides on all inputs at once, so its work cannot be shared out",
                    discoverer.name));
  if (!options.out.empty())
    throw std::invalid_argument(
        "--shard: a part makes no circuit; --out belongs to assay merge, which has all parts");
}

/// What the circuit file and the report say of how the circuit was found.
ordered_json facts_of(const DiscoverOptions& options, const ExperimentSubject& subject) {
  return interp::write_record(DiscoveryFacts{
      .experiment = subject.facts,
      .method = options.discovery.method,
      .metric = options.experiment.metric,
      .ablation = options.experiment.ablation,
      .options = interp::complete(circuits::discoverers().at(options.discovery.method).options,
                                  options.discovery.options, options.discovery.method)});
}

/// The report and the circuit of a run on all inputs.
int finish(const DiscoverOptions& options, const Discovery& discovery, const Console& console) {
  const ordered_json report =
      conclude(discovery, options.selection, options.out, options.show, console);
  write_report(options.common, report);
  write_page(options.page, options.common, report, console);
  return kDone;
}

/// Methods that decide on all inputs at once have no chunks to keep.
int discover_at_once(const DiscoverOptions& options, const circuits::Experiment& experiment,
                     const ordered_json& facts, const Console& console) {
  Discovery discovery{
      .model = experiment.model, .graph = experiment.graph, .scores = {}, .facts = facts};
  {
    Progress line(options.common.quiet);
    const auto begin = std::chrono::steady_clock::now();
    discovery.scores =
        circuits::score_edges(experiment, options.discovery,
                              [&](int64_t done, int64_t of) { line.count(done, of, "edges"); });
    discovery.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }
  return finish(options, discovery, console);
}

/// What is kept of a run: the sums of its chunks. Of a part, for assay merge.
KeptRun<ChunkSums> kept_run(const DiscoverOptions& options, const circuits::Experiment& experiment,
                            const ordered_json& facts) {
  const int64_t chunks = circuits::chunks_of(experiment.data).count();
  ordered_json asked = report_head("discovery");
  asked.update(facts);
  asked["positions"] = options.positions;
  asked["selection"] = to_json(options.selection);
  asked["seconds"] = 0.0;
  asked["shard"] = shard_member(options.shard, chunks);
  return {options.common,
          {.list = "chunks", .asked = std::move(asked), .facts = {"command", "seconds"}},
          interp::range_of(options.shard, chunks, 1),
          [](int64_t, const ChunkSums& sums) { return to_json(sums); }};
}

void sum_chunks(const DiscoverOptions& options, const circuits::Experiment& experiment,
                KeptRun<ChunkSums>& run) {
  Progress line(options.common.quiet);
  circuits::sum_chunks(
      experiment, options.discovery, run.left(),
      [&](int64_t chunk, ChunkSums sums) { run.add(chunk, std::move(sums)); },
      {.on_progress = [&](int64_t done, int64_t of) { line.count(done, of, "inputs"); },
       .stop = &watch_interrupts()});
}

int discover_by_chunks(const DiscoverOptions& options, const circuits::Experiment& experiment,
                       const ordered_json& facts, const Console& console) {
  KeptRun<ChunkSums> run = kept_run(options, experiment, facts);
  if (options.resume)
    run.resume([&](int64_t, const ordered_json& json) {
      return chunk_sums_from_json(json, experiment.graph);
    });
  sum_chunks(options, experiment, run);
  if (!run.is_done()) return run.interrupted(console);
  if (!options.shard.is_whole()) {
    console.fact("time", fmt::format("{:.2f} s", run.seconds()));
    return run.finish_part(options.shard, console);
  }
  leave_interrupts();
  const double seconds = run.seconds();
  const circuits::Counterfactuals& data = experiment.data;
  return finish(options,
                {.model = experiment.model,
                 .graph = experiment.graph,
                 .scores = circuits::scores_of(std::move(run).items(), data.size(),
                                               data.has_spread(), experiment.ablation),
                 .seconds = seconds,
                 .facts = facts},
                console);
}

/// What the circuit was found in, and how.
void print_facts(const DiscoverOptions& options, const ExperimentSubject& subject,
                 const circuits::SelfCheck& check, const Session& session) {
  print_subject(options.experiment, subject, session);
  session.console.fact("method",
                       fmt::format("{}, metric {}, ablation {}", options.discovery.method,
                                   options.experiment.metric, options.experiment.ablation));
  print_self_check(check, session.console);
}

int run_discover(const DiscoverOptions& options) {
  const Session session = start(options.common);
  require_meaning(options);
  const uint64_t seed = options.common.seed.value_or(0);
  const ExperimentSubject subject = load_subject(options.experiment, tasks::Part::Derive, seed);
  const int64_t readout = subject.task->readout();
  const circuits::ComponentGraph graph(subject.model.model->places(),
                                       options.positions ? readout + 1 : 0);
  require_fits(options.selection, graph);
  const circuits::Experiment experiment{.model = *subject.model.model,
                                        .graph = graph,
                                        .data = subject.data,
                                        .readout = readout,
                                        .metric = options.experiment.metric,
                                        .ablation = options.experiment.ablation,
                                        .seed = seed};
  const circuits::SelfCheck check = circuits::Evaluation(experiment).self_check();
  const bool by_chunks = bool(circuits::discoverers().at(options.discovery.method).effects);
  const auto run = by_chunks ? discover_by_chunks : discover_at_once;
  const int code = run(options, experiment, facts_of(options, subject), session.console);
  print_facts(options, subject, check, session);
  return code;
}

}  // namespace

Command add_discover(CLI::App& app) {
  const auto options = std::make_shared<DiscoverOptions>();
  add_experiment_options(app, options->experiment, /*several=*/false);
  app.add_option("--out", options->out,
                 "the circuit, in the format of EAP-IG and MIB (required, but for --shard)")
      ->type_name("FILE");
  app.add_option("--method", options->discovery.method, names_in(circuits::discoverers()))
      ->capture_default_str()
      ->type_name("NAME");
  add_options(app, options_of_all(circuits::discoverers()), options->discovery.options);
  add_selection_options(app, options->selection);
  app.add_flag("--positions", options->positions, "one edge per position");
  app.add_option("--show", options->show, "edges listed")
      ->capture_default_str()
      ->transform(whole_number(0))
      ->type_name("N");
  choices(app.get_option("--method"), interp::names_of(circuits::discoverers()));
  add_page_option(app, options->page);
  CLI::Option* shard = add_shard_option(app, options->shard);
  add_common_options(app, options->common);
  shard->needs("--json")->excludes("--html");
  add_resume_option(app, options->resume);
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
