// What a user waits for who explains one formula, on the shipped 2-SAT network (found from the
// root of the repository, where tools/benchmark runs).

#include <benchmark/benchmark.h>

#include "interp/adapters/model_file.h"
#include "interp/attribution/method.h"
#include "interp/network/transformer.h"
#include "tasks/explaining.h"
#include "tasks/registry.h"

namespace assay::tasks {
namespace {

using interp::attribution::Target;
using interp::attribution::TargetKind;

/// The literals of one formula, 1,000 rows where the method leaves it open.
void ExplainLiterals(benchmark::State& state, const std::string& method) {
  const auto model = interp::load_model("tasks/two_sat/reference/model.safetensors");
  const auto task = make_task("two-sat");
  const auto replacer = task->replacer("conditional");
  const Target target{.kind = TargetKind::LogOdds, .token = task->answers().front()};
  const auto problem =
      problem_of(*task, *model.model, task->sample(Part::Test, 1, 0, 1).tokens[0],
                 {.features = "literal", .target = target, .replacer = replacer.get()});
  int64_t rows = 0;
  for (auto _ : state) rows = interp::attribution::explain(method, problem).rows;
  state.counters["rows"] = static_cast<double>(rows);
}

#define EXPLAIN(name, method) \
  BENCHMARK_CAPTURE(ExplainLiterals, name, method)->Unit(benchmark::kMillisecond)
EXPLAIN(reagent, "reagent:small-vocab");
EXPLAIN(occlusion, "occlusion:replacement");
EXPLAIN(lime, "lime:replacement");
EXPLAIN(kernel_shap, "kernel-shap:replacement");
EXPLAIN(integrated_gradients, "integrated-gradients:zero");
EXPLAIN(gradient_norm, "gradient-norm");
EXPLAIN(attention, "attention:last");
#undef EXPLAIN

}  // namespace
}  // namespace assay::tasks
