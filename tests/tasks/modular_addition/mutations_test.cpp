#include "tasks/modular_addition/mutations.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include <set>

#include "circuits/interpretation/program.h"
#include "interp/network/build.h"
#include "tasks/mutations.h"
#include "tests/interp/scratch.h"
#include "tests/tasks/modular_addition/small_model.h"

namespace assay::tasks::modular_addition {
namespace mutations_test {

using circuits::Interpretation;
using interp::message_of;
using testing::HasSubstr;

Interpretation small_interpretation() {
  return small_task()->need<Interpretations>().derive(*small_model(), {}).interpretation;
}

Interpretation with_frequencies(const std::vector<int64_t>& frequencies) {
  Interpretation interpretation = small_interpretation();
  for (const size_t node : {0, 2})
    interpretation.nodes[node].h.parameters["frequencies"] = frequencies;
  return interpretation;
}

Interpretation mutated(const std::string& name, uint64_t seed,
                       const Interpretation& interpretation) {
  return circuits::mutate(circuits::mutations_for(tasks::mutations(), interpretation), name,
                          interpretation, seed);
}

std::vector<int64_t> frequencies_after(uint64_t seed, const std::vector<int64_t>& before) {
  const Interpretation after =
      circuits::mutate(mutations(), "shift-frequency", with_frequencies(before), seed);
  EXPECT_EQ(after.nodes[0].h.parameters, [&] {
    auto parameters = after.nodes[2].h.parameters;
    parameters["decimals"] = 3;
    return parameters;
  }());
  return after.nodes[0].h.parameters.at("frequencies");
}

// Of p = 7 there are the frequencies 1, 2 and 3.
TEST(ShiftFrequency, TakesAFreeNeighbourInEveryNode) {
  EXPECT_EQ(frequencies_after(0, {1}), (std::vector<int64_t>{2}));
  EXPECT_EQ(frequencies_after(0, {3}), (std::vector<int64_t>{2}));
  std::set<std::vector<int64_t>> seen;
  for (uint64_t seed = 0; seed < 20; ++seed) seen.insert(frequencies_after(seed, {1, 3}));
  EXPECT_EQ(seen, (std::set<std::vector<int64_t>>{{2, 3}, {1, 2}}));
  EXPECT_THAT(message_of([] {
                frequencies_after(0, {1, 2, 3});
              }),
              HasSubstr("no neighbour of a key frequency is free"));
}

// As a claim about addition it stays right: only the network can tell.
TEST(ShiftFrequency, StillAdds) {
  const auto program = circuits::compile(mutated("shift-frequency", 0, with_frequencies({1})),
                                         all_operations(), interp::describe(small_config()));
  const interp::LabelledBatch pairs = small_task()->get<FiniteDomain>()->all().inputs;
  at::Tensor value = pairs.tokens;
  for (const auto& step : program.steps) value = step.h({value});
  EXPECT_TRUE(value.equal(pairs.labels));
}

TEST(AnswerGamma, WritesOneStateForEachSum) {
  for (const uint64_t seed : {0, 1}) {
    const Interpretation after = mutated("answer-gamma", seed, small_interpretation());
    const auto program =
        circuits::compile(after, all_operations(), interp::describe(small_config()));
    const interp::LabelledBatch pairs = small_task()->get<FiniteDomain>()->all().inputs;
    at::Tensor value = pairs.tokens;
    for (size_t step = 0; step <= seed; ++step) value = program.steps[step].h({value});
    std::map<int64_t, std::set<std::string>> states;
    const at::Tensor written = program.steps[seed].gamma(value)[0].flatten(1);
    for (int64_t i = 0; i < written.size(0); ++i)
      states[pairs.labels[i].item<int64_t>()].insert(
          {static_cast<const char*>(written[i].data_ptr()), written[i].nbytes()});
    EXPECT_EQ(states.size(), static_cast<size_t>(kSmallP));
    for (const auto& [sum, different] : states) EXPECT_EQ(different.size(), 1u) << sum;
  }
}

}  // namespace mutations_test
}  // namespace assay::tasks::modular_addition
