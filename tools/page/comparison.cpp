// A comparison of methods that explain: which are better than chance at what, how faithful they
// are, and what they cost.

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "interp/attribution/method.h"
#include "tools/measure_names.h"
#include "tools/page/compared_inputs.h"
#include "tools/page/comparison_chart.h"
#include "tools/page/comparison_findings.h"
#include "tools/page/sections.h"
#include "tools/task_options.h"
#include "tools/terminal.h"

namespace assay::tools::page {
namespace {

int64_t methods_in(const ComparisonFigures& figures) {
  return std::ranges::count(figures.methods, true, &ComparedMethod::is_method);
}

std::string what_was_done(const Run& run, const ComparisonFigures& figures) {
  const Json& report = run.report;
  const auto inputs = static_cast<int64_t>(report.at("inputs").size());
  const auto right = std::ranges::count_if(
      report.at("inputs"), [](const Json& input) { return input.at("right").get<bool>(); });
  std::string text = fmt::format(
      "{} ways of scoring each {} of an input by what it does to the answer, on the same {} fresh "
      "inputs (task {}). ",
      methods_in(figures), report.at("features").get<std::string>(), grouped(inputs),
      describe(*run.task));
  text += right == inputs
              ? "The network answers all of them right. "
              : fmt::format(
                    "The network answers {} of them right; what must matter is known of "
                    "these alone. ",
                    grouped(right));
  return text + fmt::format("Intervals are bootstrap intervals over inputs, {:g}%.",
                            100 * report.at("confidence").get<double>());
}

/// What the report says of some inputs of a method: that it failed there, or how far it is to be
/// trusted.
void add_notes(Section& section, const Json& report) {
  const auto add = [&](const Json& method, const char* field, const char* words, Tone tone) {
    if (!method.contains(field)) return;
    section.blocks.push_back(
        paragraph(fmt::format("{} {} on {} of {} inputs. The first: {}",
                              method.at("method").get<std::string>(), words,
                              grouped(method[field].at("inputs")), report.at("inputs").size(),
                              method[field].at("first").get<std::string>()),
                  tone));
  };
  for (const Json& method : report.at("summary").at("methods")) {
    add(method, "failures", "gives no explanation, and its means leave it out,", Tone::Bad);
    add(method, "caveats", "has a caveat", Tone::Caution);
  }
}

Json figure_cell(const ComparedMethod& method, const std::string& measure) {
  const auto found = method.figures.find(measure);
  if (found == method.figures.end()) return "–";
  const Figure& figure = found->second;
  const std::string mean = figure_text(figure.mean), interval = figure_text(figure.interval);
  if (figure.chance == Chance::Above) return cell_over("▲ " + mean, interval, Tone::Good);
  if (figure.chance == Chance::Below) return cell_over("▼ " + mean, interval, Tone::Bad);
  return cell_over(mean, interval);
}

Json figures_table(const ComparisonFigures& figures, const std::vector<std::string>& measures,
                   const std::string& caption) {
  std::vector<Column> columns = {{"method", false}};
  for (const std::string& measure : measures)
    columns.push_back({title_of_kind(kind_of(measure)), true, meaning_of_kind(kind_of(measure)),
                       reference_of(measure)});
  Json lines = Json::array();
  for (const ComparedMethod& method : figures.methods) {
    const auto has = [&](const auto& measure) { return method.figures.contains(measure); };
    if (std::ranges::none_of(measures, has)) continue;
    Json line = {method.name};
    for (const std::string& measure : measures) line.push_back(figure_cell(method, measure));
    lines.push_back(line);
  }
  Json chance = {"chance"};
  for (const std::string& measure : measures)
    if (const auto found = figures.chance.find(measure); found != figures.chance.end())
      chance.push_back(cell_over("", figure_text(found->second)));
  if (chance.size() > 1) lines.push_back(chance);
  return table(caption, columns, lines);
}

/// The first measure of each reference: AUROC where there is one.
std::vector<std::string> first_of_each_reference(const std::vector<std::string>& measures) {
  std::vector<std::string> first;
  for (const std::string& measure : measures)
    if (std::ranges::count(first, reference_of(measure), reference_of) == 0)
      first.push_back(measure);
  return first;
}

void add_agreement(Section& section, const ComparisonFigures& figures,
                   const std::map<std::string, std::string>& meanings) {
  const std::vector<std::string> all = figures.measures_with_chance(true);
  if (all.empty()) return;
  const std::vector<std::string> first = first_of_each_reference(all);
  std::vector<std::string> others;
  for (const std::string& measure : all)
    if (std::ranges::count(first, measure) == 0) others.push_back(measure);
  section.blocks.push_back(heading("Do scores find what matters?"));
  section.blocks.push_back(chance_findings(figures, first, meanings));
  section.blocks.push_back(comparison_chart(figures, first));
  section.blocks.push_back(
      figures_table(figures, first,
                    "▲ above chance: the whole interval lies above where the mean of scores that "
                    "know nothing falls; ▼ below it; no sign: not told from chance."));
  if (!others.empty())
    section.blocks.push_back(
        fold("The same by other measures",
             Json::array({comparison_chart(figures, others),
                          figures_table(figures, others, "Signs as above.")})));
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
  constexpr const char* kArrows = "↑ higher is better, ↓ lower is better.";
  section.blocks.push_back(heading("Are scores faithful to the network?"));
  section.blocks.push_back(best_findings(figures, measures));
  section.blocks.push_back(comparison_chart(figures, measures));
  section.blocks.push_back(figures_table(figures, measures, kArrows));
  if (!others.empty())
    section.blocks.push_back(fold(
        "The same by other measures",
        Json::array({comparison_chart(figures, others), figures_table(figures, others, kArrows)})));
}

bool is_explainer(const std::string& name) {
  return std::ranges::count(interp::attribution::methods(), name.substr(0, name.find(':')),
                            &interp::attribution::Method::name) > 0;
}

/// What each reference is, in words. @param known  of those that the task knows.
std::map<std::string, std::string> meanings_of(const ComparisonFigures& figures,
                                               const std::string& feature,
                                               const std::map<std::string, std::string>& known) {
  std::map<std::string, std::string> meanings;
  for (const std::string& measure : figures.measures) {
    const std::string reference = reference_of(measure);
    meanings[reference] =
        known.contains(reference)
            ? fmt::format("{}s that must matter: {}", feature, known.at(reference))
        : is_explainer(reference) ? "this method's scores of the same inputs"
                                  : fmt::format(
                                        "the mechanism: how far the value of this step of "
                                        "the interpretation depends on a {}",
                                        feature);
  }
  return meanings;
}

/// What the task knows first, then the mechanism, then other methods.
void sort_by_reference(std::vector<std::string>& measures,
                       const std::map<std::string, std::string>& known) {
  std::ranges::stable_sort(measures, {}, [&](const std::string& measure) {
    const std::string reference = reference_of(measure);
    return known.contains(reference) ? 0 : is_explainer(reference) ? 2 : 1;
  });
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

Json costs(const ComparisonFigures& figures) {
  Json lines = Json::array();
  for (const ComparedMethod& method : figures.methods)
    if (method.is_method)
      lines.push_back({method.name, grouped(std::llround(method.rows)),
                       fmt::format("{:.1f}", 1000 * method.seconds)});
  return table(
      "What an explanation costs, on average: inputs that the network is run on, and time.",
      {{"method", false}, {"forward rows"}, {"milliseconds"}}, lines);
}

}  // namespace

std::optional<Section> comparison_section(const Run& run) {
  if (run.kind != RunKind::Comparison) return std::nullopt;
  Section section{.title = "Methods compared", .run = {}};
  ComparisonFigures figures = comparison_figures(run.report.at("summary"));
  if (figures.methods.empty()) {
    section.blocks.push_back(
        paragraph("The run was stopped before its first input was done.", Tone::Caution));
    return section;
  }
  section.blocks.push_back(paragraph(what_was_done(run, figures)));
  if (run.report.at("partial").get<bool>())
    section.blocks.push_back(
        paragraph("The run was interrupted: fewer inputs than asked for.", Tone::Caution));
  add_notes(section, run.report);
  const std::map<std::string, std::string> known = help_of_relevances(run);
  sort_by_reference(figures.measures, known);
  add_agreement(section, figures, meanings_of(figures, run.report.at("features"), known));
  add_faithfulness(section, figures);
  section.blocks.push_back(heading("How to read the measures"));
  section.blocks.push_back(kinds_in_words(figures));
  section.blocks.push_back(fold("Cost", Json::array({costs(figures)})));
  return section;
}

}  // namespace assay::tools::page
