// Where they part: failing inputs, step by step. What the network holds at every node, what the
// explanation says, and what the answer becomes when the explanation's value is put in. Everything
// is written out; parts.js shows one input and one step at a time, and opens at the step where the
// row fails.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tasks/page/figure.h"
#include "tasks/subject.h"
#include "tasks/wording.h"
#include "tools/brief.h"
#include "tools/page/failing_input.h"
#include "tools/page/head_maps.h"
#include "tools/page/node_words.h"
#include "tools/page/sections.h"
#include "tools/terminal.h"

namespace assay::tools::page {
namespace {

using tasks::page::Html;
using tasks::page::mark;
using tasks::page::place;
using tasks::page::span;
using tasks::page::tag;

constexpr size_t kInputsShown = 8, kWordsShown = 6;

std::string answer(const Run& run, const Json& decision) {
  const auto index = decision.get<int64_t>();
  return index < 0 ? "a tie"
                   : tasks::answer_in_words(*run.task,
                                            run.task->answers().at(static_cast<size_t>(index)));
}

const Json& node_of(const Run& run, size_t index) {
  return run.report.at("nodes").at(index);
}

// --- one step

/// What the units of a value are called: the neurons that α reads, where it reads one for each.
std::vector<int64_t> neurons_of(const Run& run, size_t node, size_t units) {
  if (!run.subject) return {};
  const auto& reads = run.subject->program.steps.at(node).reads;
  const bool named = reads.size() == 1 && reads[0].neurons.size() == units;
  return named ? reads[0].neurons : std::vector<int64_t>();
}

/// Two rows of states, network above explanation; where they differ a frame, and the first names.
Html bits_figure(const BothSides& sides, const std::vector<int64_t>& neurons) {
  const size_t n = sides.network.size();
  const double width = 1.0 / static_cast<double>(n);
  const auto filled = [](const Json& bit) { return bit.is_boolean() ? bit.get<bool>() : bit == 1; };
  Html marks;
  double labelled = -1;
  for (size_t i = 0; i < n; ++i) {
    const double left = width * static_cast<double>(i);
    const auto cell = [&](const Json& bit, const char* style, const char* y) {
      marks += mark("rect", {{"class", filled(bit) ? style : "bo"},
                             {"x", place(left + 0.07 * width)},
                             {"width", place(0.86 * width)},
                             {"y", y},
                             {"height", "15"}});
    };
    cell(sides.network[i], "bn", "17");
    cell(sides.interpretation[i], "bi", "36");
    if (filled(sides.network[i]) == filled(sides.interpretation[i])) continue;
    marks += mark("rect", {{"class", "diff"},
                           {"x", place(left)},
                           {"width", place(width)},
                           {"y", "15"},
                           {"height", "38"}});
    if (neurons.empty() || left - labelled < 0.14) continue;
    marks += tag("text",
                 {{"class", "bad"},
                  {"x", place(left + width / 2)},
                  {"y", "10"},
                  {"text-anchor", left < 0.1   ? "start"
                                  : left > 0.9 ? "end"
                                               : "middle"}},
                 fmt::format("{}", neurons[i]));
    labelled = left;
  }
  return tag(
      "div", {{"class", "bits"}},
      tag("div", span("net", "network") + span("int", "explanation")) +
          tag("svg",
              {{"role", "img"},
               {"aria-label", fmt::format("{} states, network above, explanation below", n)}},
              marks));
}

/// "Neuron 351 is on in the network and off in the explanation."
Html differing_bits(const BothSides& sides, const std::vector<int64_t>& neurons) {
  Html text;
  size_t found = 0;
  for (size_t i = 0; i < sides.network.size(); ++i) {
    if (sides.network[i] == sides.interpretation[i] || ++found > kWordsShown) continue;
    const std::string name =
        neurons.empty() ? fmt::format("Unit {}", i + 1) : fmt::format("Neuron {}", neurons[i]);
    const bool on =
        sides.network[i].is_boolean() ? sides.network[i].get<bool>() : sides.network[i] == 1;
    text += tag("b", name) + " is " + span("net", on ? "on in the network" : "off in the network") +
            " and " + span("int", on ? "off in the explanation" : "on in the explanation") + ". ";
  }
  if (found > kWordsShown)
    text += fmt::format("{} more {}.", found - kWordsShown,
                        found - kWordsShown == 1 ? "differs" : "differ");
  return tag("p", text);
}

Html both_values(const Run& run, const BothSides& sides) {
  const Json& node = node_of(run, sides.node);
  const bool bits = is_bits(sides.network) && is_bits(sides.interpretation) &&
                    sides.network.size() == sides.interpretation.size();
  if (bits) {
    const auto neurons = neurons_of(run, sides.node, sides.network.size());
    Html shown = bits_figure(sides, neurons);
    return sides.same ? shown : shown + differing_bits(sides, neurons);
  }
  if (sides.network == sides.interpretation)
    return tag("p", Html("Both: ") + value_html(run, node, sides.network));
  Html shown =
      tag("p", span("net", "Network") + ": " + value_html(run, node, sides.network, "bn")) +
      tag("p", span("int", "Explanation") + ": " + value_html(run, node, sides.interpretation));
  if (!node.contains("alpha") || node["alpha"].at("operation") != "argmax_of")
    shown +=
        tag("p", {{"class", "small soft"}},
            "Where they differ, network | explanation: " +
                difference(nlohmann::json(sides.network), nlohmann::json(sides.interpretation)));
  return shown;
}

const FailingRow* failing_from_the_step_before(const Run& run, const FailingInput& input,
                                               size_t node) {
  for (const FailingRow& row : input.rows)
    if (row.axiom == "CE" && row.node == node_of(run, node).at("node")) return &row;
  return nullptr;
}

/// The explanation's value there starts from the network's own; shown where it is another one than
/// from the input.
Html from_the_step_before(const Run& run, const FailingInput& input, const BothSides& sides) {
  const FailingRow* row = failing_from_the_step_before(run, input, sides.node);
  if (!row || row->interpretation == sides.interpretation) return {};
  return tag("p", "Computed from the network’s own values of the step before:") +
         both_values(run, {sides.node, row->network, row->interpretation, false});
}

Html step_html(const Run& run, const FailingInput& input, const BothSides& sides) {
  const Json& node = node_of(run, sides.node);
  const std::string name = node.at("node");
  return tag("div", {{"class", "step"}},
             tag("h3", fmt::format("Step {}, {}: {}", sides.node + 1, name,
                                   sides.same ? "the same" : "they part")) +
                 tag("p", {{"class", "small soft"}}, says(run, node)) + both_values(run, sides) +
                 from_the_step_before(run, input, sides));
}

// --- put in

/// Dots along one axis: the lead of the network's answer, untouched and with each step's value.
Html leads_figure(const Run& run, const FailingInput& input) {
  double low = std::min(0.0, input.lead), high = std::max(0.0, input.lead);
  for (const PutIn& put : input.put_in) {
    low = std::min(low, put.lead);
    high = std::max(high, put.lead);
  }
  const double room = high > low ? high - low : 1;
  const auto x = [&](double lead) { return 0.12 + 0.68 * (lead - low) / room; };
  const auto line = [](const char* style, double from, double to, const char* y1, const char* y2) {
    return mark("line",
                {{"class", style}, {"x1", place(from)}, {"x2", place(to)}, {"y1", y1}, {"y2", y2}});
  };
  Html lines;
  const auto add = [&](const Html& label, double lead, const char* style) {
    Html marks = line("zero", x(0), x(0), "0", "28") + line("g", 0, 1, "14", "14");
    if (std::string_view(style) != "untouched")
      marks += line("stem", x(input.lead), x(lead), "14", "14");
    marks +=
        mark("circle", {{"class", style}, {"cx", place(x(lead))}, {"cy", "14"}, {"r", "5.5"}}) +
        tag("text",
            {{"class", "halo"},
             {"x", place(x(lead))},
             {"dx", lead < input.lead ? "-11" : "11"},  // away from the stem
             {"text-anchor", lead < input.lead ? "end" : "start"},
             {"y", "18"}},
            fmt::format("{:+.1f}", lead));
    lines += label + tag("svg", {{"height", "28"}, {"aria-hidden", "true"}}, marks);
  };
  add(span("net", "network"), input.lead, "untouched");
  for (const PutIn& put : input.put_in)
    add(span("int", node_of(run, put.node).at("node").get<std::string>() + " put in"), put.lead,
        put.decision == input.decision ? "stays" : "changes");
  return tag("div", {{"class", "line"}}, lines);
}

Html replaced_text(const Run& run, const FailingRow& row) {
  return tag("p", Html(fmt::format("With the value of {} from {} put in, the answer changes from ",
                                   row.node, row.axiom == "PR" ? "the input" : "the step before")) +
                      tag("b", answer(run, row.network)) + " to " +
                      tag("b", answer(run, row.interpretation)) + ".");
}

/// What was put in came from another input, which is shown.
Html exchanged_text(const Run& run, const FailingRow& row) {
  const std::string put = row.axiom == "II"   ? fmt::format("the value of {}", row.node)
                          : row.axiom == "IA" ? fmt::format("the activations of {}", row.node)
                                              : fmt::format("what is not read of {}", row.node);
  const std::string& input = tasks::wording_of(*run.task).input;
  Html text = tag(
      "p", Html(fmt::format("With {} from another {} put in, the network answers ", put, input)) +
               tag("b", answer(run, row.network)) + "; what the explanation says gives " +
               tag("b", answer(run, row.interpretation)) + ".");
  for (const auto& source : row.sources)
    text += tag("p", {{"class", "small"}},
                fmt::format("The other {}: ", input) + input_html(run, source));
  return text;
}

Html put_in_html(const Run& run, const FailingInput& input) {
  Html text;
  bool changes = false, replaced = false;
  for (const FailingRow& row : input.rows) {
    if (!row.is_decision()) continue;
    changes = true;
    replaced = replaced || !row.is_interchange();
    text += row.is_interchange() ? exchanged_text(run, row) : replaced_text(run, row);
  }
  Html content = tag("h3", replaced  ? "Put in: the answer changes"
                           : changes ? "Put in from another input: the answer does not follow"
                                     : "Put in: the answer stays");
  if (input.decision) {
    content +=
        tag("p", {{"class", "small soft"}},
            fmt::format("How far “{}” leads before the next answer, in logits: untouched, and with "
                        "the explanation’s value of a step put into the network.",
                        answer(run, Json(*input.decision))));
    content += leads_figure(run, input);
  }
  if (!changes)
    text = tag("p", "The answer stays, whichever step is replaced by the explanation’s value.");
  return tag("div", {{"class", "step"}}, content + text);
}

// --- where the heads look

Html heads_html(const FailingInput& input) {
  if (input.heads.empty()) return {};
  return tag("details", {{"class", "att"}},
             tag("summary", "Where the heads look, part by part") +
                 tag("p", {{"class", "small soft"}},
                     "A row looks at the columns; the fuller the colour, the larger the share of "
                     "its attention.") +
                 head_maps(fmt::format("heads-{}", input.index), input.pieces, input.heads));
}

// --- one input

size_t first_step(const FailingInput& input, const Run& run) {
  for (size_t s = 0; s < input.steps.size(); ++s)
    for (const FailingRow& row : input.rows)
      if (!row.is_decision() && row.node == node_of(run, input.steps[s].node).at("node")) return s;
  return input.steps.size();
}

Html steps_html(const Run& run, const FailingInput& input) {
  Html buttons;
  const auto add = [&](const std::string& name, bool same) {
    buttons += tag("li", {{"class", same ? "" : "p"}},
                   tag("button", {{"type", "button"}},
                       Html(name) + span("", same ? "= same" : "≠ they part")));
  };
  bool stays = true;
  for (const BothSides& sides : input.steps) {
    const std::string name = node_of(run, sides.node).at("node");
    add(name, sides.same && !failing_from_the_step_before(run, input, sides.node));
  }
  for (const FailingRow& row : input.rows) stays = stays && !row.is_decision();
  add("put in", stays);
  return tag("ol", {{"class", "steps"}, {"aria-label", "steps"}}, buttons);
}

std::string name_of(const FailingInput& input) {
  const FailingRow& row = input.rows.front();
  std::string more;
  if (input.rows.size() > 1) more = fmt::format(", and {} more", input.rows.size() - 1);
  return row.name + more;
}

std::string place_of(const FailingInput& input) {
  return fmt::format("1 of {} · input {}", grouped(input.rows.front().failures),
                     grouped(input.index));
}

Html pane(const Run& run, const FailingInput& input, size_t i) {
  Html steps;
  for (const BothSides& sides : input.steps) steps += step_html(run, input, sides);
  steps += put_in_html(run, input);
  const auto button = [](const char* style, const char* text) {
    return tag("button", {{"type", "button"}, {"class", std::string("btn ") + style}}, text);
  };
  return tag(
      "div",
      {{"class", "pane"},
       {"role", "tabpanel"},
       {"id", fmt::format("w={}", input.index)},  // what a link to it says
       {"aria-labelledby", fmt::format("wt{}", i)},
       {"data-first", fmt::to_string(first_step(input, run))}},
      tag("p", {{"class", "printonly"}}, name_of(input) + ": " + place_of(input)) +
          tag("p", {{"class", "formula"}}, input_html(run, input.tokens)) + steps_html(run, input) +
          tag("div", {{"aria-live", "polite"}}, steps) +
          tag("div", {{"class", "move"}}, button("prev", "← step") + button("next", "step →")) +
          heads_html(input));
}

Html witnesses_html(const Run& run, const std::vector<FailingInput>& inputs) {
  Html tabs, panes;
  for (size_t i = 0; i < inputs.size(); ++i) {
    tabs += tag("button",
                {{"type", "button"},
                 {"role", "tab"},
                 {"id", fmt::format("wt{}", i)},
                 {"aria-controls", fmt::format("w={}", inputs[i].index)},
                 {"aria-selected", i == 0 ? "true" : "false"},
                 {"tabindex", i == 0 ? "0" : "-1"}},
                tag("b", name_of(inputs[i])) + place_of(inputs[i]));
    panes += pane(run, inputs[i], i);
  }
  return tag(
      "div", {{"class", "wit"}},
      tag("div", {{"class", "tabs"}, {"role", "tablist"}, {"aria-label", "failing inputs"}}, tabs) +
          panes);
}

std::string nothing_to_show(const axioms::Report& report, const tasks::Wording& words) {
  const bool failed = std::ranges::any_of(
      report.rows, [](const axioms::ReportRow& row) { return row.estimate.failures > 0; });
  if (failed) return fmt::format("No failing {} was kept.", words.input);
  if (report.inputs == 1) return fmt::format("Nowhere: no row failed on the one {}.", words.input);
  return fmt::format("Nowhere: no row failed on any of {} {}.", grouped(report.inputs),
                     words.inputs);
}

}  // namespace

std::optional<Section> parts_section(const Run& run) {
  if (run.kind != RunKind::Validation) return std::nullopt;
  Section section{.title = "Where they part", .run = {}};
  const FailingInputs inputs = failing_inputs(run, kInputsShown);
  const tasks::Wording& words = tasks::wording_of(*run.task);
  if (inputs.shown.empty()) {
    section.blocks.push_back(paragraph(nothing_to_show(*run.validation, words)));
    return section;
  }
  Html html =
      tag("p", Html(fmt::format("Failing {}, step by step: what the ", words.inputs)) +
                   span("net", "network") + " holds, what the " + span("int", "explanation") +
                   " says, and what the answer becomes when the explanation’s value is put in.");
  html += witnesses_html(run, inputs.shown);
  if (inputs.kept > std::ssize(inputs.shown))
    html += tag("p", {{"class", "small soft"}},
                fmt::format("The record keeps {} failing {}; {} of them {} here.",
                            grouped(inputs.kept), words.inputs, inputs.shown.size(),
                            inputs.shown.size() == 1 ? "stands" : "stand"));
  section.blocks.push_back(tasks::page::block(html));
  if (!run.subject)
    section.blocks.push_back(
        absent("Values at the other steps, log-odds and attention", run.no_subject));
  return section;
}

}  // namespace assay::tools::page
