// `assay study --model FILE`

#include "tasks/synthetic_text/study.h"

#include <CLI/CLI.hpp>
#include <stdexcept>

#include "interp/adapters/model_file.h"
#include "interp/execution/parallel.h"
#include "tasks/synthetic_text/synthetic_text.h"
#include "tools/commands.h"
#include "tools/interrupt.h"
#include "tools/kept_run.h"
#include "tools/numbers.h"
#include "tools/options.h"
#include "tools/parts.h"
#include "tools/progress.h"
#include "tools/shard_option.h"
#include "tools/study_result.h"
#include "tools/task_options.h"

namespace assay::tools {
namespace {

using nlohmann::ordered_json;
using tasks::synthetic_text::StudyConfig;
using tasks::synthetic_text::StudyTexts;

struct StudyOptions {
  CommonOptions common;
  std::filesystem::path model;
  StudyConfig study;
  interp::Shard shard;
  bool resume = false;
};

/// A network with the task that it was trained for.
struct StudySubject {
  interp::LoadedModel model;
  std::unique_ptr<tasks::Task> task;
};

StudySubject load(const StudyOptions& options) {
  StudySubject subject{.model = interp::load_model(options.model), .task = {}};
  if (!subject.model.metadata.contains("task")) {
    throw std::invalid_argument(
        fmt::format("{}: does not say which task it was trained for", options.model.string()));
  }
  subject.task = tasks::task_from_json(subject.model.metadata["task"]);
  return subject;
}

void print_subject(const StudyOptions& options, const StudySubject& subject,
                   const StudyConfig& config, const Console& console) {
  console.fact("task", describe(*subject.task));
  console.fact("model",
               fmt::format("{} ({})", options.model.string(), subject.model.sha256.substr(0, 12)));
  console.fact("texts",
               fmt::format("{} to fit on (derive part), {} to test on (test part), seed {}",
                           grouped(config.fitted_on), grouped(config.tested_on), config.seed));
}

/// The report without its results.
ordered_json head_of(const StudyOptions& options, const StudySubject& subject,
                     const StudyConfig& config) {
  return report_of("study", StudyHead{.task = subject.task->to_json(),
                                      .model = {options.model.string(), subject.model.sha256},
                                      .fitted_on = config.fitted_on,
                                      .tested_on = config.tested_on,
                                      .seed = config.seed});
}

/// What is kept of a run: the network's scores, batch by batch.
KeptRun<at::Tensor> kept_run(const StudyOptions& options, ordered_json asked, int64_t batches) {
  asked["shard"] = shard_member(options.shard, batches);
  return {options.common,
          {.list = "scores", .asked = std::move(asked)},
          interp::range_of(options.shard, batches, 1),
          [](int64_t, const at::Tensor& scores) { return scores_to_json(scores); }};
}

void ask(const StudyOptions& options, const StudySubject& subject, const StudyTexts& texts,
         KeptRun<at::Tensor>& run) {
  const std::atomic<bool>& stop = watch_interrupts();
  const auto network = tasks::synthetic_text::scorer_for(*subject.model.model, texts.language());
  const std::vector<int64_t> left = run.left();
  Progress line(options.common.quiet);
  std::atomic<int64_t> done = 0;
  interp::parallel_for(std::ssize(left), [&](int64_t i) {
    if (stop) return;
    run.add(left[i], texts.scores(network, left[i]));
    line.count(++done, std::ssize(left), "batches of texts");
  });
}

int run_study(const StudyOptions& options) {
  const Session session = start(options.common);
  const StudySubject subject = load(options);
  const auto language = tasks::synthetic_text::language_of(*subject.task);
  subject.task->require_fits(subject.model.model->places());
  StudyConfig config = options.study;
  config.seed = options.common.seed.value_or(config.seed);
  const StudyTexts texts(language, config);
  const ordered_json head = head_of(options, subject, config);
  KeptRun<at::Tensor> run = kept_run(options, head, texts.batches());
  if (options.resume)
    run.resume([&](int64_t batch, const ordered_json& json) {
      return scores_from_json(json, texts, batch);
    });
  ask(options, subject, texts, run);
  if (!run.is_done()) return run.interrupted(session.console);
  if (!options.shard.is_whole()) return run.finish_part(options.shard, session.console);
  run.save();  // fitting takes long, too
  leave_interrupts();
  const ordered_json report =
      conclude(texts, std::move(run).items(), config, head, options.common.quiet, session.console);
  session.console.line();
  print_subject(options, subject, config, session.console);
  write_report(options.common, report);
  return kDone;
}

}  // namespace

Command add_study(CLI::App& app) {
  const auto options = std::make_shared<StudyOptions>();
  app.add_option("--model", options->model, "a network trained for bag-of-words or slalom-words")
      ->required()
      ->type_name("FILE");
  app.add_option("--inputs", options->study.fitted_on, "texts to fit surrogates on")
      ->transform(whole_number(1))
      ->capture_default_str()
      ->type_name("N");
  CLI::Option* shard = add_shard_option(app, options->shard);
  add_common_options(app, options->common);
  shard->needs("--json");
  add_resume_option(app, options->resume);
  refuse_other_devices(app);
  app.footer(
      "Fits a linear surrogate and SLALOM to the network's answers on texts and reports their "
      "errors "
      "on others, what repeating a word does, and how near SLALOM's parameters come to the truth.\n"
      "\nExample:\n"
      "  assay train bag-of-words --out runs/bow\n"
      "  assay study --model runs/bow/model.safetensors");
  return [options] { return run_study(*options); };
}

}  // namespace assay::tools
