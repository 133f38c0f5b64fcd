#include "circuits/components/self_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <limits>
#include <vector>

#include "tests/circuits/random_experiment.h"

namespace assay::circuits {
namespace self_check_test {

using testing::HasSubstr;
using testing::ThrowsMessage;

class SelfChecked : public testing::Test {
 protected:
  SelfCheck check(const std::string& ablation, const at::Tensor& change_full,
                  const at::Tensor& change_empty, bool by_position = false) {
    const RandomExperiment random(true, by_position, 10);
    const Experiment experiment = random.experiment(ablation);
    const Ablator ablator = experiment.ablator();
    const PatchBatch batch = make_batch(experiment, ablator, 2, 5);
    const at::NoGradGuard no_grad;
    const at::Tensor all = random.all().to(torch::kFloat32);
    return self_check(experiment, ablator, batch, 2,
                      run_circuit(experiment, batch, all) + change_full,
                      run_circuit(experiment, batch, 1 - all) + change_empty);
  }
};

TEST_F(SelfChecked, FullIsTheNetworkAndEmptyTheAblatedOneUnderEveryAblation) {
  for (const bool by_position : {false, true}) {
    for (const std::string& ablation : interp::names_of(ablations())) {
      SCOPED_TRACE(ablation);
      const SelfCheck passed = check(ablation, at::zeros({1}), at::zeros({1}), by_position);
      EXPECT_LE(passed.full, 1e-5 * passed.scale);
      EXPECT_LE(passed.empty, 1e-5 * passed.scale);
      EXPECT_GT(passed.scale, 0.1);
      EXPECT_EQ(passed.inputs, 5);
      EXPECT_NO_THROW(require_passed(passed));
    }
  }
}

TEST_F(SelfChecked, ADifferenceAboveFloatAccuracyIsAnErrorThatNamesIt) {
  const at::Tensor off = at::tensor({0.0, 0.0, 0.125, 0.0, 0.0, 0.0, 0.0});  // one logit
  for (const std::string& ablation : interp::names_of(ablations())) {
    EXPECT_THAT(
        [&] { require_passed(check(ablation, off, at::zeros({1}))); },
        ThrowsMessage<std::runtime_error>(AllOf(HasSubstr("all edges"), HasSubstr("0.125"))));
    EXPECT_THAT(
        [&] { require_passed(check(ablation, at::zeros({1}), off)); },
        ThrowsMessage<std::runtime_error>(AllOf(HasSubstr("no edges"), HasSubstr("0.125"))));
  }
}

TEST_F(SelfChecked, NanIsNoAgreementInWhicheverBatchItStands) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const SelfCheck good = check("zero", at::zeros({1}), at::zeros({1}));
  const SelfCheck bad = check("zero", at::full({1}, nan), at::zeros({1}));
  using Batches = std::vector<SelfCheck>;
  for (const Batches& order :
       {Batches{good, bad, good}, Batches{bad, good, good}, Batches{good, good, bad}}) {
    SelfCheck sum;
    for (const SelfCheck& part : order) sum += part;
    EXPECT_THROW(require_passed(sum), std::runtime_error);
  }
}

TEST_F(SelfChecked, ChecksAddUp) {
  SelfCheck sum{.full = 1, .empty = 5, .scale = 2, .inputs = 3};
  sum += {.full = 2, .empty = 4, .scale = 9, .inputs = 4};
  EXPECT_EQ(sum.full, 2);
  EXPECT_EQ(sum.empty, 5);
  EXPECT_EQ(sum.scale, 9);
  EXPECT_EQ(sum.inputs, 7);
}

}  // namespace self_check_test
}  // namespace assay::circuits
