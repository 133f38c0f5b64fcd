#include "tools/validation_under.h"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "interp/names.h"
#include "tools/table.h"

namespace assay::tools {
namespace {

using axioms::Axiom;
using nlohmann::ordered_json;
using statistics::Estimate;

std::string guise_rate(const Estimate& estimate) {
  if (estimate.n == 0) return "–";  // left out, as it is proved to be equal to another row
  return estimate.failures == 0 ? "0" : fmt::format("{:.5f}", estimate.rate());
}

std::string accuracy_text(const Estimate& wrong) {
  return fmt::format("{:.3f}%", 100 * (1 - wrong.rate()));
}

// How often the network's answer is not the true one.
Estimate wrong_answers(const tasks::Subject& subject, const axioms::Inputs& inputs, int64_t count) {
  const auto labelled = [&](int64_t first, int64_t n) {
    const at::Tensor tokens = inputs(first, n);
    const c10::Device device = subject.model.model->device();
    return interp::LabelledBatch{
        .tokens = tokens.to(device),
        .labels = subject.task->need<tasks::Truth>().answers(tokens).to(device)};
  };
  const double right =
      interp::accuracy(*subject.model.model, labelled, count, subject.task->readout());
  return {.n = count, .failures = std::llround((1 - right) * static_cast<double>(count))};
}

}  // namespace

std::vector<tasks::Transformation> transformations_named(const tasks::Task& task,
                                                         const std::vector<std::string>& names) {
  const auto* of_task = task.get<tasks::Transformations>();
  const std::vector<tasks::Transformation> all =
      of_task ? of_task->all : std::vector<tasks::Transformation>();
  std::vector<tasks::Transformation> chosen;
  for (const std::string& name : names) {
    if (name == "all") return all;
    const auto found = std::ranges::find(all, name, &tasks::Transformation::name);
    if (found == all.end()) {
      std::vector<std::string> known = interp::names_of(all);
      known.insert(known.begin(), "all");
      throw std::invalid_argument(fmt::format("--under: {} has no transformation '{}'; {}",
                                              task.name(), name, interp::there_are(known, name)));
    }
    chosen.push_back(*found);
  }
  return chosen;
}

std::vector<Guise> check_guises(
    const tasks::Subject& subject, const std::vector<tasks::Transformation>& transformations,
    const ValidationInputs& inputs, uint64_t seed, const axioms::CheckResult& as_drawn,
    const std::function<axioms::CheckResult(const axioms::Inputs& inputs)>& check) {
  std::vector<Guise> guises = {{.name = "as drawn",
                                .help = "no transformation",
                                .wrong = wrong_answers(subject, inputs.tokens, inputs.count),
                                .result = as_drawn}};
  for (const tasks::Transformation& transformation : transformations) {
    const axioms::Inputs tokens = [&](int64_t first, int64_t count) {
      return transformation.apply(inputs.tokens(first, count), seed, first);
    };
    axioms::CheckResult result = check(tokens);
    if (!result.complete) break;
    guises.push_back({.name = transformation.name,
                      .help = transformation.help,
                      .wrong = wrong_answers(subject, tokens, inputs.count),
                      .result = std::move(result)});
  }
  return guises;
}

void print_guises(const std::vector<Guise>& guises, double confidence, const Console& console) {
  std::vector<Heading> headings = {{"node", Align::Left}, {"axiom", Align::Left}};
  std::vector<Cell> accuracies = {{"accuracy", Tone::Bold}, {}};
  for (const Guise& guise : guises) {
    headings.push_back({guise.name});
    accuracies.push_back({accuracy_text(guise.wrong)});
  }
  Table table(headings);
  table.add_row(std::move(accuracies));
  const axioms::CheckResult& base = guises.front().result;
  for (size_t node = 0; node < base.nodes.size(); ++node) {
    table.add_gap();
    for (const Axiom axiom : axioms::kAxioms) {
      const double upper = statistics::upper_bound(base.nodes[node][axiom].estimate, confidence);
      std::vector<Cell> cells = {{axiom == Axiom::PE ? base.nodes[node].node : "", Tone::Bold},
                                 {to_string(axiom)}};
      for (const Guise& guise : guises) {
        const Estimate& estimate = guise.result.nodes[node][axiom].estimate;
        const bool worse = statistics::lower_bound(estimate, confidence) > upper;
        cells.push_back({guise_rate(estimate), worse ? Tone::Bad : Tone::Plain});
      }
      table.add_row(std::move(cells));
    }
  }
  console.line();
  console.line(console.paint("The same inputs in other guises that mean the same", Tone::Bold));
  console.line("(rates of failure; verdicts are on the inputs as drawn)");
  for (const Table& part : table.within(width_of(stdout), 2))
    console.line(part.to_string(console.colour()));
}

ordered_json to_json(const std::vector<Guise>& guises, double confidence) {
  std::vector<GuiseRecord> records;
  for (const Guise& guise : guises) {
    GuiseRecord record{.name = guise.name, .help = guise.help, .wrong = guise.wrong, .rows = {}};
    for (const axioms::NodeResult& node : guise.result.nodes)
      for (const Axiom axiom : axioms::kAxioms)
        record.rows.push_back({node.node, axiom, node[axiom].estimate, confidence});
    records.push_back(std::move(record));
  }
  return interp::write_record(records);
}

ordered_json renewed_guises(const ordered_json& under, double confidence) {
  auto records = interp::read_record<std::vector<GuiseRecord>>(under, "field 'under'");
  for (GuiseRecord& record : records)
    for (GuiseRow& row : record.rows) row.confidence = confidence;
  return interp::write_record(records);
}

}  // namespace assay::tools
