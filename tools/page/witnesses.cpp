// Inputs on which the interpretation fails, to step through: what the network holds at every node,
// what the interpretation says, where they part, and where the heads look.

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <map>

#include "circuits/interpretation/abstract_values.h"
#include "interp/network/transformer.h"
#include "tools/brief.h"
#include "tools/decisions.h"
#include "tools/page/page.h"
#include "tools/page/sections.h"
#include "tools/terminal.h"

namespace assay::tools::page {
namespace {

using at::Tensor;

constexpr size_t kMapLetters = 900000;  // of all attention patterns on the page

struct FailingInput {
  std::vector<int64_t> tokens;
  std::map<std::string, std::string> failures;  // rows, `parse.PR, parse.CR`, by what is seen there
  std::map<std::string, Json> values;           // node -> its PE witness
};
using FailingInputs = std::map<int64_t, FailingInput>;  // by index in the stream

/// What the witness of a replacement says: the answer as it is, and what it became.
std::string changed_answer(const Json& witness, const tasks::Task& task) {
  return fmt::format("the network's answer changes from {} to {} when the value is written into it",
                     decision_text(witness.at("network"), task),
                     decision_text(witness.at("interpretation"), task));
}

FailingInputs failing_inputs(const Json& report, const tasks::Task& task) {
  FailingInputs inputs;
  for (const Json& row : report.at("rows")) {
    const std::string node = row.at("node"), axiom = row.at("axiom");
    for (const Json& witness : row.at("witnesses")) {
      FailingInput& input = inputs[witness.at("input")];
      input.tokens = witness.at("tokens").get<std::vector<int64_t>>();
      const bool decision = axiom == "PR" || axiom == "CR";
      std::string& rows =
          input.failures[decision ? changed_answer(witness, task) : "the values differ"];
      rows += fmt::format("{}{}.{}", rows.empty() ? "" : ", ", node, axiom);
      if (axiom == "PE") input.values[node] = witness;
    }
  }
  return inputs;
}

/// One element of a value, as the node's operations let one read it.
std::string element_text(const Json& element, const Json& node, const tasks::Task& task) {
  if (node.contains("h") && node["h"].at("operation") == "tokens_at") {
    std::string text;
    for (const int64_t token : interp::read_as<std::vector<int64_t>>(element, "tokens"))
      text += (text.empty() ? "" : " ") + task.token_name(token);
    return text;
  }
  if (const auto answer = answer_text(element, node, task)) return *answer;
  return brief(element);
}

Json elements_of(const Json& value) {
  return value.is_array() ? value : Json::array({value});
}

bool same(Json left, Json right, const std::string& equality) {
  if (equality == "equal_up_to_order" && left.is_array()) {
    std::sort(left.begin(), left.end());
    std::sort(right.begin(), right.end());
  }
  return left == right;
}

bool is_bits(const Json& elements) {
  return elements.size() > 1 && std::ranges::all_of(elements, [](const Json& element) {
           return element == 0 || element == 1;
         });
}

/// A node's two values, element by element. @param neurons  names of the elements, if it has any.
Json step_of(const Json& node, const Json& network, const Json& interpretation,
             const std::vector<int64_t>& neurons, const tasks::Task& task) {
  const bool alike = elements_of(network).size() == elements_of(interpretation).size();
  const Json left = alike ? elements_of(network) : Json::array({network}),
             right = alike ? elements_of(interpretation) : Json::array({interpretation});
  Json cells = Json::array();
  for (size_t i = 0; i < left.size(); ++i)
    cells.push_back({{"name", neurons.size() == left.size() ? fmt::format("neuron {}", neurons[i])
                                                            : fmt::format("{}", i)},
                     {"network", element_text(left[i], node, task)},
                     {"interpretation", element_text(right[i], node, task)},
                     {"same", same(left[i], right[i], node.at("equality"))}});
  return {{"node", node.at("node")}, {"bits", is_bits(left) && is_bits(right)}, {"cells", cells}};
}

Tensor tokens_of(const FailingInputs& inputs) {
  std::vector<Tensor> rows;
  for (const auto& [index, input] : inputs)
    rows.push_back(torch::tensor(input.tokens, torch::kInt64));
  return at::stack(rows);
}

/// The steps of every input, computed again with the network.
std::vector<Json> computed_steps(const Run& run, const FailingInputs& inputs) {
  const circuits::Program& program = run.subject->program;
  const Tensor tokens = tokens_of(inputs);
  const auto actual = circuits::network_values(*run.subject->model.model, program, tokens);
  const auto prefix = circuits::prefix_values(program, tokens);
  std::vector<Json> steps(inputs.size(), Json::array());
  for (size_t v = 0; v < program.steps.size(); ++v) {
    const circuits::Step& step = program.steps[v];
    const Tensor equal = step.equality ? step.equality(actual[v], prefix[v]) : Tensor();
    for (size_t i = 0; i < steps.size(); ++i) {
      const auto row = static_cast<int64_t>(i);
      Json shown = step_of(run.report.at("nodes").at(v), circuits::value_as_json(actual[v][row]),
                           circuits::value_as_json(prefix[v][row]),
                           step.reads.size() == 1 ? step.reads[0].neurons : std::vector<int64_t>(),
                           *run.task);
      if (equal.defined()) shown["equal"] = equal[row].item<bool>();
      steps[i].push_back(shown);
    }
  }
  return steps;
}

/// Without the network: the nodes at which the report itself tells both values.
Json reported_steps(const Run& run, const FailingInput& input) {
  Json steps = Json::array();
  for (const Json& node : run.report.at("nodes")) {
    const auto found = input.values.find(node.at("node"));
    if (found == input.values.end()) continue;
    Json shown = step_of(node, found->second.at("network"), found->second.at("interpretation"), {},
                         *run.task);
    shown["equal"] = false;
    steps.push_back(shown);
  }
  return steps;
}

std::string as_letters(const Tensor& pattern) {  // two hexadecimal digits per weight
  const Tensor flat = (pattern * 255).round().to(torch::kInt64).contiguous().view({-1});
  std::string letters;
  for (int64_t i = 0; i < flat.numel(); ++i)
    letters += fmt::format("{:02x}", flat.data_ptr<int64_t>()[i]);
  return letters;
}

/// Attention patterns [pos, key] of every head, of the first inputs, as far as there is room.
std::vector<Json> attention_maps(const Run& run, const FailingInputs& inputs) {
  const interp::Network& network = *run.subject->model.model;
  interp::TraceRequest request;
  size_t heads = 0;
  for (const interp::Place& place : network.places().all) {
    if (place.by != interp::Primitive::Softmax) continue;
    request.record.push_back({.place = place.name});
    heads += place.size(interp::Axis::Head);
  }
  const size_t positions = inputs.begin()->second.tokens.size();
  const size_t fitting = kMapLetters / (2 * heads * positions * positions);
  const auto shown = static_cast<int64_t>(std::min(inputs.size(), fitting));
  std::vector<Json> maps(shown, Json::array());
  if (shown == 0) return maps;
  const auto patterns = network.trace(tokens_of(inputs).narrow(0, 0, shown), request);
  for (int64_t i = 0; i < shown; ++i)
    for (size_t layer = 0; layer < patterns.size(); ++layer)
      for (int64_t head = 0; head < patterns[layer].size(1); ++head)
        maps[i].push_back({{"name", fmt::format("a{}.h{}", layer, head)},
                           {"weights", as_letters(patterns[layer][i][head])}});
  return maps;
}

/// One head's pattern; the page fills in `values` and the tokens.
Json map_specification() {
  const auto axis = [](const char* field, const char* title, const char* side, int angle) -> Json {
    return {{"field", field},
            {"type", "ordinal"},
            {"title", title},
            {"axis",
             {{"orient", side},
              {"labelAngle", angle},
              {"labelFontSize", 8},
              {"labelPadding", 2},
              {"labelOverlap", true},
              {"labelSeparation", -4},
              {"ticks", false},
              {"domain", false}}}};
  };
  return {{"data", {{"values", Json::array()}}},
          {"width", {{"step", 8}}},
          {"height", {{"step", 8}}},
          {"view", {{"stroke", "var(--rule)"}}},
          {"mark", {{"type", "rect"}, {"color", "var(--accent)"}}},
          {"encoding",
           {{"x", axis("key", "looks at →", "top", -90)},
            {"y", axis("query", "← position", "left", 0)},
            {"opacity", shaded_by("weight")},
            {"tooltip", hover({"at", "looks at", "weight"})}}}};
}

Json input_block(const Run& run, int64_t index, const FailingInput& input) {
  Json tokens = Json::array(), failures = Json::array();
  for (const int64_t token : input.tokens) tokens.push_back(run.task->token_name(token));
  for (const auto& [seen, rows] : input.failures)
    failures.push_back({{"rows", rows}, {"seen", seen}});
  return {{"index", index}, {"tokens", tokens}, {"failures", failures}};
}

}  // namespace

std::optional<Section> witnesses_section(const Run& run) {
  if (run.kind != RunKind::Validation) return std::nullopt;
  Section section{.title = "Where it fails", .run = {}};
  const FailingInputs inputs = failing_inputs(run.report, *run.task);
  if (inputs.empty()) {
    section.blocks.push_back(paragraph("No failing input was kept."));
    return section;
  }
  const at::NoGradGuard no_grad;
  std::vector<Json> steps, maps;
  if (run.subject) {
    steps = computed_steps(run, inputs);
    maps = attention_maps(run, inputs);
  }
  Json shown = Json::array();
  size_t i = 0;
  for (const auto& [index, input] : inputs) {
    Json block = input_block(run, index, input);
    block["steps"] = run.subject ? steps[i] : reported_steps(run, input);
    block["heads"] = i < maps.size() ? maps[i] : Json::array();
    shown.push_back(block);
    ++i;
  }
  section.blocks.push_back(
      {{"type", "witnesses"}, {"inputs", shown}, {"map", map_specification()}});
  if (!run.subject)
    section.blocks.push_back(
        absent("Values at the other nodes and attention patterns", run.no_subject));
  else if (maps.size() < inputs.size())
    section.blocks.push_back(
        absent(fmt::format("Attention patterns of {} inputs", inputs.size() - maps.size()),
               "the page would become too large"));
  return section;
}

}  // namespace assay::tools::page
