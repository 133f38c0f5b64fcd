// A comparison of methods that explain: which are better than chance at what, how faithful they
// are, and what they cost.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "tasks/page/figure.h"
#include "tools/measure_names.h"
#include "tools/page/compared_inputs.h"
#include "tools/page/comparison_chart.h"
#include "tools/page/headline.h"
#include "tools/page/sections.h"
#include "tools/plural.h"
#include "tools/task_options.h"
#include "tools/terminal.h"

namespace assay::tools::page {
namespace {

using tasks::page::tag;

int64_t methods_in(const ComparisonFigures& figures) {
  return std::ranges::count(figures.methods, true, &ComparedMethod::is_method);
}

std::string what_was_done(const Run& run, const ComparisonFigures& figures) {
  const Json& report = run.report;
  const auto inputs = static_cast<int64_t>(report.at("inputs").size());
  const auto right = std::ranges::count_if(
      report.at("inputs"), [](const Json& input) { return input.at("right").get<bool>(); });
  std::string text = fmt::format(
      "{} of scoring each {} of an input by what it does to the answer, on the same {}. ",
      counted(methods_in(figures), "way"), report.at("features").get<std::string>(),
      counted(inputs, "fresh input"));
  text += right == inputs
              ? "The network answers all of them right. "
              : fmt::format(
                    "The network answers {} of them right; what must matter is known of "
                    "these alone. ",
                    grouped(right));
  return text;
}

/// What the report says of some inputs of a method: that it failed there, or how far it is to be
/// trusted.
void add_notes(Section& section, const tasks::ComparisonSummary& summary, int64_t inputs) {
  const auto add = [&](const std::string& method, const char* words, const tasks::Note& note,
                       Tone tone) {
    if (note.empty()) return;
    section.blocks.push_back(
        paragraph(fmt::format("{} {} on {} of {}. The first: {}", method, words,
                              grouped(note.inputs), counted(inputs, "input"), note.first),
                  tone));
  };
  for (const tasks::MethodSummary& of : summary.methods) {
    add(of.method, "gives no explanation, and its means leave it out,", of.failures, Tone::Bad);
    add(of.method, "has a caveat", of.caveats, Tone::Caution);
  }
}

using Meanings = std::map<std::string, std::string>;  // of references, by name

Json figures_of(const ComparisonFigures& figures, const std::vector<std::string>& measures,
                const Meanings& meanings) {
  Json blocks = Json::array();
  for (const std::string& measure : measures) {
    const auto meaning = meanings.find(reference_of(measure));
    blocks.push_back(
        measure_figure(figures, measure, meaning == meanings.end() ? "" : meaning->second));
  }
  return blocks;
}

/// Some of the measures in sight, the others behind a heading that opens.
void add_figures(Section& section, const ComparisonFigures& figures, const Meanings& meanings,
                 const std::vector<std::string>& first, const std::vector<std::string>& others) {
  for (const Json& block : figures_of(figures, first, meanings)) section.blocks.push_back(block);
  if (!others.empty())
    section.blocks.push_back(
        fold("The same by other measures", figures_of(figures, others, meanings)));
}

/// What each reference of the kind is, in words. @param known  of those that the task knows.
Meanings meanings_of(const ComparisonFigures& figures, const std::string& feature,
                     const Meanings& known) {
  Meanings meanings;
  for (const std::string& measure : figures.measures_with_chance(true)) {
    const std::string reference = reference_of(measure);
    switch (kind_of_reference(reference, figures.summary)) {
      case ReferenceKind::Mechanism:
        meanings[reference] = fmt::format(
            "How far the value of this step of the interpretation depends on a {}.", feature);
        break;
      case ReferenceKind::Known:
        if (known.contains(reference))
          meanings[reference] =
              fmt::format("{}s that must matter: {}.", feature, known.at(reference));
        break;
      case ReferenceKind::Method:
        meanings[reference] = "This method’s scores of the same inputs.";
    }
  }
  return meanings;
}

/// By what all references of one kind are headed.
const char* heading_of(ReferenceKind kind) {
  switch (kind) {
    case ReferenceKind::Mechanism:
      return "Do scores agree with what the network does?";
    case ReferenceKind::Known:
      return "Do scores find what must matter?";
    case ReferenceKind::Method:
      break;
  }
  return "Do scores agree with those of other methods?";
}

/// Of each reference its rank correlation, or else its AUROC, comes first.
void add_agreement(Section& section, const ComparisonFigures& figures, ReferenceKind kind,
                   const Meanings& meanings) {
  std::map<std::string, std::vector<std::string>> by_reference;
  for (const std::string& measure : figures.measures_with_chance(true))
    if (kind_of_reference(reference_of(measure), figures.summary) == kind)
      by_reference[reference_of(measure)].push_back(measure);
  if (by_reference.empty()) return;
  std::vector<std::string> first, others;
  for (auto& [reference, measures] : by_reference) {
    std::ranges::stable_partition(
        measures, [](const std::string& measure) { return kind_of(measure) == "spearman"; });
    first.push_back(measures.front());
    others.insert(others.end(), measures.begin() + 1, measures.end());
  }
  section.blocks.push_back(heading(heading_of(kind)));
  add_figures(section, figures, meanings, first, others);
}

/// Hard metrics and those of importances that sum to 1 come second: they stand beside `soft`.
bool comes_second(const std::string& measure) {
  const std::string group = reference_of(measure);
  return group == "hard" || group == "soft-published";
}

void add_faithfulness(Section& section, const ComparisonFigures& figures) {
  std::vector<std::string> measures = figures.measures_with_chance(false);
  if (measures.empty()) return;
  const auto second = std::ranges::stable_partition(measures, std::not_fn(comes_second));
  const std::vector<std::string> others(second.begin(), second.end());
  measures.erase(second.begin(), second.end());
  section.blocks.push_back(heading("Are scores faithful to the network?"));
  add_figures(section, figures, {}, measures, others);
}

/// The answer first: who agrees, who leads, on how much that rests.
Json comparison_headline(const Run& run, const ComparisonFigures& figures) {
  const std::string sentence = tools::comparison_headline(figures.summary);
  std::vector<KeyFact> key;
  const auto add = [&](const std::string& figure, const std::string& words) {
    key.push_back({figure, words});
  };
  const std::vector<std::string> measures = headline_measures(figures.summary);
  if (!measures.empty())
    if (const auto found = figures.summary.leaders.find(measures.front());
        found != figures.summary.leaders.end()) {
      const auto method =
          std::ranges::find(figures.methods, found->second.method, &ComparedMethod::name);
      add(figure_text(method->figures.at(measures.front()).mean),
          fmt::format("{} of {} with {}; {}", title_of_kind(kind_of(measures.front())),
                      found->second.method, reference_of(measures.front()),
                      found->second.is_best() ? "told apart from every other method"
                                              : "not told apart from every other"));
    }
  for (const ComparedMethod& method : figures.methods)
    if (method.name == "random" && !measures.empty() && method.figures.contains(measures.front()))
      add(figure_text(method.figures.at(measures.front()).mean), "the same of random scores");
  const Json& inputs = run.report.at("inputs");
  const auto right = std::ranges::count_if(
      inputs, [](const Json& input) { return input.at("right").get<bool>(); });
  add(grouped(static_cast<int64_t>(inputs.size())), "fresh inputs, the same for every method");
  add(fmt::format("{} of {}", grouped(right), grouped(static_cast<int64_t>(inputs.size()))),
      "answered right by the network");
  return page::headline(
      sentence.empty() ? "No score was held against anything that is known." : sentence, key);
}

Json kinds_in_words(const ComparisonFigures& figures) {
  std::vector<Fact> kinds;
  for (const std::string& measure : figures.measures) {
    const Fact kind = {title_of_kind(kind_of(measure)), meaning_of_kind(kind_of(measure))};
    if (!kind.value.empty() && std::ranges::count(kinds, kind.name, &Fact::name) == 0)
      kinds.push_back(kind);
  }
  if (std::ranges::count(figures.methods, "(ols)", &ComparedMethod::name) > 0)
    kinds.push_back({"(ols)", "least squares on random removals: what additive scores can reach"});
  return facts(kinds);
}

/// From 0 to the dearest: what the network computes is what counts, the clock stands beside it.
Json costs(const ComparisonFigures& figures) {
  double most = 1;
  for (const ComparedMethod& method : figures.methods)
    if (method.is_method) most = std::max(most, method.rows);
  std::vector<tasks::page::Bar> bars;
  tasks::page::Csv csv = {{"method", "forward_rows", "seconds"}};
  for (const ComparedMethod& method : figures.methods) {
    if (!method.is_method) continue;
    bars.push_back({.label = method.name,
                    .value = fmt::format("{}, {:.1f} ms", counted(std::llround(method.rows), "run"),
                                         1000 * method.seconds),
                    .length = method.rows / most,
                    .tone = "int"});
    csv.push_back({method.name, fmt::format("{}", method.rows), fmt::format("{}", method.seconds)});
  }
  return tasks::page::block(tasks::page::figure(
      "cost", "", tasks::page::bars(bars),
      "How often the network is run for one explanation, and the time by the clock, on average.",
      csv));
}

}  // namespace

std::optional<Section> comparison_section(const Run& run) {
  if (run.kind != RunKind::Comparison) return std::nullopt;
  Section section{.title = "Methods compared", .run = {}};
  const ComparisonFigures figures = comparison_figures(run.report.at("summary"));
  if (figures.methods.empty()) {
    section.blocks.push_back(
        paragraph("The run was stopped before its first input was done.", Tone::Caution));
    return section;
  }
  section.blocks.push_back(comparison_headline(run, figures));
  section.blocks.push_back(paragraph(what_was_done(run, figures)));
  if (run.report.at("partial").get<bool>())
    section.blocks.push_back(
        paragraph("The run was interrupted: fewer inputs than asked for.", Tone::Caution));
  add_notes(section, figures.summary, std::ssize(run.report.at("inputs")));
  section.blocks.push_back(
      paragraph(marks_in_words(figures, run.report.at("confidence").get<double>()), Tone::Faint));
  const Meanings meanings =
      meanings_of(figures, run.report.at("features"), help_of_relevances(run));
  for (const ReferenceKind kind :
       {ReferenceKind::Mechanism, ReferenceKind::Known, ReferenceKind::Method})
    add_agreement(section, figures, kind, meanings);
  add_faithfulness(section, figures);
  section.blocks.push_back(heading("How to read the measures"));
  section.blocks.push_back(kinds_in_words(figures));
  section.blocks.push_back(heading("What an explanation costs"));
  section.blocks.push_back(costs(figures));
  return section;
}

}  // namespace assay::tools::page
