// Loss and accuracy by step of a training.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tasks/page/figure.h"
#include "tools/manifest_fields.h"
#include "tools/metrics_fields.h"
#include "tools/page/headline.h"
#include "tools/page/sections.h"
#include "tools/plural.h"
#include "tools/terminal.h"

namespace assay::tools::page {
namespace {

using tasks::page::Csv;
using tasks::page::Curves;
using tasks::page::tag;

constexpr size_t kPoints = 1500;  // more than a line of this width can show

using Lines = std::vector<MetricsLine>;

/// At most kPoints lines, evenly taken, with the last.
Lines thinned(const Lines& lines) {
  const size_t step = (lines.size() + kPoints - 1) / kPoints;
  Lines kept;
  for (size_t i = 0; i + 1 < lines.size(); i += step) kept.push_back(lines[i]);
  kept.push_back(lines.back());
  return kept;
}

/// The steps along the axis, and a few of them as ticks.
double step_place(const MetricsLine& line, const MetricsLine& last) {
  const auto end = static_cast<double>(last.progress.step);
  return end > 0 ? static_cast<double>(line.progress.step) / end : 0;
}
std::vector<Curves::Tick> step_ticks(const MetricsLine& last) {
  const int64_t end = last.progress.step;
  return {{0, "0"}, {0.5, grouped(end / 2)}, {1, grouped(end)}};
}

/// On a logarithmic scale, which has no place for 0.
Curves loss_curves(const Lines& lines) {
  double low = 1e300, high = 0;
  for (const MetricsLine& line : lines)
    if (const double loss = line.progress.loss; loss > 0) {
      low = std::min(low, loss);
      high = std::max(high, loss);
    }
  if (high == 0) low = high = 1;
  if (high < 1.001 * low) low /= 3, high *= 3;  // one loss stands in the middle
  Curves curves{.all = {{.name = "loss", .points = {}}},
                .x = step_ticks(lines.back()),
                .y = tasks::page::decades(low, high),
                .x_says = "step",
                .y_says = "loss, on a logarithmic scale"};
  const double room = std::max(1e-9, std::log10(high / low));
  for (const MetricsLine& line : lines) {
    const double loss = line.progress.loss;
    curves.all[0].points.emplace_back(
        step_place(line, lines.back()),
        loss > 0 ? std::log10(loss / low) / room : std::numeric_limits<double>::quiet_NaN());
  }
  return curves;
}

Curves accuracy_curves(const Lines& lines) {
  Curves curves{.all = {{.name = "accuracy", .points = {}}},
                .x = step_ticks(lines.back()),
                .y = {{0, "0"}, {0.5, "50%"}, {1, "100%"}},
                .x_says = "step",
                .y_says = "held-out inputs right"};
  for (const MetricsLine& line : lines)
    curves.all[0].points.emplace_back(step_place(line, lines.back()), line.progress.accuracy);
  return curves;
}

Csv csv_of(const Lines& lines) {
  Csv csv = {{"step", "loss", "accuracy"}};
  for (const auto& [progress, on] : lines)
    csv.push_back({fmt::to_string(progress.step), Json(progress.loss).dump(),
                   Json(progress.accuracy).dump()});
  return csv;
}

/// What the accuracy of a line was measured on; earlier trainings do not say.
std::string held_out_words(const MeasuredOn& on) {
  if (!on.inputs || !on.of) return "the held-out inputs";
  return fmt::format("{} held-out inputs ({})", grouped(*on.inputs), *on.of);
}

/// What a manifest says of how good the network is; nothing while it trains.
std::optional<Section> trained_network(const Json& report) {
  if (!report.contains("model_sha256")) return std::nullopt;
  const auto trained = interp::read_record<TrainedRecord>(report, "the manifest");
  if (!trained.accuracy) return std::nullopt;
  Section section{.title = "The trained network", .run = {}};
  section.blocks.push_back(headline(
      Html("The network is right on ") + tag("b", accuracy_sentence(*trained.accuracy)) + ".", {},
      trained.accuracy_trained
          ? Html("And on " + accuracy_sentence(*trained.accuracy_trained) + ".")
          : Html()));
  return section;
}

}  // namespace

std::optional<Section> training_section(const Run& run) {
  if (run.kind == RunKind::Manifest) return trained_network(run.report);
  if (run.kind != RunKind::Training) return std::nullopt;
  const auto lines = interp::read_record<Lines>(run.report.at("lines"), "the log");
  Section section{.title = "Training", .run = {}};
  if (lines.empty()) {
    section.blocks.push_back(paragraph("The training has no evaluation yet."));
    return section;
  }
  const interp::TrainingProgress &first = lines.front().progress, &last = lines.back().progress;
  section.blocks.push_back(
      headline(Html(fmt::format("After {} the network answers ", counted(last.step, "step"))) +
               tag("b", percent(last.accuracy, 1)) + " of held-out inputs right."));
  const Lines kept = thinned(lines);
  section.blocks.push_back(tasks::page::block(tasks::page::figure(
      "training",
      fmt::format(
          "Two lines over {} steps: the loss falls from {:.3g} to {:.3g}, held-out accuracy "
          "goes from {} to {}.",
          grouped(last.step), first.loss, last.loss, percent(first.accuracy),
          percent(last.accuracy)),
      tasks::page::tag("div", {{"class", "panels"}},
                       tasks::page::tag("div", tasks::page::curves(loss_curves(kept))) +
                           tasks::page::tag("div", tasks::page::curves(accuracy_curves(kept)))),
      fmt::format("By step {}: loss {:.3g} (logarithmic scale), {} of {} right.",
                  grouped(last.step), last.loss, percent(last.accuracy),
                  held_out_words(lines.back().accuracy)),
      csv_of(kept))));
  return section;
}

}  // namespace assay::tools::page
