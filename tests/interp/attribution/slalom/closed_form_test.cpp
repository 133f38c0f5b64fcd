#include "interp/attribution/slalom/closed_form.h"

#include <gtest/gtest.h>

#include "tests/interp/attribution/slalom/oracle.h"

namespace assay::interp::attribution::slalom {
namespace closed_form_test {

SampleScorer answers_of(const Slalom& model) {
  return [model](const std::vector<Sample>& samples) { return observed(model, samples).scores; };
}

TEST(SlalomClosedForm, RecoversAModelFromTwiceItsFeaturesMinusOneQueries) {
  for (const int64_t n : {2, 3, 20, 100}) {
    const Slalom model = random_slalom(n, 3, 1.5, static_cast<uint64_t>(n));
    const ClosedForm solved = closed_form(answers_of(model), n);
    EXPECT_EQ(solved.asked.bags.size(), 2 * n - 1);
    EXPECT_LT(rmse(solved.model.value, model.value), 1e-6);
    EXPECT_LT(rmse(solved.model.importance, model.importance), 1e-5) << n;
  }
}

// With one reference, every feature of its value would be lost.
TEST(SlalomClosedForm, TellsFeaturesOfEqualValuesApart) {
  const Slalom model = centred({numbers({1, 1, -2, -2, 0.5}), numbers({0, 1, 2, -1, 3})}, 5);
  const ClosedForm solved = closed_form(answers_of(model), 5);
  EXPECT_LT(rmse(solved.model.importance, model.importance), 1e-5);
}

TEST(SlalomClosedForm, EqualValuesLeaveNoTraceOfAttention) {
  const Slalom model{numbers({2, 2, 2}), numbers({0, 1, -1})};
  const ClosedForm solved = closed_form(answers_of(model), 3);
  EXPECT_TRUE(solved.model.value.equal(model.value));
  EXPECT_TRUE(solved.model.importance.equal(at::zeros_like(model.value)));
  EXPECT_EQ(closed_form(answers_of({numbers({7}), numbers({0})}), 1).asked.bags.size(), 1);
}

TEST(SlalomClosedForm, APairOutsideItsTwoValuesProvesThatTheModelIsAnother) {
  const Slalom model = random_slalom(10, 3, 1.5, 1);
  const Betweenness honest = betweenness(closed_form(answers_of(model), 10).asked);
  EXPECT_EQ(honest.pairs, 9);
  EXPECT_EQ(honest.violated, 0);

  // Values add up: {2, 3, -1} pairs give 5, 2 and 1, of which only 2 and 1 lie between.
  const SampleScorer sum = [](const std::vector<Sample>& samples) {
    const std::vector<double> value = {2, 3, -1};
    std::vector<double> sums;
    for (const Sample& sample : samples) {
      sums.push_back(0);
      for (const int64_t feature : sample) sums.back() += value[feature];
    }
    return numbers(sums);
  };
  Observations data{{.n_features = 3, .rows = {}}, {}};
  const std::vector<Sample> samples = {{0}, {1}, {2}, {0, 1}, {1, 2}, {0, 2}, {0, 0}, {0, 1, 2}};
  for (const Sample& sample : samples) data.bags.rows.push_back(bag_of(sample));
  data.scores = sum(samples);
  EXPECT_EQ(betweenness(data).pairs, 3);
  EXPECT_EQ(betweenness(data).violated, 1);
  const Slalom solved = closed_form(sum, 3).model;
  EXPECT_TRUE(at::isfinite(solved.importance).all().item<bool>());
}

}  // namespace closed_form_test
}  // namespace assay::interp::attribution::slalom
