#include "tasks/comparison_summary.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "tasks/faithfulness_measures.h"

namespace assay::tasks {
namespace {

/// Values of each measure, where it is defined.
using Values = std::map<std::string, std::vector<double>>;

void add_defined(Values& values, const Measures& measures) {
  for (const auto& [name, value] : measures)
    if (!std::isnan(value)) values[name].push_back(value);
}

void add_note(Note& note, const std::string& words) {
  if (words.empty()) return;
  if (note.inputs == 0) note.first = words;
  ++note.inputs;
}

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

MethodSummary summary_of_method(const Comparison& comparison, size_t method,
                                const statistics::Bootstrap& bootstrap) {
  MethodSummary summary{.method = comparison.inputs.front().methods[method].method, .measures = {}};
  Values values;
  for (const ComparedInput& input : comparison.inputs) {
    const ScoredInput& scored = input.methods[method];
    add_note(summary.failures, scored.failure);
    add_note(summary.caveats, scored.caveat);
    add_defined(values, scored.measures);
    summary.rows += static_cast<double>(scored.rows);
    summary.seconds += scored.seconds;
  }
  const auto explained = static_cast<int64_t>(comparison.inputs.size()) - summary.failures.inputs;
  summary.rows /= std::max<double>(1, static_cast<double>(explained));
  summary.seconds /= std::max<double>(1, static_cast<double>(explained));
  for (const auto& [name, of_inputs] : values)
    summary.measures[name] = {.mean = mean_of(of_inputs),
                              .interval = statistics::mean_interval(of_inputs, bootstrap),
                              .inputs = static_cast<int64_t>(of_inputs.size())};
  return summary;
}

/// One of several methods that have a measure.
struct Contender {
  size_t method = 0;  ///< its place in the comparison
  const MethodSummary* summary = nullptr;
};

std::vector<Contender> contenders_at(const std::string& measure, const ComparisonSummary& summary) {
  const std::string reference = measure.substr(0, measure.rfind('.'));
  std::vector<Contender> contenders;
  for (size_t i = 0; i < summary.methods.size(); ++i) {
    const MethodSummary& method = summary.methods[i];
    if (!method.method.starts_with('(') && method.method != reference &&
        method.measures.contains(measure))
      contenders.push_back({i, &method});
  }
  return contenders;
}

/// Of two methods on the inputs on which both have the measure.
std::vector<double> differences(const Comparison& comparison, const std::string& measure,
                                size_t left, size_t right) {
  std::vector<double> differences;
  for (const ComparedInput& input : comparison.inputs) {
    const Measures &of_left = input.methods[left].measures,
                   &of_right = input.methods[right].measures;
    if (!of_left.contains(measure) || !of_right.contains(measure)) continue;
    const double difference = of_left.at(measure) - of_right.at(measure);
    if (!std::isnan(difference)) differences.push_back(difference);
  }
  return differences;
}

PairedDifference paired_difference(const Comparison& comparison, const std::string& measure,
                                   const Contender& leader, const Contender& other,
                                   const statistics::Bootstrap& bootstrap) {
  const std::vector<double> values = differences(comparison, measure, leader.method, other.method);
  return {.method = other.summary->method,
          .mean = mean_of(values),
          .interval = values.size() < 2 ? statistics::kNoInterval
                                        : statistics::mean_interval(values, bootstrap),
          .inputs = std::ssize(values)};
}

/// A confidence at which so many intervals hold together, with resamples enough for its tails.
statistics::Bootstrap shared_by(int64_t intervals, statistics::Bootstrap bootstrap) {
  constexpr double kBeyond = 20;  // resamples outside of each interval
  const double error = (1 - bootstrap.confidence) / static_cast<double>(intervals);
  bootstrap.confidence = 1 - error;
  bootstrap.resamples = std::max<int64_t>(bootstrap.resamples, std::llround(kBeyond / error));
  return bootstrap;
}

Leader leader_at(const std::string& measure, const std::vector<Contender>& contenders,
                 const Comparison& comparison, const ComparisonSummary& summary,
                 const statistics::Bootstrap& bootstrap) {
  const double sign = lower_is_better(measure) ? -1 : 1;
  const Contender& first =
      *std::ranges::max_element(contenders, {}, [&](const Contender& contender) {
        return sign * contender.summary->measures.at(measure).mean;
      });
  Leader leader{.method = first.summary->method, .not_told_apart = {}};
  const statistics::Bootstrap together = shared_by(std::ssize(contenders) - 1, bootstrap);
  for (const Contender& other : contenders) {
    if (other.method == first.method) continue;
    leader.differences.push_back(paired_difference(comparison, measure, first, other, together));
    if (!leader.differences.back().tells_apart())
      leader.not_told_apart.push_back(other.summary->method);
  }
  if (const auto chance = summary.random.find(measure); chance != summary.random.end())
    leader.above_chance = first.summary->measures.at(measure).interval.low > chance->second.high;
  return leader;
}

void add_leaders(ComparisonSummary& summary, const Comparison& comparison,
                 const statistics::Bootstrap& bootstrap) {
  for (const MethodSummary& method : summary.methods)
    for (const auto& [measure, mean] : method.measures) {
      if (summary.leaders.contains(measure)) continue;
      const std::vector<Contender> contenders = contenders_at(measure, summary);
      if (contenders.size() > 1)
        summary.leaders[measure] = leader_at(measure, contenders, comparison, summary, bootstrap);
    }
}

}  // namespace

std::string in_words(const Leader& leader) {
  if (leader.is_best()) return fmt::format("best: {}", leader.method);
  const std::string rivals =
      leader.not_told_apart.empty()
          ? ""
          : fmt::format(", not told apart from {}", fmt::join(leader.not_told_apart, ", "));
  return fmt::format("none is best: {} leads{}{}", leader.method, rivals,
                     leader.above_chance ? "" : ", not shown to be above chance");
}

ComparisonSummary summarise(const Comparison& comparison, const statistics::Bootstrap& bootstrap) {
  ComparisonSummary summary;
  if (comparison.inputs.empty()) return summary;
  for (size_t method = 0; method < comparison.inputs.front().methods.size(); ++method)
    summary.methods.push_back(summary_of_method(comparison, method, bootstrap));
  Values means;  // of each measure, one per draw
  for (size_t draw = 0; draw < kRandomDraws; ++draw) {
    Values values;
    for (const ComparedInput& input : comparison.inputs) add_defined(values, input.random[draw]);
    for (const auto& [name, of_inputs] : values) means[name].push_back(mean_of(of_inputs));
  }
  for (const auto& [name, of_draws] : means)
    summary.random[name] = statistics::percentile_interval(of_draws, bootstrap.confidence);
  add_leaders(summary, comparison, bootstrap);
  return summary;
}

}  // namespace assay::tasks
