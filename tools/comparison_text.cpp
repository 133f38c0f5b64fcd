#include "tools/comparison_text.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "tools/measure_names.h"
#include "tools/table.h"

namespace assay::tools {
namespace {

using tasks::ComparisonSummary;
using tasks::MeanMeasure;
using tasks::MethodSummary;

/// Measures by what they are held against, in alphabetical order.
std::map<std::string, std::vector<std::string>> grouped_measures(const ComparisonSummary& summary) {
  std::map<std::string, std::vector<std::string>> groups;
  for (const auto& [measure, mean] : summary.methods.front().measures)
    groups[reference_of(measure)].push_back(measure);
  return groups;
}

std::string number_text(double number) {
  return std::abs(number) < 1e4 ? fmt::format("{:.3f}", number) : fmt::format("{:.1e}", number);
}
std::string interval_text(const interp::Interval& interval) {
  return fmt::format("{} … {}", number_text(interval.low), number_text(interval.high));
}

/// Green above what scores that know nothing reach, red below it.
Tone tone_of(const MeanMeasure& measure, const ComparisonSummary& summary,
             const std::string& name) {
  const auto band = summary.random.find(name);
  if (band == summary.random.end()) return Tone::Plain;
  if (measure.interval.low > band->second.high) return Tone::Good;
  if (measure.interval.high < band->second.low) return Tone::Bad;
  return Tone::Plain;
}

std::vector<Cell> cells_of(const MethodSummary& method, const std::vector<std::string>& measures,
                           const ComparisonSummary& summary) {
  std::vector<Cell> cells = {{method.method}};
  for (const std::string& name : measures) {
    const auto found = method.measures.find(name);
    if (found == method.measures.end()) {
      cells.insert(cells.end(), {{"–"}, {""}});
      continue;
    }
    const MeanMeasure& measure = found->second;
    cells.push_back({number_text(measure.mean), tone_of(measure, summary, name)});
    cells.push_back({interval_text(measure.interval), Tone::Faint});
  }
  return cells;
}

std::vector<Cell> cells_of_chance(const std::vector<std::string>& measures,
                                  const ComparisonSummary& summary) {
  std::vector<Cell> cells = {{"(chance)", Tone::Faint}};
  for (const std::string& measure : measures) {
    cells.push_back({""});
    cells.push_back({interval_text(summary.random.at(measure)), Tone::Faint});
  }
  return cells;
}

void print_group(const std::string& reference, const std::vector<std::string>& measures,
                 const ComparisonSummary& summary, const Console& console) {
  std::vector<Heading> headings = {{"method", Align::Left}};
  for (const std::string& measure : measures)
    headings.insert(headings.end(), {{kind_of(measure)}, {"", Align::Right}});
  Table table(headings);
  for (const MethodSummary& method : summary.methods)
    if (std::ranges::any_of(measures,
                            [&](const auto& name) { return method.measures.contains(name); }))
      table.add_row(cells_of(method, measures, summary));
  if (summary.random.contains(measures.front())) table.add_row(cells_of_chance(measures, summary));
  const int64_t inputs = summary.methods.front().measures.at(measures.front()).inputs;
  console.line();
  console.line(
      console.paint(fmt::format("{} ({} inputs)", reference, grouped(inputs)), Tone::Bold));
  console.line(table.to_string(console.colour()));
}

void print_costs(const ComparisonSummary& summary, const Console& console) {
  Table table({{"method", Align::Left}, {"forward rows"}, {"seconds"}});
  for (const MethodSummary& method : summary.methods)
    if (method.seconds > 0)
      table.add_row({{method.method},
                     {fmt::format("{:.0f}", method.rows)},
                     {fmt::format("{:.3f}", method.seconds)}});
  console.line();
  console.line(console.paint("cost of an explanation", Tone::Bold));
  console.line(table.to_string(console.colour()));
}

}  // namespace

void print_comparison(const tasks::Comparison& comparison, const ComparisonSummary& summary,
                      const Console& console) {
  if (summary.methods.empty()) {
    console.line("stopped before the first input was done");
    return;
  }
  if (!comparison.complete)
    console.line(console.paint(
        fmt::format("stopped after {} inputs", grouped(comparison.inputs.size())), Tone::Caution));
  const auto wrong = std::ranges::count(comparison.inputs, false, &tasks::ComparedInput::right);
  if (wrong > 0) console.fact("wrong answers", fmt::format("{} of the network", wrong));
  for (const auto& [reference, measures] : grouped_measures(summary))
    print_group(reference, measures, summary, console);
  print_costs(summary, console);
}

}  // namespace assay::tools
