// Which surrogates follow a network trained on synthetic texts.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tasks/page/forest.h"
#include "tasks/synthetic_text/study_fields.h"
#include "tools/page/headline.h"
#include "tools/page/sections.h"
#include "tools/study_result.h"
#include "tools/terminal.h"

namespace assay::tools::page {
namespace {

using tasks::page::tag;
using tasks::synthetic_text::Repetition;
using tasks::synthetic_text::Study;
using tasks::synthetic_text::SurrogateError;

Json errors_figure(const Study& study) {
  double most = 0;
  for (const SurrogateError& error : study.surrogates)
    if (std::isfinite(error.mse)) most = std::max(most, error.mse);
  std::vector<tasks::page::Bar> bars;
  tasks::page::Csv csv = {{"surrogate", "mse", "r2"}};
  for (const SurrogateError& error : study.surrogates) {
    const double r2 = 1 - error.mse / study.variance;
    bars.push_back({.label = error.surrogate,
                    .value = fmt::format("{:.4f}, R² {:.3f}", error.mse, r2),
                    .length = most > 0 && std::isfinite(error.mse) ? error.mse / most : 0,
                    .tone = "int"});
    csv.push_back({error.surrogate, fmt::format("{}", error.mse), fmt::format("{}", r2)});
  }
  return tasks::page::block(tasks::page::figure(
      "errors", "", tasks::page::bars(bars),
      "Mean squared error of each surrogate’s log odds on texts that it was not fitted on.", csv));
}

/// The network's log odds of one word repeated, and the truth, over how often it stands there.
Json repetition_figure(const Study& study) {
  std::vector<double> values = {0};
  double longest = 1;
  tasks::page::Csv csv = {{"times", "network", "truth"}};
  for (const Repetition& repetition : study.repeated.log_odds) {
    values.insert(values.end(), {repetition.network, repetition.truth});
    longest = std::max(longest, static_cast<double>(repetition.times));
    csv.push_back({fmt::format("{}", repetition.times), fmt::format("{}", repetition.network),
                   fmt::format("{}", repetition.truth)});
  }
  const tasks::page::Axis y = tasks::page::axis_of(values);
  tasks::page::Curves curves{
      .all = {{.name = "network", .points = {}}, {.name = "truth", .points = {}, .tone = "quiet"}},
      .x = {{0, "0"}, {1, fmt::format("{:g}", longest)}},
      .y = {},
      .x_says = fmt::format("times “{}”", study.repeated.word),
      .y_says = "log odds"};
  for (const double tick : y.ticks)
    curves.y.push_back({y.place_of(tick), fmt::format("{:g}", tick)});
  const auto height = [&](double value) {
    return std::isfinite(value) ? y.place_of(value) : std::nan("");
  };
  for (const Repetition& repetition : study.repeated.log_odds) {
    const double x = static_cast<double>(repetition.times) / longest;
    curves.all[0].points.emplace_back(x, height(repetition.network));
    curves.all[1].points.emplace_back(x, height(repetition.truth));
  }
  return tasks::page::block(tasks::page::figure(
      "repeated",
      fmt::format("Log odds of the word {} alone, repeated up to {:g} times: of the network and "
                  "of the truth.",
                  study.repeated.word, longest),
      tasks::page::curves(curves),
      "A network that adds up would follow the truth; one that takes a weighted mean stays level.",
      csv));
}

}  // namespace

std::optional<Section> study_section(const Run& run) {
  if (run.kind != "study") return std::nullopt;
  const auto study = interp::read_record<Study>(run.report, "the study");
  Section section{.title = "Which surrogate follows the network", .run = {}};
  section.blocks.push_back(headline(study_sentence(study)));
  section.blocks.push_back(errors_figure(study));
  if (!study.repeated.log_odds.empty()) {
    section.blocks.push_back(heading("One word, over and over"));
    section.blocks.push_back(repetition_figure(study));
  }
  if (study.recovery)
    section.blocks.push_back(facts(
        {{"values", fmt::format("RMSE {:.3f} of the true ones, correlation {:.4f}",
                                study.recovery->rmse_value, study.recovery->correlation_value)},
         {"importances",
          fmt::format("RMSE {:.3f}, correlation {:.4f}", study.recovery->rmse_importance,
                      study.recovery->correlation_importance)}}));
  return section;
}

}  // namespace assay::tools::page
