// Do explanations by features point at the clauses that the mechanism uses? Methods score the
// clauses of some formulas; the scores are held against what the interpretation's answer depends
// on, and against scores that know nothing: `assay compare` in a few lines.
//
//   compare_explanations MODEL INTERPRETATION [INPUTS]

#include <fmt/format.h>

#include <cstdlib>
#include <stdexcept>

#include "tasks/comparison_summary.h"
#include "tasks/subject.h"

namespace {

void run(const char* model, const char* interpretation, int64_t inputs) {
  const assay::tasks::Subject subject = assay::tasks::load_subject(model, interpretation);
  // What stands in for a clause where one is taken away.
  const auto replacer = subject.task->replacer(subject.task->replacer_names().front());
  const assay::tasks::Comparison comparison = assay::tasks::compare(
      *subject.task, *subject.model.model, &subject.program,
      {.methods = {"occlusion:replacement", "reagent", "input-x-gradient", "gradient-norm"},
       .features = "clause",
       .removal = "replacement",
       .replacer = replacer.get(),
       .inputs = inputs,
       .rows = 300});

  const assay::tasks::ComparisonSummary summary = assay::tasks::summarise(comparison);
  const std::string measure = subject.interpretation().output + ".auroc";
  fmt::print("does a clause on which `{}` depends score higher than one that it ignores?\n",
             subject.interpretation().output);
  for (const assay::tasks::MethodSummary& method : summary.methods) {
    const auto found = method.measures.find(measure);
    if (found == method.measures.end()) continue;
    const assay::tasks::MeanMeasure& auroc = found->second;
    const std::string interval =
        auroc.interval.exists()
            ? fmt::format("[{:.3f}, {:.3f}]", auroc.interval.low, auroc.interval.high)
            : "(no interval: all values are alike)";
    fmt::print("{:<24} AUROC {:.3f} {} on {} formulas, {:.0f} forward rows each\n", method.method,
               auroc.mean, interval, auroc.inputs, method.rows);
  }
  const assay::statistics::Interval& chance = summary.random.at(measure);
  fmt::print("{:<24} AUROC [{:.3f}, {:.3f}]\n", "chance", chance.low, chance.high);
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 3)
    throw std::invalid_argument("usage: compare_explanations MODEL INTERPRETATION [INPUTS]");
  run(argv[1], argv[2], argc > 3 ? std::atoll(argv[3]) : 20);
} catch (const std::exception& error) {
  fmt::print(stderr, "{}\n", error.what());
  return 2;
}
