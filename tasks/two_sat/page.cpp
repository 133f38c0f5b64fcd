// What the evaluating neurons of a 2-SAT interpretation compute: their programs, and how active
// they are on formulas that an assignment satisfies.

#include "tasks/two_sat/page.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <stdexcept>

#include "interp/execution/parallel.h"
#include "interp/network/network.h"
#include "interp/numerals.h"
#include "sat2/masks.h"
#include "tasks/page/channels.h"
#include "tasks/subject.h"
#include "tasks/two_sat/programs.h"
#include "tasks/two_sat/tokens.h"

namespace assay::tasks::two_sat {
namespace {

using interp::grouped;
using page::absent, page::chart, page::fold, page::hover, page::Json, page::paragraph, page::Run,
    page::RunKind, page::Section, page::shaded_by, page::table;

using at::Tensor;

constexpr int64_t kFormulas = 4096, kFormulasAtOnce = 128;

const Json* evaluating_node(const Json& report) {
  for (const Json& node : report.at("nodes"))
    if (node.contains("h") && node["h"].at("operation") == "truth_table_programs") return &node;
  return nullptr;
}

/// Assignments that a program asks about.
void add_asked(const Json& program, std::set<int64_t>& asked) {
  if (program.is_boolean()) return;
  if (program.contains("any_of")) {
    for (const int64_t assignment : program["any_of"]) asked.insert(assignment);
    return;
  }
  asked.insert(program.at("assignment").get<int64_t>());
  add_asked(program.at("yes"), asked);
  add_asked(program.at("no"), asked);
}

/// Mean activation of each neuron over the formulas that each assignment satisfies:
/// [neuron, assignment].
Tensor mean_activations(const Run& run, const circuits::Step& step, int64_t variables) {
  const int64_t assignments = int64_t{1} << variables;
  std::vector<Tensor> sums(kFormulas / kFormulasAtOnce), counts(kFormulas / kFormulasAtOnce);
  interp::parallel_for(kFormulas / kFormulasAtOnce, [&](int64_t chunk) {
    const at::NoGradGuard no_grad;
    const Tensor tokens =
        run.task->sample(Part::Derive, 0, chunk * kFormulasAtOnce, kFormulasAtOnce).tokens;
    Tensor satisfied = at::zeros({kFormulasAtOnce, assignments});
    for (int64_t i = 0; i < kFormulasAtOnce; ++i) {
      const sat2::Mask mask = sat2::satisfying(formula_of(tokens[i], variables));
      for (int64_t a = 0; a < assignments; ++a)
        satisfied.data_ptr<float>()[i * assignments + a] = static_cast<float>(mask >> a & 1);
    }
    const Tensor hidden =
        run.subject->model.model->trace(tokens, {.record = step.reads, .overwrite = {}})[0];
    sums[chunk] = hidden.flatten(1).t().matmul(satisfied);
    counts[chunk] = satisfied.sum(0);
  });
  return at::stack(sums).sum(0) / at::stack(counts).sum(0).clamp_min(1);
}

/// @throws std::invalid_argument if the interpretation has no such node: it is not the report's.
const circuits::Step& step_named(const circuits::Program& program, const std::string& name) {
  const auto found = std::ranges::find(program.steps, name, &circuits::Step::name);
  if (found == program.steps.end())
    throw std::invalid_argument(fmt::format("the interpretation has no node '{}'", name));
  return *found;
}

/// What the node's units are called: the neurons of its site where it names them all, else 0, 1, ….
std::vector<int64_t> neurons_of(const circuits::Step& step, int64_t units) {
  std::vector<int64_t> neurons = step.reads.at(0).neurons;
  if (std::ssize(neurons) == units) return neurons;
  neurons.resize(units);
  std::iota(neurons.begin(), neurons.end(), 0);
  return neurons;
}

/// Neurons in the order of the assignment that they answer to most.
std::vector<int64_t> ordered(const Tensor& means) {
  const Tensor favourite = means.argmax(1);
  std::vector<int64_t> order(means.size(0));
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, {}, [&](int64_t i) { return favourite[i].item<int64_t>(); });
  return order;
}

Json cells_of(const Tensor& means, const std::vector<int64_t>& neurons, const Json& programs,
              int64_t variables) {
  Json cells = Json::array();
  for (const int64_t i : ordered(means)) {
    std::set<int64_t> asked;
    add_asked(programs.at(i), asked);
    const double largest = means[i].max().item<double>();
    for (int64_t a = 0; a < means.size(1); ++a) {
      const double mean = means[i][a].item<double>();
      cells.push_back({{"neuron", neurons[i]},
                       {"assignment", a},
                       {"share", largest > 0 ? std::round(1000 * mean / largest) / 1000 : 0},
                       {"mean activation", fmt::format("{:.3g}", mean)},
                       {"asked", asked.contains(a)},
                       {"values", sat2::assignment_to_string(static_cast<int>(a),
                                                             static_cast<int>(variables))}});
    }
  }
  return cells;
}

Json axis(const char* field, const char* title) {
  return {{"field", field},
          {"type", "ordinal"},
          {"title", title},
          {"sort", nullptr},
          {"axis", {{"labelAngle", 0}, {"labelFontSize", 9}, {"ticks", false}, {"domain", false}}}};
}

Json heat_map(const Json& cells) {
  const Json rectangles = {{"mark", {{"type", "rect"}, {"color", "var(--accent)"}}},
                           {"encoding", {{"opacity", shaded_by("share")}}}};
  const Json outlines = {
      {"transform", Json::array({{{"filter", "datum.asked"}}})},
      {"mark",
       {{"type", "rect"}, {"filled", false}, {"stroke", "var(--mark)"}, {"strokeWidth", 1.6}}}};
  return chart(
      fmt::format("Mean activation of each neuron over those of {} deriving formulas that an "
                  "assignment satisfies, from none to the neuron's largest. Outlined: the "
                  "assignments that its program asks about.",
                  grouped(kFormulas)),
      "Heat map of mean activations, neurons by assignments. The neurons' programs are listed "
      "below.",
      {{"data", {{"values", cells}}},
       {"width", {{"step", 18}}},
       {"height", {{"step", 12}}},
       {"encoding",
        {{"x", axis("assignment", "assignment (bit i is the value of xi)")},
         {"y", axis("neuron", "neuron")},
         {"tooltip", hover({"neuron", "assignment", "values", "mean activation"})}}},
       {"layer", {rectangles, outlines}}});
}

Json program_table(const Json& programs, const std::vector<int64_t>& neurons, int64_t variables) {
  Json rows = Json::array();
  for (size_t i = 0; i < programs.size(); ++i)
    rows.push_back(
        {neurons.size() == programs.size() ? std::to_string(neurons[i]) : fmt::format("#{}", i + 1),
         in_words(programs[i], static_cast<int>(variables))});
  return table("On: the neuron fires. x0=1 says that x0 is true.", {{"neuron"}, {"program", false}},
               rows);
}

}  // namespace

std::optional<page::Section> neurons_section(const page::Run& run) {
  if (run.kind != RunKind::Validation) return std::nullopt;
  const Json* node = evaluating_node(run.report);
  if (!node) return std::nullopt;
  const Json& programs = node->at("h").at("parameters").at("programs");
  const int64_t variables = node->at("h").at("parameters").at("variables");
  Section section{.title = "What the evaluating neurons compute", .run = {}};
  section.blocks.push_back(paragraph(fmt::format(
      "{} neurons each test whether certain assignments of the {} variables satisfy the formula.",
      programs.size(), variables)));
  std::vector<int64_t> neurons;
  if (run.subject) {
    const circuits::Step& step = step_named(run.subject->program, node->at("node"));
    const Tensor means = mean_activations(run, step, variables);
    neurons = neurons_of(step, means.size(0));
    section.blocks.push_back(heat_map(cells_of(means, neurons, programs, variables)));
  } else {
    section.blocks.push_back(absent("Mean activations", run.no_subject));
  }
  section.blocks.push_back(fold(fmt::format("The {} programs", programs.size()),
                                Json::array({program_table(programs, neurons, variables)})));
  return section;
}

}  // namespace assay::tasks::two_sat
