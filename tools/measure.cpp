// `assay measure --model FILE --circuit FILE`

#include <CLI/CLI.hpp>
#include <stdexcept>

#include "circuits/discovery/discovery.h"
#include "interp/names.h"
#include "tools/choices.h"
#include "tools/commands.h"
#include "tools/interrupt.h"
#include "tools/kept_run.h"
#include "tools/measurement.h"
#include "tools/numbers.h"
#include "tools/page_option.h"
#include "tools/parts.h"
#include "tools/progress.h"
#include "tools/shard_option.h"

namespace assay::tools {
namespace {

using circuits::ChunkAnswers;
using nlohmann::ordered_json;

struct MeasureOptions {
  CommonOptions common;
  MeasureRequest request;
  interp::Shard shard;
  bool resume = false;
  PageOption page;
};

KeptRun<ChunkAnswers> kept_run(const MeasureOptions& options, const Measurement& measurement) {
  const int64_t chunks = std::ssize(measurement.chunks());
  ordered_json asked = report_head("measurement");
  asked.update(measurement.facts());
  asked["request"] = to_json(measurement.request());
  asked["shard"] = shard_member(options.shard, chunks);
  return {options.common,
          {.list = "chunks", .asked = std::move(asked)},
          interp::range_of(options.shard, chunks, 1),
          [&](int64_t index, const ChunkAnswers& answers) {
            const MeasuredChunk& chunk = measurement.chunks()[index];
            return to_json(answers, measurement.inquiry(chunk), chunk.chunk);
          }};
}

void answer(const MeasureOptions& options, const Measurement& measurement,
            KeptRun<ChunkAnswers>& run) {
  Progress line(options.common.quiet);
  measurement.answer(
      run.left(), [&](int64_t index, ChunkAnswers answers) { run.add(index, std::move(answers)); },
      {.on_progress = [&](int64_t done, int64_t of) { line.count(done, of, "inputs"); },
       .stop = &watch_interrupts()});
}

int run_measure(const MeasureOptions& options) {
  const Session session = start(options.common);
  require_writable(options.page);
  MeasureRequest request = options.request;
  request.seed = options.common.seed.value_or(request.seed);
  const Measurement measurement(std::move(request));
  const std::string on_all = measurement.decides_on_all_inputs();
  if (!options.shard.is_whole() && !on_all.empty())
    throw std::invalid_argument(fmt::format(
        "--shard: {} decides on all inputs at once, so its work cannot be shared out", on_all));
  KeptRun<ChunkAnswers> run = kept_run(options, measurement);
  if (options.resume)
    run.resume([&](int64_t index, const ordered_json& json) {
      return measured_chunk_from_json(json, measurement, index);
    });
  answer(options, measurement, run);
  if (!run.is_done()) return run.interrupted(session.console);
  if (!options.shard.is_whole()) return run.finish_part(options.shard, session.console);
  if (!on_all.empty()) run.save();  // what comes now takes long, and cannot be kept
  leave_interrupts();
  const ordered_json report = measurement.conclude(
      std::move(run).items(), report_head("measurement"), options.common.quiet, session.console);
  session.console.line();
  measurement.print_subject(session);
  write_report(options.common, report);
  write_page(options.page, options.common, report, session.console);
  return kDone;
}

}  // namespace

Command add_measure(CLI::App& app) {
  const auto options = std::make_shared<MeasureOptions>();
  MeasureRequest& request = options->request;
  add_experiment_options(app, request.experiment, /*several=*/true);
  app.add_option("--circuit", request.circuit, "a circuit file, ours or one of EAP-IG or MIB")
      ->required()
      ->type_name("FILE");
  app.add_option("--interpretation", request.interpretation,
                 "compare with the circuit that an interpretation implies")
      ->type_name("FILE");
  app.add_flag("--curve", request.curve, "faithfulness by share of the edges, CPR and CMD (MIB)");
  app.add_flag("--completeness", request.completeness,
               "completeness and minimality (Wang et al. 2022)");
  app.add_flag("--tests", request.tests, "the five hypothesis tests of Shi et al. 2024");
  app.add_flag("--stability", request.stability, "discover again on resamples of the inputs");
  app.add_flag("--certified-stability", request.certified_stability,
               "edges that stay in, or out, whichever inputs are deleted, with a certified number");
  app.add_option("--deleted", request.deleted,
                 "probability with which a draw of --certified-stability leaves an input out")
      ->capture_default_str()
      ->transform(number_strictly_between(0, 1))
      ->type_name("P");
  app.add_option("--method", request.method,
                 "that --stability and --certified-stability discover with")
      ->capture_default_str()
      ->type_name("NAME");
  app.add_option("--draws", request.draws, "random circuits and permutations of --tests")
      ->capture_default_str()
      ->transform(whole_number(1))
      ->type_name("N");
  app.add_option("--alpha", request.alpha, "level of --tests")
      ->capture_default_str()
      ->transform(number_from(0, 1))
      ->type_name("P");
  app.add_option("--margin", request.margin,
                 "equivalence: win rates this close to 1/2 count as equal")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 0.5).description(""))
      ->type_name("X");
  app.add_option("--correction", request.correction,
                 "of families of edges: holm or benjamini-hochberg")
      ->capture_default_str()
      ->type_name("NAME");
  choices(app.get_option("--method"), interp::names_of(circuits::discoverers()));
  choices(app.get_option("--correction"), {"holm", "benjamini-hochberg"});
  add_page_option(app, options->page);
  CLI::Option* shard = add_shard_option(app, options->shard);
  add_common_options(app, options->common);
  shard->needs("--json")->excludes("--html");
  add_resume_option(app, options->resume);
  refuse_other_devices(app);
  app.footer(
      "Faithfulness is 1 where the circuit does what the network does and 0 where it does what is "
      "left without any edge. It averages over inputs, so errors can cancel; agreement counts "
      "inputs on which both give the same of all the task's answers.\n"
      "\nExample:\n"
      "  assay measure --model tasks/two_sat/reference/model.safetensors \\\n"
      "    --circuit circuit.json --ablation all");
  return [options] { return run_measure(*options); };
}

}  // namespace assay::tools
