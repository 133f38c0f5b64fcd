// Holds an interpretation against its network, on fresh inputs: `assay validate` in a few lines.
//
//   validate_interpretation MODEL INTERPRETATION [INPUTS]

#include <fmt/format.h>

#include <cstdlib>
#include <stdexcept>

#include "axioms/checker.h"
#include "interp/statistics/binomial.h"
#include "tasks/subject.h"

namespace {

void run(const char* model, const char* interpretation, int64_t inputs) {
  // Network, claim and task, which are refused here unless they belong together.
  const assay::tasks::Subject subject = assay::tasks::load_subject(model, interpretation);
  fmt::print("{}\n", subject.interpretation().title);

  // Test inputs are independent draws that no derivation and no training has seen.
  const auto labelled = subject.task->inputs(assay::tasks::Part::Test, /*seed=*/7);
  const auto tokens = [&](int64_t first, int64_t count) { return labelled(first, count).tokens; };
  const assay::axioms::CheckResult result =
      assay::axioms::check(subject.experiment(), tokens, {.inputs = inputs});

  for (const assay::axioms::NodeResult& node : result.nodes) {
    for (const assay::axioms::Axiom axiom : assay::axioms::kAxioms) {
      const assay::axioms::AxiomResult& found = node[axiom];
      fmt::print("{:<10} {}  {:6} of {} fail: at most {:.5f} with 95% confidence\n", node.node,
                 to_string(axiom), found.estimate.failures, found.estimate.n,
                 assay::statistics::upper_bound(found.estimate, 0.95));
      if (found.witnesses.empty()) continue;
      const assay::axioms::Witness& witness = found.witnesses.front();
      fmt::print("               as on input {}: the network has {}, the interpretation {}\n",
                 witness.input, witness.network.dump(), witness.interpretation.dump());
    }
  }
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 3)
    throw std::invalid_argument("usage: validate_interpretation MODEL INTERPRETATION [INPUTS]");
  run(argv[1], argv[2], argc > 3 ? std::atoll(argv[3]) : 20000);
} catch (const std::exception& error) {
  fmt::print(stderr, "{}\n", error.what());
  return 2;
}
