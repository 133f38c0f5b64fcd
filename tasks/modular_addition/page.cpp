// What a network does modulo p, by frequency: which waves its embedding carries, how many neurons
// are waves of each, and what the loss becomes without it.

#include "tasks/modular_addition/page.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <stdexcept>

#include "interp/files/json_shape.h"
#include "tasks/page/figure.h"
#include "tasks/subject.h"

namespace assay::tasks::modular_addition {
namespace {

using page::Json, page::paragraph, page::percent, page::Run, page::RunKind, page::Section;

/// Values of all the evidence that a validation or a derivation reports.
std::vector<Json> evidence_values(const Run& run) {
  std::vector<Json> values;
  const auto add = [&](const Json& facts) {
    for (const Json& fact : facts)
      if (fact.contains("value") && fact["value"].is_object()) values.push_back(fact["value"]);
  };
  if (run.kind == RunKind::Derivation) add(run.report.at("evidence"));
  if (run.kind == RunKind::Validation)
    for (const Json& node : run.report.at("nodes"))
      if (node.contains("evidence")) add(node["evidence"]);
  return values;
}

/// The first that has this shape. Evidence is free: what is none of these tells something else.
Json value_with(const std::vector<Json>& values, const interp::Shape& shape) {
  const auto found = std::ranges::find_if(
      values, [&](const Json& value) { return !interp::mismatch(value, shape); });
  return found == values.end() ? Json() : *found;
}

struct Shapes {
  interp::Shape embedding, neurons, logits, whole, without;
};

Shapes shapes_of_evidence() {
  namespace json_shapes = interp::json_shapes;
  return {
      .embedding = json_shapes::object({{"frequencies", json_shapes::list(json_shapes::integer(1))},
                                        {"power", json_shapes::list(json_shapes::number())},
                                        {"share", json_shapes::number()}}),
      .neurons = json_shapes::object({{"by_frequency", json_shapes::map(json_shapes::number())},
                                      {"living", json_shapes::integer(0)},
                                      {"of_one_key_frequency", json_shapes::integer(0)}}),
      .logits = json_shapes::object(
          {{"share", json_shapes::number()}, {"products", json_shapes::anything()}}),
      .whole = json_shapes::object(
          {{"loss", json_shapes::number()}, {"restricted", json_shapes::anything()}}),
      .without = json_shapes::object({{"by_frequency", json_shapes::map(json_shapes::number())},
                                      {"all", json_shapes::number()}})};
}

int64_t frequency_named(const std::string& name) {
  int64_t frequency = 0;
  const char* end = name.data() + name.size();
  if (std::from_chars(name.data(), end, frequency) != std::from_chars_result{end, std::errc()})
    throw std::invalid_argument(fmt::format("evidence by frequency: '{}' is none", name));
  return frequency;
}

/// One panel of the figure: what is counted, by frequency.
struct Panel {
  std::string title;
  std::map<int64_t, double> values;
};

Panel power_panel(const Json& embedding) {
  Panel panel{.title = "power in the embedding", .values = {}};
  const std::vector<double> power = embedding.at("power");
  for (size_t i = 0; i < power.size(); ++i) panel.values[static_cast<int64_t>(i) + 1] = power[i];
  return panel;
}

/// @param by_frequency  {"17": …}
Panel panel_of(const char* title, const Json& by_frequency) {
  Panel panel{.title = title, .values = {}};
  for (const auto& [name, value] : by_frequency.items())
    panel.values[frequency_named(name)] = value.get<double>();
  return panel;
}

/// Bars by frequency, the key ones in the network's colour.
page::Html shown(const Panel& panel, const std::vector<int64_t>& key, page::Csv& csv) {
  double most = 0;
  for (const auto& [frequency, value] : panel.values) most = std::max(most, value);
  std::vector<page::Bar> bars;
  for (const auto& [frequency, value] : panel.values) {
    const bool is_key = std::ranges::count(key, frequency) > 0;
    bars.push_back({.label = fmt::to_string(frequency),
                    .value = "",
                    .length = most > 0 ? value / most : 0,
                    .tone = is_key ? "" : "quiet"});
    csv.push_back(
        {panel.title, fmt::to_string(frequency), fmt::format("{}", value), is_key ? "yes" : "no"});
  }
  return page::columns(bars, fmt::format("{}, up to {:.3g}", panel.title, most));
}

std::string share_text(const Json& value) {
  return percent(value.get<double>(), 1);
}

std::string found_in_words(const Json& embedding, const Json& neurons, const Json& logits,
                           const Json& losses) {
  std::string text = fmt::format(
      "A number n is held as waves cos 2πkn/p and sin 2πkn/p. The key frequencies {} carry {} of "
      "the embedding's power.",
      fmt::join(embedding.at("frequencies").get<std::vector<int64_t>>(), ", "),
      share_text(embedding.at("share")));
  if (!neurons.is_null())
    text += fmt::format(" {} of {} living neurons are waves of one key frequency.",
                        neurons.at("of_one_key_frequency").dump(), neurons.at("living").dump());
  if (!logits.is_null())
    text += fmt::format(" Waves of a + b − c explain {} of the logits' variance.",
                        share_text(logits.at("share")));
  if (!losses.is_null())
    text += fmt::format(" The loss is {:.2g}; without any key frequency {:.3g}.",
                        losses.at("loss").get<double>(), losses.at("without").get<double>());
  return text;
}

}  // namespace

std::optional<page::Section> frequencies_section(const page::Run& run) {
  const std::vector<Json> values = evidence_values(run);
  const Shapes shapes = shapes_of_evidence();
  const Json embedding = value_with(values, shapes.embedding);
  if (embedding.is_null()) return std::nullopt;
  const std::vector<int64_t> key = embedding.at("frequencies");
  const Json neurons = value_with(values, shapes.neurons),
             logits = value_with(values, shapes.logits), whole = value_with(values, shapes.whole),
             without = value_with(values, shapes.without);
  Json losses;
  std::vector<Panel> panels = {power_panel(embedding)};
  if (!whole.is_null() && !without.is_null())
    losses = {{"loss", whole.at("loss")}, {"without", without.at("all")}};
  if (!neurons.is_null()) panels.push_back(panel_of("neurons", neurons.at("by_frequency")));
  if (!without.is_null()) panels.push_back(panel_of("loss without it", without.at("by_frequency")));
  const std::string words = found_in_words(embedding, neurons, logits, losses);
  page::Csv csv = {{"panel", "frequency", "value", "key"}};
  page::Html drawn;
  for (const Panel& panel : panels) drawn += shown(panel, key, csv);
  Section section{.title = "What the frequencies carry", .run = {}};
  section.blocks.push_back(paragraph(words));
  section.blocks.push_back(page::block(page::figure(
      "frequencies", "Bars by frequency. " + words, page::tag("div", {{"class", "panels"}}, drawn),
      "In colour: the key frequencies. The embedding's power, neurons that are waves of one "
      "frequency, and the loss when one key frequency of a + b is taken out of what the hidden "
      "neurons add.",
      csv)));
  return section;
}

Wording wording(int64_t p) {
  return {.deed = fmt::format("adds modulo {}", p),
          .sentence = fmt::format(
              "It reads two whole numbers below {0} and answers what their sum leaves after "
              "division by {0}.",
              p),
          .example = fmt::format("{} + {} = {}", p - 3, 5, 2),
          .input = "pair of numbers",
          .inputs = "pairs of numbers",
          .of_node = [](const std::string& part, const page::Json& node) -> std::string {
            const bool answers =
                node.contains("h") && node["h"].value("operation", "") == "argmax_of_differences";
            return part == "equality" && answers && node.value("equality", "") == "equal"
                       ? "the same answer"
                       : "";
          }};
}

}  // namespace assay::tasks::modular_addition
