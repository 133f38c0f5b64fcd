// What the evaluating neurons of a 2-SAT interpretation compute: their programs, and how active
// they are on formulas that an assignment satisfies.

#include "tasks/two_sat/page.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <stdexcept>

#include "interp/execution/parallel.h"
#include "interp/network/network.h"
#include "interp/numerals.h"
#include "sat2/masks.h"
#include "tasks/page/figure.h"
#include "tasks/subject.h"
#include "tasks/two_sat/programs.h"
#include "tasks/two_sat/tokens.h"

namespace assay::tasks::two_sat {
namespace {

using interp::grouped;
using page::absent, page::fold, page::Json, page::paragraph, page::Run, page::RunKind,
    page::Section, page::table;

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

/// Mean activations as shares of each neuron's largest, in the order of `order`; framed: what its
/// program asks about.
Json activation_figure(const Tensor& means, const std::vector<int64_t>& neurons,
                       const Json& programs, int64_t variables) {
  page::Heat heat;
  heat.columns_say = "assignment, by number: bit i is the value of xi";
  page::Csv csv = {{"neuron", "assignment", "values", "mean activation", "asked"}};
  const auto name = [&](int64_t a) {
    return sat2::assignment_to_string(static_cast<int>(a), static_cast<int>(variables));
  };
  for (int64_t a = 0; a < means.size(1); ++a) heat.columns.push_back(fmt::to_string(a));
  for (const int64_t i : ordered(means)) {
    std::set<int64_t> asked;
    add_asked(programs.at(i), asked);
    const double largest = means[i].max().item<double>();
    heat.rows.push_back(fmt::to_string(neurons[i]));
    heat.shares.emplace_back();
    heat.framed.emplace_back();
    for (int64_t a = 0; a < means.size(1); ++a) {
      const double mean = means[i][a].item<double>();
      heat.shares.back().push_back(largest > 0 ? mean / largest : 0);
      heat.framed.back().push_back(asked.contains(a));
      csv.push_back({heat.rows.back(), fmt::to_string(a), name(a), fmt::format("{:.4g}", mean),
                     asked.contains(a) ? "yes" : "no"});
    }
  }
  return page::block(page::figure(
      "neurons",
      "Heat map of mean activations, neurons by assignments. The neurons' programs are listed "
      "below.",
      page::heat(heat),
      fmt::format(
          "Mean activation of each neuron over those of {} formulas that an assignment makes "
          "true, from none to the neuron's largest. Framed: the assignments that its program "
          "asks about.",
          grouped(kFormulas)),
      csv));
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
  Section section{.title = "What the neurons try", .run = {}};
  std::vector<int64_t> neurons;
  Json folded = Json::array();
  if (run.subject) {
    const circuits::Step& step = step_named(run.subject->program, node->at("node"));
    const Tensor means = mean_activations(run, step, variables);
    neurons = neurons_of(step, means.size(0));
    folded.push_back(activation_figure(means, neurons, programs, variables));
  } else {
    folded.push_back(absent("Mean activations", run.no_subject));
  }
  folded.push_back(program_table(programs, neurons, variables));
  section.blocks.push_back(paragraph(fmt::format(
      "Each of {} neurons tries assignments of the {} variables: it is on if they make the formula "
      "true.",
      programs.size(), variables)));
  section.blocks.push_back(
      fold(fmt::format("What each of the {} neurons tries, in words", programs.size()), folded));
  return section;
}

}  // namespace assay::tasks::two_sat
