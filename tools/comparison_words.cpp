#include "tools/comparison_words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "interp/attribution/method.h"
#include "tasks/faithfulness_measures.h"
#include "tools/measure_names.h"

namespace assay::tools {
namespace {

using tasks::ComparisonSummary;
using tasks::MethodSummary;

constexpr size_t kNamed = 4;  // methods by name in a sentence

std::string names_text(std::vector<std::string> names) {
  const size_t all = names.size();
  if (all > kNamed) names.resize(kNamed);
  return fmt::format("{}{}", fmt::join(names, ", "),
                     all > kNamed ? fmt::format(" and {} more", all - kNamed) : "");
}

bool has_measure(const ComparisonSummary& summary, const std::string& measure) {
  return std::ranges::any_of(summary.methods, [&](const MethodSummary& method) {
    return method.measures.contains(measure);
  });
}

/// What is compared in a sentence about references of this kind.
const char* deed_of(ReferenceKind kind, bool one) {
  switch (kind) {
    case ReferenceKind::Mechanism:
      return one ? "agrees with what the network does" : "agree with what the network does";
    case ReferenceKind::Known:
      return one ? "finds what must matter" : "find what must matter";
    case ReferenceKind::Method:
      break;
  }
  return one ? "agrees with the methods held against" : "agree with the methods held against";
}

/// A method's measures above and below chance, of those that it has.
struct Standing {
  std::string method;
  int64_t above = 0, of = 0;
  std::vector<std::string> below;  ///< references
};

std::vector<Standing> standings(const ComparisonSummary& summary,
                                const std::vector<std::string>& measures) {
  std::vector<Standing> all;
  for (const MethodSummary& method : summary.methods) {
    if (!competes(method.method)) continue;
    Standing standing{.method = method.method, .below = {}};
    for (const std::string& measure : measures) {
      const auto found = method.measures.find(measure);
      if (found == method.measures.end() || method.method == reference_of(measure)) continue;
      const Chance chance = chance_of(found->second, measure, summary);
      ++standing.of;
      standing.above += chance == Chance::Above ? 1 : 0;
      if (chance == Chance::Below) standing.below.push_back(reference_of(measure));
    }
    if (standing.of > 0) all.push_back(standing);
  }
  return all;
}

}  // namespace

ReferenceKind kind_of_reference(const std::string& reference, const ComparisonSummary& summary) {
  if (interp::attribution::methods().contains(reference.substr(0, reference.find(':'))))
    return ReferenceKind::Method;
  return has_measure(summary, reference + ".spearman") ? ReferenceKind::Mechanism
                                                       : ReferenceKind::Known;
}

Chance chance_of(const tasks::MeanMeasure& mean, const std::string& measure,
                 const ComparisonSummary& summary) {
  const auto chance = summary.random.find(measure);
  const auto is_bounded = [](const statistics::Interval& interval) {
    return std::isfinite(interval.low) && std::isfinite(interval.high);
  };
  if (chance == summary.random.end() || !is_bounded(chance->second) || !is_bounded(mean.interval))
    return Chance::Unknown;
  if (mean.interval.low > chance->second.high) return Chance::Above;
  if (mean.interval.high < chance->second.low) return Chance::Below;
  return Chance::Within;
}

bool competes(const std::string& method) {
  return !method.starts_with('(') && method != "random";
}

std::vector<std::string> headline_measures(const ComparisonSummary& summary) {
  std::set<std::string> references;
  for (const auto& [measure, chance] : summary.random) references.insert(reference_of(measure));
  for (const ReferenceKind kind :
       {ReferenceKind::Mechanism, ReferenceKind::Known, ReferenceKind::Method}) {
    std::vector<std::string> measures;
    for (const std::string& reference : references) {
      if (kind_of_reference(reference, summary) != kind) continue;
      for (const char* of : {".spearman", ".auroc"})
        if (const std::string measure = reference + of;
            summary.random.contains(measure) && has_measure(summary, measure)) {
          measures.push_back(measure);
          break;
        }
    }
    if (!measures.empty()) return measures;
  }
  return {};
}

std::string comparison_headline(const ComparisonSummary& summary) {
  const std::vector<std::string> measures = headline_measures(summary);
  const std::vector<Standing> methods = standings(summary, measures);
  if (methods.empty()) return "";
  const ReferenceKind kind = kind_of_reference(reference_of(measures.front()), summary);
  std::vector<std::string> references, everywhere, somewhere, nowhere;
  for (const std::string& measure : measures) references.push_back(reference_of(measure));
  for (const Standing& method : methods) {
    if (method.above == method.of)
      everywhere.push_back(method.method);
    else if (method.above > 0)
      somewhere.push_back(method.method);
    else if (method.below.empty())
      nowhere.push_back(method.method);
  }
  const std::string at =
      fmt::format("{} ({})", measures.size() == 1 ? "by one yardstick" : "by every yardstick",
                  fmt::join(references, ", "));
  std::string text =
      everywhere.empty()
          ? fmt::format("None of {} {} {} better than scores that know nothing {}.", methods.size(),
                        methods.size() == 1 ? "method" : "methods", deed_of(kind, true), at)
          : fmt::format("{} of {} {} {} better than scores that know nothing {}: {}.",
                        everywhere.size(), methods.size(),
                        methods.size() == 1 ? "method" : "methods",
                        deed_of(kind, everywhere.size() == 1), at, names_text(everywhere));
  if (!somewhere.empty()) text += fmt::format(" By some of them: {}.", names_text(somewhere));
  if (!nowhere.empty()) text += fmt::format(" Not told from chance: {}.", names_text(nowhere));
  for (const Standing& method : methods)
    if (!method.below.empty())
      text += fmt::format(" {} is worse than chance on {}.", method.method,
                          fmt::join(method.below, ", "));
  return text;
}

std::string leader_sentence(const ComparisonSummary& summary, const std::string& measure) {
  const tasks::Leader& leader = summary.leaders.at(measure);
  const double sign = tasks::lower_is_better(measure) ? -1 : 1;
  std::vector<std::string> behind;
  for (const tasks::PairedDifference& other : leader.differences)
    if (other.tells_apart()) {
      const statistics::Interval ahead =
          sign > 0 ? other.interval
                   : statistics::Interval{-other.interval.high, -other.interval.low};
      behind.push_back(fmt::format("{} by {} ({})", other.method, figure_text(sign * other.mean),
                                   figure_text(ahead)));
    }
  std::string text = tasks::in_words(leader);
  if (!behind.empty()) text += "; ahead of " + names_text(behind);
  return text;
}

std::string figure_text(double figure) {
  const double size = std::abs(figure);
  const std::string digits = size >= 1e4 ? fmt::format("{:.1e}", size)
                                         : fmt::format("{:.{}f}", size,
                                                       size < 10    ? 2
                                                       : size < 100 ? 1
                                                                    : 0);
  const bool negative = figure < 0 && digits.find_first_of("123456789") != digits.npos;
  return negative ? "−" + digits : digits;
}

std::string figure_text(const statistics::Interval& interval) {
  if (!interval.exists()) return "no interval";
  return fmt::format("{} to {}", figure_text(interval.low), figure_text(interval.high));
}

}  // namespace assay::tools
