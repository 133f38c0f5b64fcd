// What is claimed: a card for every node, in the order of computation. What it says, its value on a
// real input, where it lives, when two of its values count as equal, whether it has a grip on the
// answer, and its claims with their verdicts.

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>

#include "axioms/report.h"
#include "circuits/interpretation/abstract_values.h"
#include "tasks/data_task.h"
#include "tasks/subject.h"
#include "tasks/wording.h"
#include "tools/page/interpretation_graph.h"
#include "tools/page/node_words.h"
#include "tools/page/outcomes.h"
#include "tools/page/sections.h"
#include "tools/plural.h"
#include "tools/terminal.h"

namespace assay::tools::page {
namespace {

using axioms::Axiom;
using axioms::Report;
using axioms::ReportNode;
using axioms::ReportRow;
using tasks::page::Html;
using tasks::page::mark;
using tasks::page::span;
using tasks::page::tag;

constexpr int64_t kTried = 16;     // inputs, of which one becomes the example
constexpr size_t kInARow = 4;      // cards beside each other, with arrows between them
constexpr size_t kCardsOpen = 24;  // more of them are folded away

/// An input like those of the run, and what the explanation computes from it at every node: the
/// first on which every step has something to show, if there is one among the first few.
struct Example {
  std::vector<int64_t> tokens;
  std::vector<Json> values;  ///< by node
};

/// A run on all inputs there are, or on several parts of them, has no single part: then its first
/// input is any.
tasks::Part part_of(const Json& data) {
  for (const tasks::Part part : {tasks::Part::Train, tasks::Part::Derive, tasks::Part::Test})
    if (data.contains("part") && data["part"] == to_string(part)) return part;
  return tasks::Part::Test;
}

/// States none of which is on: a strip of them shows nothing.
bool is_off(const Json& value) {
  return is_bits(value) && std::ranges::none_of(value, [](const Json& bit) {
           return bit.is_boolean() ? bit.get<bool>() : bit == 1;
         });
}

std::optional<Example> example_of(const Run& run) {
  if (!run.subject) return std::nullopt;
  // Inputs of a list are not the task's to draw, unless it is made of that list.
  const bool listed = run.validation->scope == axioms::Scope::List;
  if (listed && run.task->name() != tasks::kDataTask) return std::nullopt;
  const Json& data = run.report.at("data");
  const at::NoGradGuard no_grad;
  const uint64_t seed = data.contains("seed") ? data["seed"].get<uint64_t>() : 1;
  const at::Tensor tokens = run.subject->task->sample(part_of(data), seed, 0, kTried).tokens;
  const std::vector<circuits::Value> values = circuits::prefix_values(run.subject->program, tokens);
  Example example;
  for (int64_t row = 0; row < tokens.size(0); ++row) {
    Example tried;
    for (int64_t i = 0; i < tokens.size(1); ++i)
      tried.tokens.push_back(tokens[row][i].item<int64_t>());
    for (const circuits::Value& value : values)
      tried.values.push_back(Json(circuits::value_as_json(value[row])));
    const bool telling = std::ranges::none_of(tried.values, is_off);
    if (row == 0 || telling) example = std::move(tried);
    if (telling) break;
  }
  return example;
}

Html card_fact(const std::string& name, const Html& value) {
  return value.empty() ? Html() : tag("dt", name) + tag("dd", value);
}

std::string grip_text(const ReportNode& node, const tasks::Wording& words) {
  if (!node.grip || node.grip->inputs == 0) return "";
  return fmt::format(
      "the value of another {} changes {} of the answers", words.input,
      share_text(static_cast<double>(node.grip->changed) / static_cast<double>(node.grip->inputs)));
}

/// `differs from what the input gives on ≤ 0.1%`.
std::string claim_text(const ReportRow& row, const tasks::Wording& words) {
  const char* from =
      row.axiom == Axiom::PE || row.axiom == Axiom::PR ? "the input" : "the step before";
  std::string text;
  if (row.axiom == Axiom::UM)
    text = fmt::format("what is not read, from another {}, changes the answer", words.input);
  else if (is_interchange(row.axiom))
    text = fmt::format("put in from another {}, the answer does not follow", words.input);
  else if (row.axiom == Axiom::PR || row.axiom == Axiom::CR)
    text = fmt::format("put in from {}, changes the answer", from);
  else
    text = fmt::format("differs from what {} gives", from);
  return fmt::format("{} on ≤ {:g}%{}", text, 100 * *row.claim,
                     row.answer_name ? " where the answer is " + *row.answer_name : "");
}

Html claims_of(const Report& report, const std::string& node, const tasks::Wording& words) {
  Html lines;
  for (const ReportRow& row : report.rows)
    if (row.node == node && row.claim)
      lines += tag("li", span("", claim_text(row, words)) + claim_mark(row));
  return lines.empty() ? Html() : tag("ul", {{"class", "claims"}}, lines);
}

Html card_evidence(const Json& node) {
  if (!node.contains("evidence") || node["evidence"].empty()) return {};
  Html facts;
  for (const Json& fact : node["evidence"]) {
    const bool supports = fact.value("supports", true);
    facts += tag("li", span(supports ? "sign" : "sign caution", supports ? "+" : "!") +
                           span("hidden", supports ? "supports: " : "speaks against: ") +
                           fact.value("statement", ""));
  }
  return tag("details", tag("summary", fmt::format("Evidence ({})", node["evidence"].size())) +
                            tag("ul", {{"class", "evidence"}}, facts));
}

std::string cut_text(const ReportNode& node) {
  if (node.around.found == interp::Found::Yes) return "no: what it knows can also pass by it";
  return node.around.found == interp::Found::Unknown ? "not known" : "";
}

std::string parents_of(const ReportNode& node) {
  std::string text;
  for (const std::string& parent : node.definition.parents)
    text += (text.empty() ? "" : ", ") + (parent == circuits::kTokens ? "the input" : parent);
  return text;
}

Html card(const Run& run, size_t index, const Json& value, bool in_a_row) {
  const Report& report = *run.validation;
  const ReportNode& node = report.nodes[index];
  const Json& json = run.report.at("nodes").at(index);
  Html content = tag("h3", span("n", fmt::to_string(index + 1)) + tag("bdi", node.name)) +
                 tag("p", says(run, json));
  if (!value.is_null()) content += tag("div", {{"class", "eg"}}, value_html(run, json, value));
  const bool given = json.contains("h");
  const tasks::Wording& words = tasks::wording_of(*run.task);
  content += tag("dl", (in_a_row ? Html() : card_fact("computed from", parents_of(node))) +
                           card_fact("in the network", lives_in(run, json)) +
                           card_fact("read by", given ? read_by(run, json) : "") +
                           card_fact("equal if", tag("b", equal_if(run, json))) +
                           card_fact("complete", cut_text(node)) +
                           card_fact("grip", grip_text(node, words)));
  content += claims_of(report, node.name, words) + card_evidence(json);
  return tag("article", {{"class", "card"}}, content);
}

Html arrow(const std::string& carries) {
  const auto line = [](const char* style, const char* box, const char* path) {
    return tag("svg", {{"class", style}, {"viewBox", box}, {"aria-hidden", "true"}},
               mark("path", {{"d", path}}));
  };
  return tag("div", {{"class", "link"}},
             span("", carries) + line("vv", "0 0 12 26", "M6 0V24M1.5 19L6 25L10.5 19") +
                 line("h", "0 0 60 12", "M0 6H58M53 1.5L59 6L53 10.5"));
}

/// "10 values", "48 on/off": what one step hands to the next.
std::string carried(const Json& value) {
  if (!value.is_array()) return "";
  return is_bits(value) ? fmt::format("{} on/off", value.size())
                        : counted(std::ssize(value), "value");
}

/// Whether every node reads the one before it and nothing else.
bool is_chain(const Report& report) {
  for (size_t i = 0; i < report.nodes.size(); ++i) {
    const std::string before = i == 0 ? circuits::kTokens : report.nodes[i - 1].name;
    if (report.nodes[i].definition.parents != std::vector{before}) return false;
  }
  return true;
}

Html cards(const Run& run, const std::vector<Json>& values) {
  const Report& report = *run.validation;
  const bool in_a_row = is_chain(report) && report.nodes.size() <= kInARow;
  Html open, folded;
  for (size_t i = 0; i < report.nodes.size(); ++i) {
    if (in_a_row && i > 0) open += arrow(values.empty() ? "" : carried(values[i - 1]));
    const Html one = card(run, i, values.empty() ? Json() : values[i], in_a_row);
    (i < kCardsOpen ? open : folded) += one;
  }
  const std::string style =
      in_a_row ? fmt::format("flow flow{}", report.nodes.size()) : std::string("flow many");
  Html all = tag("div", {{"class", style}}, open);
  if (!folded.empty())
    all += tag("details",
               tag("summary",
                   "The other " + counted(std::ssize(report.nodes) - int64_t(kCardsOpen), "step")) +
                   tag("div", {{"class", style}}, folded));
  return all;
}

/// A title that is a sentence, within another one.
std::string without_stop(std::string title) {
  if (title.ends_with('.')) title.pop_back();
  return title;
}

std::string looked_for(const Report& report) {
  const std::string outcome = axioms::vacuity_outcome(report);
  if (outcome == "not tested") return "Whether the claims are vacuous was not tested.";
  if (outcome == "found") return "The claims are vacuous: see the verdict.";
  return fmt::format(
      "Looked for, and not found: a step without grip, a parent that is never used, a step that "
      "repeats another, a path around the steps, a written answer. So {} vacuous.",
      report.count_claims() > 0 ? "the claims are not" : "claims would not be");
}

}  // namespace

std::optional<Section> claimed_section(const Run& run) {
  if (run.kind != RunKind::Validation) return std::nullopt;
  const Report& report = *run.validation;
  const std::optional<Example> example = example_of(run);
  const std::string steps = report.nodes.size() == 1
                                ? "in one step"
                                : fmt::format("in the {} steps", report.nodes.size());
  Html html =
      tag("p", Html("The ") + span("net", "network") + fmt::format(" works {} of this ", steps) +
                   span("int", "explanation") + ", “" + tag("bdi", without_stop(report.title)) +
                   "”. Each step has a place in the network, a rule for what counts as equal, "
                   "and limits it must keep.");
  if (example)
    html += tag("p", {{"class", "small"}},
                fmt::format("A real {}: ", tasks::wording_of(*run.task).input) +
                    input_html(run, example->tokens));
  if (!is_chain(report)) html += interpretation_graph(report);
  html += cards(run, example ? example->values : std::vector<Json>());
  html += tag("p", {{"class", "small soft"}}, looked_for(report));
  Section section{.title = "What is claimed", .run = {}};
  section.blocks.push_back(tasks::page::block(html));
  return section;
}

}  // namespace assay::tools::page
