#include "interp/attribution/faithfulness_soft.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>
#include <limits>

#include "interp/attribution/importances.h"
#include "tests/interp/attribution/games.h"
#include "tests/interp/attribution/inside.h"
#include "tests/interp/with_threads.h"

namespace assay::interp::attribution {
namespace faithfulness_soft_test {

using at::Tensor;

/// Small weights, so that no answer is certain and every element counts a little.
std::shared_ptr<Transformer> undecided_model() {
  auto model = std::make_shared<Transformer>(assorted_configs()[0]);
  randomise(*model, 7, 0.3);
  model->to(at::kDouble);
  return model;
}

class SoftFaithfulness : public testing::Test {
 protected:
  const std::shared_ptr<Transformer> model_ = undecided_model();
  const EmbeddedInput input_{*model_, grouped_input(), {}};
};

TEST(Distances, OfDistributionsAreClosedForms) {
  // √p = (1, 0), √q = (√½, √½): (1-√½)² + ½ = 2 - √2, and H² is half of it.
  const Tensor p = numbers({1, 0}),
               q = torch::tensor({{0.5, 0.5}, {0.0, 1.0}, {1.0, 0.0}}, torch::kFloat64);
  const double squared = 1 - std::sqrt(0.5);
  EXPECT_LT(
      largest_difference(distances(Distance::SquaredHellinger, p, q), numbers({squared, 1, 0})),
      1e-15);
  EXPECT_LT(
      largest_difference(distances(Distance::Hellinger, p, q), numbers({std::sqrt(squared), 1, 0})),
      1e-15);
}

TEST_F(SoftFaithfulness, OfEverythingIsOneAndOfNothingZero) {
  for (const Distance distance : {Distance::Hellinger, Distance::SquaredHellinger}) {
    const SoftConfig config{.distance = distance, .draws = 3};
    const Faithfulness all = soft_faithfulness(input_, numbers({1, 1, 1}), config);
    EXPECT_GT(all.scale, 1e-3);
    EXPECT_NEAR(all.sufficiency, all.scale, 1e-12);
    EXPECT_NEAR(all.comprehensiveness, all.scale, 1e-12);
    EXPECT_EQ(all.sufficiency_error, 0);
    const Faithfulness none = soft_faithfulness(input_, numbers({0, 0, 0}), config);
    EXPECT_NEAR(none.sufficiency, 0, 1e-12);
    EXPECT_NEAR(none.comprehensiveness, 0, 1e-12);
  }
}

TEST_F(SoftFaithfulness, SquaredHellingerIsTheSquareForOneDraw) {
  const Tensor a = numbers({0.6, 0.3, 0.5});
  for (uint64_t seed = 0; seed < 5; ++seed) {
    const auto with = [&](Distance distance) {
      return soft_faithfulness(input_, a, {.distance = distance, .draws = 1, .seed = seed});
    };
    const Faithfulness h = with(Distance::Hellinger), squared = with(Distance::SquaredHellinger);
    EXPECT_NEAR(squared.scale, h.scale * h.scale, 1e-12);
    EXPECT_NEAR(squared.comprehensiveness, h.comprehensiveness * h.comprehensiveness, 1e-12);
    EXPECT_TRUE(std::isnan(h.sufficiency_error));
  }
}

TEST_F(SoftFaithfulness, StandardErrorsShrinkWithTheDrawsAndCoverTheirSpread) {
  const Tensor a = numbers({0.6, 0.3, 0.5});
  const Faithfulness many = soft_faithfulness(input_, a, {.draws = 4000, .seed = 1});
  double squares = 0;
  for (uint64_t seed = 10; seed < 110; ++seed) {
    const Faithfulness few = soft_faithfulness(input_, a, {.draws = 20, .seed = seed});
    const double off = few.comprehensiveness - many.comprehensiveness;
    squares += off * off / (few.comprehensiveness_error * few.comprehensiveness_error);
  }
  // Student's t with 19 degrees: mean square 19/17, one square deviates by about 1.8.
  EXPECT_NEAR(squares / 100, 19.0 / 17, 4 * 0.18);
  EXPECT_LT(many.comprehensiveness_error,
            soft_faithfulness(input_, a, {.draws = 20}).comprehensiveness_error / 8);
}

TEST_F(SoftFaithfulness, HardMetricsAreThoseOfErasedFeatures) {
  const Tensor mask = top_share(numbers({0.1, 0.9, 0.3}), 0.34);  // the single token alone
  const Faithfulness hard = soft_faithfulness(input_, mask, {.draws = 1});
  const Tensor &all = input_.embeddings(),
               none = input_.with_features_at(at::zeros({12}, all.options()));
  Tensor only = none.clone(), without = all.clone();
  only[1] = all[1];
  without[1] = 0;
  const Tensor answers = at::softmax(input_.logits(at::stack({all, none, only, without})), 1);
  const Tensor d = distances(Distance::Hellinger, answers[0], answers);
  EXPECT_NEAR(hard.scale, d[1].item<double>(), 1e-12);
  EXPECT_NEAR(hard.sufficiency, std::max(0.0, (d[1] - d[2]).item<double>()), 1e-12);
  EXPECT_NEAR(hard.comprehensiveness, d[3].item<double>(), 1e-12);
  EXPECT_EQ(hard.sufficiency_error, 0);
}

TEST_F(SoftFaithfulness, DependsOnTheSeedAndNotOnTheThreads) {
  const auto with = [&](int threads, uint64_t seed) {
    const WithThreads guard(threads);
    return soft_faithfulness(input_, numbers({0.6, 0.3, 0.5}), {.draws = 50, .seed = seed})
        .comprehensiveness;
  };
  EXPECT_EQ(with(1, 3), with(2, 3));
  EXPECT_NE(with(1, 3), with(1, 4));
}

TEST_F(SoftFaithfulness, RefusesWhatIsNoImportance) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const double bad : {nan, -0.5, 1.5})
    EXPECT_THROW(soft_faithfulness(input_, numbers({0.5, bad, 0.5})), std::invalid_argument);
  EXPECT_THROW(soft_faithfulness(input_, numbers({1, 1, 1}), {.draws = 0}), std::invalid_argument);
}

}  // namespace faithfulness_soft_test
}  // namespace assay::interp::attribution
