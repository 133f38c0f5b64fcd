// What a user waits for who explains one formula: a thousand rows of the 2-SAT network.

#include <benchmark/benchmark.h>

#include "interp/attribution/method.h"
#include "interp/transformer.h"
#include "tasks/explaining.h"
#include "tasks/registry.h"

namespace assay::tasks {
namespace {

using interp::attribution::Target;
using interp::attribution::TargetKind;

/// The literals of one formula.
void explain_literals(benchmark::State& state, const std::string& method) {
  const auto task = make_task("two-sat");
  const auto replacer = task->replacer("conditional");
  interp::Transformer model(task->recipe("reference").model);
  interp::initialise(model, {.seed = 1});
  const Target target{.kind = TargetKind::Probability, .token = task->answers().front()};
  const auto problem =
      problem_of(*task, model, task->sample(Part::Test, 1, 0, 1).tokens[0],
                 {.features = "literal", .target = target, .replacer = replacer.get()});
  int64_t rows = 0;
  for (auto _ : state) rows = interp::attribution::explain(method, problem).rows;
  state.counters["rows"] = static_cast<double>(rows);
}

void ReagentSmallVocab(benchmark::State& state) {
  explain_literals(state, "reagent:small-vocab");
}
void ExactOcclusion(benchmark::State& state) {
  explain_literals(state, "occlusion:replacement");
}
BENCHMARK(ReagentSmallVocab)->Unit(benchmark::kMillisecond);
BENCHMARK(ExactOcclusion)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace assay::tasks
