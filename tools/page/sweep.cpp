// Trainings side by side: how good each network became, and how far seeds lie apart.

#include <fmt/format.h>

#include "tasks/page/figure.h"
#include "tools/page/headline.h"
#include "tools/page/sections.h"
#include "tools/plural.h"
#include "tools/sweep.h"
#include "tools/terminal.h"

namespace assay::tools::page {
namespace {

std::string percent_text(double share) {
  return fmt::format("{:.2f}%", 100 * share);
}

/// A bar for each run; of those that are not done, the reason in its place.
Json runs_figure(const SweepRecord& sweep) {
  std::vector<tasks::page::Bar> bars;
  tasks::page::Csv csv = {{"run", "recipe", "seed", "accuracy", "low", "high", "cpu_seconds"}};
  for (const SweptRun& run : sweep.runs) {
    tasks::page::Bar bar{
        .label = run.folder, .value = run.failed ? "failed" : "not done", .length = 0};
    std::vector<std::string> line = {run.folder, run.recipe, fmt::format("{}", run.plan.seed)};
    line.resize(csv.front().size());
    if (run.outcome) {
      bar.value = "–";
      line[6] = fmt::format("{}", run.outcome->cpu_seconds);
      if (const auto& accuracy = run.outcome->accuracy) {
        bar.value = percent_text(accuracy->share);
        bar.length = accuracy->share;
        line[3] = fmt::format("{}", accuracy->share);
        if (const auto bounds = interval_of(*accuracy)) {
          bar.interval = {bounds->at(0), bounds->at(1)};
          line[4] = fmt::format("{}", bounds->at(0));
          line[5] = fmt::format("{}", bounds->at(1));
        }
      }
    }
    bars.push_back(std::move(bar));
    csv.push_back(std::move(line));
  }
  return tasks::page::block(tasks::page::figure(
      "runs", "", tasks::page::bars(bars),
      "Share of inputs that each network answers rightly, with its 95% interval where inputs are "
      "drawn.",
      csv));
}

Json recipes_table(const SweepRecord& sweep) {
  Json lines = Json::array();
  for (const RecipeOutcome& recipe : recipes_of(sweep)) {
    const std::vector<double>& all = recipe.accuracies;
    const std::string of = fmt::format("{} of {}", all.size(), recipe.runs);
    if (all.empty())
      lines.push_back({recipe.recipe, of, "–", "–", "–"});
    else
      lines.push_back({recipe.recipe, of, percent_text(all.front()), percent_text(median_of(all)),
                       percent_text(all.back())});
  }
  return table("How far runs of one recipe lie apart.",
               {{"recipe", false},
                {"runs done", true},
                {"least", true},
                {"median", true},
                {"greatest", true}},
               lines);
}

}  // namespace

std::optional<Section> sweep_section(const Run& run) {
  if (run.kind != "sweep") return std::nullopt;
  const auto sweep = interp::read_record<SweepRecord>(run.report, "the sweep");
  Section section{.title = "The runs", .run = {}};
  section.blocks.push_back(headline(tasks::page::Html(sweep_sentence(sweep))));
  section.blocks.push_back(runs_figure(sweep));
  section.blocks.push_back(recipes_table(sweep));
  for (const SweptRun& one : sweep.runs)
    if (one.failed) section.blocks.push_back(paragraph(one.folder + ": " + *one.failed));
  return section;
}

}  // namespace assay::tools::page
