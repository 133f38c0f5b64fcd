// The decision is the task's, whatever the interpretation says of it.

#include "axioms/experiment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <limits>

#include "interp/network/build.h"
#include "tests/axioms/or_network.h"
#include "tests/interp/scratch.h"

namespace assay::axioms {
namespace experiment_test {

using interp::message_of;
using testing::HasSubstr;

Tensor decided(const std::vector<std::vector<double>>& rows) {
  std::vector<Tensor> logits;
  for (const auto& row : rows) logits.push_back(torch::tensor(row, torch::kFloat32));
  return decide({.readout = 0, .answers = {2, 0}}, at::stack(logits).unsqueeze(1));
}

TEST(Decision, IsTheHighestLogitAmongTheAnswersAndNothingWhereTheyTie) {
  const Tensor decisions = decided({{1, 9, 2}, {3, 9, 2}, {2, 9, 2}});
  EXPECT_TRUE(decisions.equal(torch::tensor({int64_t{0}, int64_t{1}, kTie})));
}

TEST(Decision, IsRefusedWhereALogitOfAnAnswerIsNoNumber) {
  for (const double bad :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    EXPECT_THAT(message_of([&] { decided({{1, 0, 2}, {bad, 0, 2}}); }), HasSubstr("no decision"));
    EXPECT_NO_THROW(decided({{1, bad, 2}}));  // not an answer
  }
}

TEST(Decision, OfANetworkWithoutFiniteLogitsStopsTheCheck) {
  const at::NoGradGuard no_grad;
  Transformer broken(or_config());
  broken.W_U().fill_(1e38);
  broken.W_E().fill_(1e38);
  const circuits::Program program =
      circuits::compile(or_interpretation(), operations(), interp::describe(or_config()));
  EXPECT_THAT(message_of([&] {
                check({broken, program, or_decision()}, or_inputs, {.inputs = 25});
              }),
              HasSubstr("NaN or infinite"));
}

TEST(Experiment, TheOutputReadsTheLogitsOfTheDecision) {
  const circuits::Program program =
      circuits::compile(or_interpretation(), operations(), interp::describe(or_config()));
  EXPECT_NO_THROW(require_consistent({or_network(), program, or_decision()}));
  const auto refusal = [&](const Decision& decision) {
    return message_of([&] { require_consistent({or_network(), program, decision}); });
  };
  EXPECT_THAT(refusal({.readout = 1, .answers = {0, 1}}),
              HasSubstr("node 'answer': alpha of the output reads logits[pos=2], expected "
                        "logits[pos=1]"));
  EXPECT_THAT(refusal({.readout = 2, .answers = {0}}), HasSubstr("at least two answers"));
  EXPECT_THAT(refusal({.readout = 2, .answers = {0, 6}}), HasSubstr("answer 6 is out of range"));
}

}  // namespace experiment_test
}  // namespace assay::axioms
