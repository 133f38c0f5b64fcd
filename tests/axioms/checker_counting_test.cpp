// How the checker counts: chunks, witnesses, progress, and stopping on the way.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <atomic>
#include <mutex>
#include <set>

#include "axioms/checker.h"
#include "interp/network/build.h"
#include "tests/axioms/or_network.h"
#include "tests/interp/with_threads.h"

namespace assay::axioms {
namespace checker_counting_test {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST(CheckerCountingTest, CountsGrowWithTheInputsAcrossChunks) {
  Interpretation broken = or_interpretation();
  node(broken, "some").h.parameters["yes"] = {1};
  for (const int64_t times : {1, 5, 12, 13})  // 125 = a chunk less 3; 300 and 325 are three chunks
    EXPECT_EQ(failures(check_or(broken, {.inputs = 25 * times})),
              (Failures{{0, 0, 0, 0},
                        {7 * times, 7 * times, 7 * times, 7 * times},
                        {7 * times, 0, 7 * times, 0}}));
}

TEST(CheckerCountingTest, TheReplacedRunOfTheComponentIsMadeOnlyWhereItDiffers) {
  auto all = operations();
  std::vector<int64_t> runs;  // inputs in each run that replaces the middle node
  all.concretisations.add(
      {"counted", "", [&](const Operation& operation) {
         const auto write =
             circuits::generic_operations().concretisations.at("write_levels").make(operation);
         return [&runs, write](const Tensor& value) {
           runs.push_back(value.size(0));
           return write(value);
         };
       }});
  Interpretation interpretation = or_interpretation();
  node(interpretation, "some").gamma.name = "counted";
  const auto run = [&] {
    runs.clear();
    check({or_network(), circuits::compile(interpretation, all, interp::describe(or_config())),
           or_decision()},
          or_inputs, {.inputs = kInputs});
    return runs;
  };
  EXPECT_THAT(run(), ElementsAre(25, 12));  // and 12 pairs of unrelated inputs
  node(interpretation, "words").alpha.tensors["labels"] =
      torch::tensor({{0}, {2}, {1}, {3}, {4}, {5}}, torch::kLong);
  EXPECT_THAT(run(), ElementsAre(25, 10, 12, testing::Lt(12)));  // see above
}

TEST(CheckerCountingTest, WitnessesAreTheFirstFailingInputs) {
  Interpretation broken = or_interpretation();
  node(broken, "some").h.parameters["yes"] = {1};
  const CheckResult result = check_or(broken, {.inputs = 300, .witnesses = 9});
  // Where 3 occurs and 1 does not: (0,3) = 3, (2,3) = 13, (3,0) = 15, (3,2), (3,3), (3,4), (4,3).
  for (const Axiom axiom : kAxioms) {
    std::vector<int64_t> inputs;
    for (const Witness& witness : result.nodes[1][axiom].witnesses) inputs.push_back(witness.input);
    EXPECT_THAT(inputs, ElementsAre(3, 13, 15, 17, 18, 19, 23, 28, 38));
  }
  const Witness& value = result.nodes[1][Axiom::PE].witnesses[2];
  EXPECT_THAT(value.tokens, ElementsAre(3, 0, 5));
  EXPECT_EQ(value.network, nlohmann::json({1}));
  EXPECT_EQ(value.interpretation, nlohmann::json({0}));
  const Witness& decision = result.nodes[1][Axiom::PR].witnesses[0];
  EXPECT_THAT(decision.tokens, ElementsAre(0, 3, 5));
  EXPECT_EQ(decision.network, 1);
  EXPECT_EQ(decision.interpretation, 0);
  EXPECT_THAT(check_or(broken, {.inputs = 25}).nodes[1][Axiom::PE].witnesses, SizeIs(1));
  EXPECT_THAT(check_or(broken, {.inputs = 25, .witnesses = 0}).nodes[1][Axiom::PE].witnesses,
              IsEmpty());
}

TEST(CheckerCountingTest, ProgressIsReportedAndNothingIsCheckedTwice) {
  std::mutex mutex;
  std::set<int64_t> seen;
  int64_t asked = 0, done = 0;
  const auto inputs = [&](int64_t first, int64_t count) {
    const std::lock_guard lock(mutex);
    asked += count;
    for (int64_t i = 0; i < count; ++i) seen.insert(first + i);
    return or_inputs(first, count);
  };
  const CheckConfig config{.inputs = 1000, .on_progress = [&](int64_t so_far, int64_t of) {
                             EXPECT_GT(so_far, done);
                             EXPECT_EQ(of, 1000);
                             done = so_far;
                           }};
  check({or_network(),
         circuits::compile(or_interpretation(), operations(), interp::describe(or_config())),
         or_decision()},
        inputs, config);
  EXPECT_EQ(done, 1000);
  EXPECT_EQ(asked, 1000);
  EXPECT_THAT(seen, SizeIs(1000));
}

TEST(CheckerCountingTest, AStopFlagLeavesWhatIsCountedSoFar) {
  Interpretation broken = or_interpretation();
  node(broken, "some").h.parameters["yes"] = {1};
  for (const int threads : {1, 2}) {
    const interp::WithThreads with_threads(threads);
    std::atomic<bool> stop = false;
    const CheckResult partial =
        check_or(broken, {.inputs = 10000,
                          .on_progress = [&](int64_t done, int64_t) { stop = done >= 300; },
                          .stop = &stop});
    EXPECT_FALSE(partial.complete);
    EXPECT_GE(partial.inputs, 384);                        // three chunks of 128
    EXPECT_LE(partial.inputs, 384 + 128 * (threads - 1));  // and what others had begun
    EXPECT_EQ(partial.nodes[1][Axiom::PE].estimate.n, partial.inputs);
    if (threads == 1) {
      EXPECT_EQ(partial.nodes[1][Axiom::PE].estimate,
                check_or(broken, {.inputs = 384}).nodes[1][Axiom::PE].estimate);
    }
  }
}

TEST(CheckerCountingTest, StoppedBeforehandNothingIsCounted) {
  const std::atomic<bool> stop = true;
  const CheckResult nothing = check_or(or_interpretation(), {.inputs = 100, .stop = &stop});
  EXPECT_FALSE(nothing.complete);
  EXPECT_EQ(nothing.inputs, 0);
  EXPECT_EQ(nothing.nodes[1][Axiom::PE].estimate, statistics::Estimate{});
}

}  // namespace checker_counting_test
}  // namespace assay::axioms
