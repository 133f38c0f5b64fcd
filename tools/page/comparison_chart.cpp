#include "tools/page/comparison_chart.h"

#include <fmt/format.h>

#include <algorithm>

#include "tasks/faithfulness_measures.h"
#include "tasks/page/forest.h"
#include "tools/measure_names.h"
#include "tools/terminal.h"

namespace assay::tools::page {
namespace {

using tasks::Leader;
using tasks::PairedDifference;
using tasks::page::Axis;
using tasks::page::Csv;
using tasks::page::Forest;
using tasks::page::tag;

/// Methods that have the measure, in the order of the page.
std::vector<const ComparedMethod*> methods_with(const ComparisonFigures& figures,
                                                const std::string& measure) {
  std::vector<const ComparedMethod*> found;
  for (const ComparedMethod& method : figures.methods)
    if (method.figures.contains(measure)) found.push_back(&method);
  return found;
}

/// AUROC and the like have a scale of their own.
Axis axis_of_means(const std::string& measure, const std::vector<const ComparedMethod*>& methods) {
  const std::string kind = kind_of(measure);
  if (kind == "auroc" || kind == "precision") return {.low = 0, .high = 1, .ticks = {0, 0.5, 1}};
  if (kind == "spearman") return {.low = -1, .high = 1, .ticks = {-1, 0, 1}};
  std::vector<double> values;
  for (const ComparedMethod* method : methods) {
    const Figure& figure = method->figures.at(measure);
    values.insert(values.end(), {figure.mean, figure.interval.low, figure.interval.high});
  }
  return tasks::page::axis_of(values);
}

std::string tone_of(const ComparedMethod& method) {
  return competes(method.name) ? "int" : "quiet";
}

std::string value_text(const Figure& figure) {
  const char* sign = figure.chance == Chance::Above   ? "▲ "
                     : figure.chance == Chance::Below ? "▼ "
                                                      : "";
  return sign + figure_text(figure.mean);
}

Forest means_of(const ComparisonFigures& figures, const std::string& measure,
                const std::vector<const ComparedMethod*>& methods) {
  Forest forest{.says = "mean over the inputs, " + title_of_kind(kind_of(measure)),
                .lines = {},
                .axis = axis_of_means(measure, methods)};
  if (const auto chance = figures.chance.find(measure); chance != figures.chance.end())
    forest.band = {chance->second.low, chance->second.high};
  for (const ComparedMethod* method : methods) {
    const Figure& figure = method->figures.at(measure);
    Forest::Line line{.name = method->name,
                      .value = value_text(figure),
                      .under = figure_text(figure.interval),
                      .at = figure.mean,
                      .hollow = figure.chance == Chance::Within,
                      .tone = tone_of(*method)};
    if (figure.interval.exists()) line.span = {figure.interval.low, figure.interval.high};
    forest.lines.push_back(line);
  }
  return forest;
}

// --- paired differences, positive where the leader is better

statistics::Interval ahead(const PairedDifference& difference, double sign) {
  const statistics::Interval& interval = difference.interval;
  return sign > 0 ? interval : statistics::Interval{-interval.high, -interval.low};
}

Axis axis_of_differences(const Leader& leader, double sign) {
  std::vector<double> values = {0};
  for (const PairedDifference& difference : leader.differences) {
    const statistics::Interval interval = ahead(difference, sign);
    values.insert(values.end(), {sign * difference.mean, interval.low, interval.high});
  }
  return tasks::page::axis_of(values);
}

Forest::Line difference_line(const PairedDifference& difference, const std::string& tone,
                             double sign) {
  const statistics::Interval interval = ahead(difference, sign);
  Forest::Line line{
      .name = difference.method,
      .value = std::isnan(difference.mean) ? "–" : figure_text(sign * difference.mean),
      .under = figure_text(interval),
      .at = {},
      .hollow = !difference.tells_apart(),
      .tone = tone};
  if (!std::isnan(difference.mean)) line.at = sign * difference.mean;
  if (interval.exists()) line.span = {interval.low, interval.high};
  return line;
}

/// Its lines stand beside those of the means.
Forest differences_of(const Leader& leader, const std::string& measure,
                      const std::vector<const ComparedMethod*>& methods) {
  const double sign = tasks::lower_is_better(measure) ? -1 : 1;
  Forest forest{.says = fmt::format("{} is ahead by, on the same inputs", leader.method),
                .lines = {},
                .axis = axis_of_differences(leader, sign)};
  forest.zero = 0;
  for (const ComparedMethod* method : methods) {
    const auto found =
        std::ranges::find(leader.differences, method->name, &PairedDifference::method);
    if (found != leader.differences.end())
      forest.lines.push_back(difference_line(*found, tone_of(*method), sign));
    else
      forest.lines.push_back({.name = method->name,
                              .value = method->name == leader.method ? "leads" : "–",
                              .under = method->name == leader.method ? "" : "does not compete"});
  }
  return forest;
}

std::string cell_text(double value) {
  return std::isfinite(value) ? fmt::format("{}", value) : "";
}

Csv csv_of(const ComparisonFigures& figures, const std::string& measure,
           const std::vector<const ComparedMethod*>& methods, const Leader* leader) {
  Csv csv = {{"measure", "method", "mean", "low", "high", "inputs", "chance_low", "chance_high",
              "leader", "leader_less_method", "difference_low", "difference_high",
              "common_inputs"}};
  const auto chance = figures.chance.find(measure);
  for (const ComparedMethod* method : methods) {
    const Figure& figure = method->figures.at(measure);
    std::vector<std::string> line = {measure,
                                     method->name,
                                     cell_text(figure.mean),
                                     cell_text(figure.interval.low),
                                     cell_text(figure.interval.high),
                                     fmt::to_string(figure.inputs)};
    const bool known = chance != figures.chance.end();
    line.push_back(known ? cell_text(chance->second.low) : "");
    line.push_back(known ? cell_text(chance->second.high) : "");
    line.push_back(leader ? leader->method : "");
    if (leader)
      for (const PairedDifference& difference : leader->differences)
        if (difference.method == method->name)
          line.insert(line.end(),
                      {cell_text(difference.mean), cell_text(difference.interval.low),
                       cell_text(difference.interval.high), fmt::to_string(difference.inputs)});
    line.resize(csv.front().size());
    csv.push_back(line);
  }
  return csv;
}

int64_t inputs_of(const std::string& measure, const std::vector<const ComparedMethod*>& methods) {
  int64_t inputs = 0;
  for (const ComparedMethod* method : methods)
    inputs = std::max(inputs, method->figures.at(measure).inputs);
  return inputs;
}

}  // namespace

Json measure_figure(const ComparisonFigures& figures, const std::string& measure,
                    const std::string& meaning) {
  const std::vector<const ComparedMethod*> methods = methods_with(figures, measure);
  const auto found = figures.summary.leaders.find(measure);
  const Leader* leader = found == figures.summary.leaders.end() ? nullptr : &found->second;
  tasks::page::Html forests = tasks::page::forest(means_of(figures, measure, methods));
  if (leader && !leader->differences.empty())
    forests += tasks::page::forest(differences_of(*leader, measure, methods));
  const std::string name =
      fmt::format("{} {}", reference_of(measure), title_of_kind(kind_of(measure)));
  const int64_t inputs = inputs_of(measure, methods);
  const tasks::page::Html title =
      tag("h4", name + fmt::format(", {} {}", grouped(inputs), inputs == 1 ? "input" : "inputs")) +
      (meaning.empty() ? tasks::page::Html() : tag("p", {{"class", "small soft"}}, meaning));
  std::string caption = leader ? leader_sentence(figures.summary, measure) : "";
  if (!caption.empty()) caption = fmt::format("{}: {}.", name, caption);
  return tasks::page::block(
      tasks::page::figure(measure, "", title + tag("div", {{"class", "pair"}}, forests), caption,
                          csv_of(figures, measure, methods, leader)));
}

std::string marks_in_words(const ComparisonFigures& figures, double confidence) {
  const std::string sure = fmt::format("{:g}%", 100 * confidence);
  const std::string means = fmt::format(
      "Each method’s mean with its {} bootstrap interval over inputs; grey is where the mean of "
      "scores that know nothing falls. ▲ the whole interval lies above it, ▼ below it; hollow: not "
      "told from it.",
      sure);
  const bool paired = std::ranges::any_of(figures.summary.leaders, [](const auto& leader) {
    return !leader.second.differences.empty();
  });
  if (!paired) return means;
  return means +
         fmt::format(
             " Beside it: how far the leader is ahead of each method on the same inputs, with "
             "intervals that hold together at {} for the measure; where one crosses the line, the "
             "dot is hollow and the two are not told apart.",
             sure);
}

}  // namespace assay::tools::page
