// Validating the shipped 2-SAT network, chunk by chunk, from the repository's root; and the check
// of a cut in a network of GPT-2's size.

#include <ATen/record_function.h>
#include <benchmark/benchmark.h>
#include <torch/types.h>

#include "axioms/checker.h"
#include "interp/network/build.h"
#include "interp/network/cut.h"
#include "tasks/subject.h"

namespace assay {
namespace {

constexpr int64_t kInputs = 1280;

/// Calls of LibTorch's operators, by this thread, while it lives.
class CallCounter {
 public:
  CallCounter() {
    calls = 0;
    handle_ = at::addThreadLocalCallback(at::RecordFunctionCallback(count));
  }
  ~CallCounter() { at::removeCallback(handle_); }
  CallCounter(const CallCounter&) = delete;
  CallCounter& operator=(const CallCounter&) = delete;
  inline static thread_local int64_t calls = 0;

 private:
  static std::unique_ptr<at::ObserverContext> count(const at::RecordFunction&) {
    ++calls;
    return nullptr;
  }
  at::CallbackHandle handle_ = 0;
};

void ValidateFormulas(benchmark::State& state) {
  const tasks::Subject subject = tasks::load_subject("tasks/two_sat/reference/model.safetensors",
                                                     "tasks/two_sat/reference/trees.json");
  const auto drawn = subject.task->inputs(tasks::Part::Test, 1);
  const axioms::Inputs inputs = [&](int64_t first, int64_t count) {
    return drawn(first, count).tokens;
  };
  const auto validate = [&](int64_t n) {
    return axioms::check(subject.experiment(), inputs, {.inputs = n}).inputs;
  };
  for (auto _ : state) benchmark::DoNotOptimize(validate(kInputs));
  state.counters["inputs/s"] =
      benchmark::Counter(kInputs, benchmark::Counter::kIsIterationInvariantRate);
  const CallCounter counter;
  validate(128);
  state.counters["calls/chunk"] = static_cast<double>(CallCounter::calls);
}
BENCHMARK(ValidateFormulas)->Unit(benchmark::kMillisecond);

interp::Places gpt2() {
  return interp::describe({.d_vocab = 50257,
                           .n_ctx = 1024,
                           .d_model = 768,
                           .d_mlp = 3072,
                           .n_heads = std::vector<int64_t>(12, 12),
                           .d_head = std::vector<int64_t>(12, 64),
                           .norm = interp::Norm::Pre});
}

void check_cut(benchmark::State& state, const std::vector<interp::Site>& sites) {
  const interp::Places places = gpt2();
  const interp::Site decision{.place = interp::hook::logits(), .positions = {1023}};
  for (auto _ : state) benchmark::DoNotOptimize(interp::path_around(places, sites, decision));
}
void CompleteCutOfGpt2(benchmark::State& state) {
  check_cut(state, {{.place = interp::hook::resid_post(5)}});
}
void LeakyCutOfGpt2(benchmark::State& state) {  // by the one head that is missing
  std::vector<interp::Site> heads = {{.place = interp::hook::resid_mid(5)}};
  for (int64_t head = 1; head < 12; ++head)
    heads.push_back({.place = interp::hook::z(6), .head = head});
  heads[0].positions = {1023};
  check_cut(state, heads);
}
BENCHMARK(CompleteCutOfGpt2)->Unit(benchmark::kMillisecond);
BENCHMARK(LeakyCutOfGpt2)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace assay
