// Loss and accuracy by step of a training.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tasks/page/figure.h"
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

/// NaN of a training that diverged is null in its file.
double loss_of(const Json& line) {
  const Json& loss = line.at("loss");
  return loss.is_null() ? std::numeric_limits<double>::quiet_NaN() : loss.get<double>();
}

/// At most kPoints lines, evenly taken, with the last.
std::vector<const Json*> thinned(const Json& lines) {
  const size_t step = (lines.size() + kPoints - 1) / kPoints;
  std::vector<const Json*> kept;
  for (size_t i = 0; i + 1 < lines.size(); i += step) kept.push_back(&lines[i]);
  kept.push_back(&lines.back());
  return kept;
}

/// The steps along the axis, and a few of them as ticks.
double step_place(const Json& line, const Json& last) {
  const double end = last.at("step").get<double>();
  return end > 0 ? line.at("step").get<double>() / end : 0;
}
std::vector<Curves::Tick> step_ticks(const Json& last) {
  const auto end = last.at("step").get<int64_t>();
  return {{0, "0"}, {0.5, grouped(end / 2)}, {1, grouped(end)}};
}

/// On a logarithmic scale, which has no place for 0.
Curves loss_curves(const std::vector<const Json*>& lines) {
  double low = 1e300, high = 0;
  for (const Json* line : lines)
    if (const double loss = loss_of(*line); loss > 0) {
      low = std::min(low, loss);
      high = std::max(high, loss);
    }
  if (high == 0) low = high = 1;
  if (high < 1.001 * low) low /= 3, high *= 3;  // one loss stands in the middle
  Curves curves{.all = {{.name = "loss", .points = {}}},
                .x = step_ticks(*lines.back()),
                .y = tasks::page::decades(low, high),
                .x_says = "step",
                .y_says = "loss, on a logarithmic scale"};
  const double room = std::max(1e-9, std::log10(high / low));
  for (const Json* line : lines) {
    const double loss = loss_of(*line);
    curves.all[0].points.emplace_back(
        step_place(*line, *lines.back()),
        loss > 0 ? std::log10(loss / low) / room : std::numeric_limits<double>::quiet_NaN());
  }
  return curves;
}

Curves accuracy_curves(const std::vector<const Json*>& lines) {
  Curves curves{.all = {{.name = "accuracy", .points = {}}},
                .x = step_ticks(*lines.back()),
                .y = {{0, "0"}, {0.5, "50%"}, {1, "100%"}},
                .x_says = "step",
                .y_says = "held-out inputs right"};
  for (const Json* line : lines)
    curves.all[0].points.emplace_back(step_place(*line, *lines.back()),
                                      line->at("accuracy").get<double>());
  return curves;
}

Csv csv_of(const std::vector<const Json*>& lines) {
  Csv csv = {{"step", "loss", "accuracy"}};
  for (const Json* line : lines)
    csv.push_back({line->at("step").dump(), line->at("loss").dump(), line->at("accuracy").dump()});
  return csv;
}

/// What a manifest says of how good the network is; nothing while it trains.
std::optional<Section> trained_network(const Json& report) {
  const Json accuracy = report.value("accuracy", Json());
  if (!accuracy.is_number()) return std::nullopt;
  Section section{.title = "The trained network", .run = {}};
  section.blocks.push_back(headline(Html("A network that answers ") +
                                    tag("b", percent(accuracy, 1)) +
                                    " of inputs right that it was not trained on."));
  return section;
}

}  // namespace

std::optional<Section> training_section(const Run& run) {
  if (run.kind == RunKind::Manifest) return trained_network(run.report);
  if (run.kind != RunKind::Training) return std::nullopt;
  const Json& lines = run.report.at("lines");
  Section section{.title = "Training", .run = {}};
  if (lines.empty()) {
    section.blocks.push_back(paragraph("The training has no evaluation yet."));
    return section;
  }
  const Json& last = lines.back();
  const std::string inputs =
      last.contains("accuracy_of")
          ? fmt::format("{} held-out inputs ({})", grouped(last.at("accuracy_inputs")),
                        last.at("accuracy_of").get<std::string>())
          : "the held-out inputs";
  section.blocks.push_back(headline(
      Html(fmt::format("After {} the network answers ", counted(last.at("step"), "step"))) +
      tag("b", percent(last.at("accuracy"), 1)) + " of held-out inputs right."));
  const std::vector<const Json*> kept = thinned(lines);
  section.blocks.push_back(tasks::page::block(tasks::page::figure(
      "training",
      fmt::format(
          "Two lines over {} steps: the loss falls from {:.3g} to {:.3g}, held-out accuracy "
          "goes from {} to {}.",
          grouped(last.at("step")), loss_of(lines[0]), loss_of(last),
          percent(lines[0].at("accuracy")), percent(last.at("accuracy"))),
      tasks::page::tag("div", {{"class", "panels"}},
                       tasks::page::tag("div", tasks::page::curves(loss_curves(kept))) +
                           tasks::page::tag("div", tasks::page::curves(accuracy_curves(kept)))),
      fmt::format("By step {}: loss {:.3g} (logarithmic scale), {} of {} right.",
                  grouped(last.at("step")), loss_of(last), percent(last.at("accuracy")), inputs),
      csv_of(kept))));
  return section;
}

}  // namespace assay::tools::page
