#include "tools/comparison_text.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>
#include <utility>

#include "tools/comparison_words.h"
#include "tools/measure_names.h"
#include "tools/table.h"

namespace assay::tools {
namespace {

using tasks::ComparisonSummary;
using tasks::MeanMeasure;
using tasks::MethodSummary;

// Groups of measures that speak of faithfulness, which come after those of agreement.
constexpr std::pair<const char*, const char*> kFaithfulness[] = {
    {"curves", "area under the curves: of insertion high is faithful, of deletion low"},
    {"hard",
     "the 10 to 50% highest features alone, and all but these: Hellinger distances, high is "
     "faithful"},
    {"soft", "the same, erased at random by importances that sum to half of the features"},
    {"soft-published", "the same, by importances that sum to 1, which rewards peaked scores"},
    {"removal", "error of predicted changes when features go, as a share of predicting none"},
};
constexpr const char* kBySize = "removal-mse";

std::string title_of(const std::string& group) {
  for (const auto& [name, title] : kFaithfulness)
    if (group == name) return fmt::format("{}: {}", group, title);
  return fmt::format("agreement with {}", group);
}

using Groups = std::vector<std::pair<std::string, std::vector<std::string>>>;

/// Measures of any method by what they are held against: agreement in alphabetical order, then
/// faithfulness.
Groups grouped_measures(const ComparisonSummary& summary) {
  std::map<std::string, std::set<std::string>> found;
  for (const MethodSummary& method : summary.methods)
    for (const auto& [measure, mean] : method.measures)
      found[reference_of(measure)].insert(measure);
  found.erase(kBySize);
  Groups last, groups;
  for (const auto& [name, title] : kFaithfulness) {
    const auto of_name = found.extract(name);
    if (of_name)
      last.emplace_back(name, std::vector(of_name.mapped().begin(), of_name.mapped().end()));
  }
  for (const auto& [name, measures] : found)
    groups.emplace_back(name, std::vector(measures.begin(), measures.end()));
  groups.insert(groups.end(), last.begin(), last.end());
  return groups;
}

/// On how many inputs a measure is defined, for the method that has it most often.
int64_t inputs_of(const std::string& measure, const ComparisonSummary& summary) {
  int64_t inputs = 0;
  for (const MethodSummary& method : summary.methods)
    if (const auto found = method.measures.find(measure); found != method.measures.end())
      inputs = std::max(inputs, found->second.inputs);
  return inputs;
}

std::string number_text(double number) {
  return std::abs(number) < 1e4 ? fmt::format("{:.3f}", number) : fmt::format("{:.1e}", number);
}
std::string share_text(double share) {
  return share < 100 ? fmt::format("{:.2f}", share) : fmt::format("{:.0e}", share);
}
std::string interval_text(const statistics::Interval& interval) {
  if (!interval.exists()) return "no interval";
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

void print_titled(const std::string& title, const Table& table, const Console& console) {
  console.line();
  console.line(console.paint(title, Tone::Bold));
  console.line(table.to_string(console.colour()));
}

void print_group(const std::string& group, const std::vector<std::string>& measures,
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
  print_titled(
      fmt::format("{} ({} inputs)", title_of(group), grouped(inputs_of(measures.front(), summary))),
      table, console);
  for (const std::string& measure : measures)
    if (const auto leader = summary.leaders.find(measure); leader != summary.leaders.end())
      console.fact(kind_of(measure), leader_sentence(summary, measure));
}

constexpr const char* kNoChange = "(no change)";  // a baseline of tasks/faithfulness_measures.h

/// Squared errors by the number of features that go, in shares of predicting no change.
void print_errors_by_size(const ComparisonSummary& summary, const Console& console) {
  const auto no_change = std::ranges::find(summary.methods, kNoChange, &MethodSummary::method);
  if (no_change == summary.methods.end()) return;
  std::vector<Heading> headings = {{"method", Align::Left}};
  for (const auto& [measure, mean] : no_change->measures)
    if (reference_of(measure) == kBySize)
      headings.push_back({fmt::format("k = {}", std::stoi(kind_of(measure)))});
  Table table(headings);
  for (const MethodSummary& method : summary.methods) {
    std::vector<Cell> cells = {{method.method}};
    for (const auto& [measure, mean] : method.measures)
      if (reference_of(measure) == kBySize)
        cells.push_back({share_text(mean.mean / no_change->measures.at(measure).mean)});
    if (cells.size() == headings.size()) table.add_row(cells);
  }
  print_titled(
      fmt::format("{}: squared error when k features go, as a share of predicting none", kBySize),
      table, console);
}

void print_costs(const ComparisonSummary& summary, const Console& console) {
  Table table({{"method", Align::Left}, {"forward rows"}, {"seconds"}});
  for (const MethodSummary& method : summary.methods)
    if (method.seconds > 0)
      table.add_row({{method.method},
                     {fmt::format("{:.0f}", method.rows)},
                     {fmt::format("{:.3f}", method.seconds)}});
  print_titled("cost of an explanation", table, console);
}

/// What failed, and what is not to be trusted.
void print_notes(const ComparisonSummary& summary, int64_t inputs, const Console& console) {
  const auto print = [&](const MethodSummary& method, const tasks::Note& note, const char* what,
                         Tone tone) {
    if (note.inputs == 0) return;
    console.line(console.paint(fmt::format("{}: {} {} of {} inputs, first: {}", method.method, what,
                                           grouped(note.inputs), grouped(inputs), note.first),
                               tone));
  };
  console.line();
  for (const MethodSummary& method : summary.methods) {
    print(method, method.failures, "failed and is left out on", Tone::Bad);
    print(method, method.caveats, "has a caveat on", Tone::Caution);
  }
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
  if (const std::string headline = comparison_headline(summary); !headline.empty())
    console.line(in_locale(wrapped(headline, width_of(stdout), 0)));
  const auto wrong = std::ranges::count(comparison.inputs, false, &tasks::ComparedInput::right);
  if (wrong > 0) console.fact("wrong answers", fmt::format("{} of the network", wrong));
  for (const auto& [group, measures] : grouped_measures(summary))
    print_group(group, measures, summary, console);
  print_errors_by_size(summary, console);
  print_costs(summary, console);
  print_notes(summary, std::ssize(comparison.inputs), console);
}

}  // namespace assay::tools
