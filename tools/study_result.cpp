#include "tools/study_result.h"

#include <torch/types.h>

#include <algorithm>
#include <stdexcept>

#include "interp/doubles.h"
#include "interp/files/json_shape.h"
#include "tools/comparison_words.h"
#include "tools/progress.h"
#include "tools/table.h"

namespace assay::tools {
namespace {

using nlohmann::ordered_json;
using tasks::synthetic_text::Study;
using tasks::synthetic_text::StudyConfig;
using tasks::synthetic_text::StudyTexts;

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
  Table table({{study.repeated.word + ", times"}, {"network"}, {"truth"}});
  for (const auto& [times, network, truth] : study.repeated.log_odds)
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

}  // namespace

std::string study_sentence(const Study& study) {
  const auto error_of = [&](const std::string& name) {
    const auto found = std::ranges::find(study.surrogates, name,
                                         &tasks::synthetic_text::SurrogateError::surrogate);
    return found == study.surrogates.end() ? 0 : found->mse;
  };
  const double linear = error_of("linear"), slalom = error_of("slalom");
  if (!(linear > 0) || !(slalom > 0)) return "The surrogates were fitted.";
  return fmt::format("SLALOM’s squared error is {} of the linear surrogate’s.",
                     figure_text(slalom / linear));
}

ordered_json scores_to_json(const at::Tensor& scores) {
  return interp::doubles_of(scores);
}

at::Tensor scores_from_json(const ordered_json& json, const StudyTexts& texts, int64_t batch) {
  namespace shapes = interp::json_shapes;
  const auto n = static_cast<size_t>(texts.size_of(batch));
  if (const auto problem = interp::mismatch(json, shapes::list(shapes::number(), n, n)))
    throw std::invalid_argument(*problem);
  return torch::tensor(json.get<std::vector<double>>(), torch::kFloat64);
}

ordered_json conclude(const StudyTexts& texts, const std::vector<at::Tensor>& scores,
                      StudyConfig config, ordered_json report, bool quiet, const Console& console) {
  Study study;
  {
    Progress line(quiet);
    config.on_stage = [&](const std::string& stage) { line.show([&] { return stage; }); };
    study = tasks::synthetic_text::study(texts, scores, config);
  }
  console.line(in_locale(study_sentence(study)));
  print_surrogates(study, console);
  console.fact("network", fmt::format("log odds {:.4f} off the true ones (RMSE), variance {:.4f}",
                                      study.truth_rmse, study.variance));
  print_repetitions(study, console);
  print_recovery(study, console);
  report.update(tasks::synthetic_text::to_json(study));
  return report;
}

}  // namespace assay::tools
