// `assay study --model FILE`

#include "tasks/synthetic_text/study.h"

#include <CLI/CLI.hpp>
#include <stdexcept>

#include "interp/adapters/model_file.h"
#include "tasks/synthetic_text/synthetic_text.h"
#include "tools/commands.h"
#include "tools/numbers.h"
#include "tools/options.h"
#include "tools/progress.h"
#include "tools/table.h"
#include "tools/task_options.h"

namespace assay::tools {
namespace {

using tasks::synthetic_text::Study;
using tasks::synthetic_text::StudyConfig;

struct StudyOptions {
  CommonOptions common;
  std::filesystem::path model;
  StudyConfig study;
};

void print_surrogates(const Study& study, const Console& console) {
  const double linear = study.surrogates[1].mse;
  Table table({{"surrogate", Align::Left}, {"test MSE"}, {"of linear's"}, {"R²"}});
  for (const auto& [name, mse] : study.surrogates) {
    table.add_row({{name},
                   {fmt::format("{:.4f}", mse)},
                   {fmt::format("{:.2f}", mse / linear)},
                   {fmt::format("{:.4f}", 1 - mse / study.variance)}});
  }
  console.line();
  console.line(table.to_string(console.colour()));
}

void print_repetitions(const Study& study, const Console& console) {
  Table table({{study.word + ", times"}, {"network"}, {"truth"}});
  for (const auto& [times, network, truth] : study.repetitions)
    table.add_row({{fmt::format("{}", times)},
                   {fmt::format("{:+.3f}", network)},
                   {fmt::format("{:+.3f}", truth)}});
  console.line();
  console.line("Log odds of one word, over and over");
  console.line(table.to_string(console.colour()));
}

void print_recovery(const Study& study, const Console& console) {
  if (!study.recovery) return;
  const auto& found = *study.recovery;
  Table table({{"SLALOM's", Align::Left}, {"RMSE"}, {"correlation"}});
  table.add_row({{"values"},
                 {fmt::format("{:.3f}", found.rmse_value)},
                 {fmt::format("{:.4f}", found.correlation_value)}});
  table.add_row({{"importances"},
                 {fmt::format("{:.3f}", found.rmse_importance)},
                 {fmt::format("{:.4f}", found.correlation_importance)}});
  console.line();
  console.line("Parameters fitted to the network, against the true ones");
  console.line(table.to_string(console.colour()));
}

int run_study(const StudyOptions& options) {
  const Session session = start(options.common);
  const interp::LoadedModel loaded = interp::load_model(options.model);
  if (!loaded.metadata.contains("task")) {
    throw std::invalid_argument(
        fmt::format("{}: does not say which task it was trained for", options.model.string()));
  }
  const auto task = tasks::task_from_json(loaded.metadata["task"]);
  const auto language = tasks::synthetic_text::language_of(*task);
  task->require_fits(loaded.model->places());
  StudyConfig config = options.study;
  config.seed = options.common.seed.value_or(config.seed);

  const Console& console = session.console;
  console.fact("task", describe(*task));
  console.fact("model",
               fmt::format("{} ({})", options.model.string(), loaded.sha256.substr(0, 12)));
  console.fact("texts",
               fmt::format("{} to fit on (derive part), {} to test on (test part), seed {}",
                           grouped(config.fitted_on), grouped(config.tested_on), config.seed));
  Study study;
  {
    Progress line(options.common.quiet);
    config.on_stage = [&](const std::string& stage) { line.show([&] { return stage; }); };
    study = tasks::synthetic_text::study(*loaded.model, language, config);
  }
  console.fact("network", fmt::format("log odds {:.4f} off the true ones (RMSE), variance {:.4f}",
                                      study.truth_rmse, study.variance));
  print_surrogates(study, console);
  print_repetitions(study, console);
  print_recovery(study, console);

  nlohmann::ordered_json report = report_head("study");
  report["task"] = task->to_json();
  report["model"] = {{"path", options.model.string()}, {"sha256", loaded.sha256}};
  report["fitted_on"] = config.fitted_on;
  report["tested_on"] = config.tested_on;
  report["seed"] = config.seed;
  report.update(tasks::synthetic_text::to_json(study));
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
  add_common_options(app, options->common);
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
