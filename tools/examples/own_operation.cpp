// An interpretation with an operation of one's own. The shipped interpretation says that a formula
// is satisfiable if any evaluating neuron is on. Here it takes at least K of them, which is another
// claim about the same network, and another verdict.
//
//   own_operation MODEL INTERPRETATION [K]

#include <fmt/format.h>
#include <torch/types.h>

#include <cstdlib>
#include <stdexcept>

#include "axioms/checker.h"
#include "tasks/registry.h"
#include "tasks/subject.h"

namespace {

namespace circuits = assay::circuits;

/// h: bool [batch, n] -> int64 [batch], whether at least `least` of the n are true.
circuits::Function at_least(const circuits::Operation& operation) {
  const int64_t least = circuits::parameter<int64_t>(operation, "least");
  return [least](const std::vector<circuits::Value>& parents) {
    return (parents.at(0).sum(1) >= least).to(torch::kInt64);
  };
}

void run(const char* model, const char* interpretation, int64_t least) {
  const assay::tasks::Subject subject = assay::tasks::load_subject(model, interpretation);

  circuits::Operations operations = assay::tasks::all_operations();
  operations.functions.add({"at_least", "whether at least so many are true", at_least});

  circuits::Interpretation changed = subject.interpretation();
  for (circuits::Node& node : changed.nodes)
    if (node.name == changed.output)
      node.h = {.name = "at_least", .parameters = {{"least", least}}, .tensors = {}};
  const circuits::Program program = circuits::compile(changed, operations, subject.places());

  const auto labelled = subject.task->inputs(assay::tasks::Part::Test, /*seed=*/7);
  const assay::axioms::CheckResult result = assay::axioms::check(
      {*subject.model.model, program, subject.task->decision()},
      [&](int64_t first, int64_t count) { return labelled(first, count).tokens; },
      {.inputs = 10000});
  const assay::statistics::Estimate& ce = result.nodes.back()[assay::axioms::Axiom::CE].estimate;
  fmt::print("at least {} neurons: {}.CE fails on {} of {} inputs\n", least, changed.output,
             ce.failures, ce.n);
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 3) throw std::invalid_argument("usage: own_operation MODEL INTERPRETATION [K]");
  run(argv[1], argv[2], argc > 3 ? std::atoll(argv[3]) : 2);
} catch (const std::exception& error) {
  fmt::print(stderr, "{}\n", error.what());
  return 2;
}
