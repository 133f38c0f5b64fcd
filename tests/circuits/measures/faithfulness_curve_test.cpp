#include "circuits/measures/faithfulness_curve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>
#include <limits>
#include <random>

#include "circuits/components/circuit.h"
#include "circuits/discovery/discovery.h"
#include "circuits/measures/measures.h"
#include "tests/circuits/known_circuit.h"
#include "tests/circuits/random_experiment.h"

namespace assay::circuits {
namespace faithfulness_curve_test {

using testing::HasSubstr;
using testing::ThrowsMessage;

at::Tensor values(const std::vector<double>& numbers) {
  return at::tensor(numbers, torch::kFloat64);
}

at::Tensor truth(const std::vector<int64_t>& flags) {
  return at::tensor(flags, torch::kInt64).to(torch::kBool);
}

TEST(TrapezoidArea, IsExactForStraightLines) {
  EXPECT_DOUBLE_EQ(trapezoid_area({0, 1, 4}, {1, 3, 9}), 2 + 18);  // y = 1 + 2x
  EXPECT_EQ(trapezoid_area({0.5}, {7}), 0);
  EXPECT_THROW(trapezoid_area({0, 1}, {1}), std::invalid_argument);
}

TEST(Auroc, CountsPairsInTheRightOrder) {
  EXPECT_EQ(auroc(values({3, 2, 1, 0}), truth({1, 1, 0, 0}), true), 1);
  EXPECT_EQ(auroc(values({3, 2, 1, 0}), truth({0, 0, 1, 1}), true), 0);
  EXPECT_EQ(auroc(values({3, 2, 1, 0}), truth({1, 0, 1, 0}), true), 0.75);  // 3 of 4 pairs
}

TEST(Auroc, TiesCountHalf) {
  EXPECT_EQ(auroc(values({5, 5, 5, 5}), truth({1, 0, 1, 0}), true), 0.5);
  // Pairs of true {2, 1} and false {1, 0}: 2>1, 2>0, 1=1, 1>0.
  EXPECT_EQ(auroc(values({2, 1, 1, 0}), truth({1, 1, 0, 0}), true), 3.5 / 4);
}

TEST(Auroc, RanksBySizeIfAskedAndUnscoredEdgesLast) {
  const at::Tensor scores = values({-3, 2, 1});
  EXPECT_EQ(auroc(scores, truth({1, 0, 0}), false), 1);
  EXPECT_EQ(auroc(scores, truth({1, 0, 0}), true), 0);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(auroc(values({nan, -9, 1}), truth({1, 0, 0}), true), 0);
  EXPECT_EQ(auroc(values({nan, nan, 1}), truth({1, 0, 1}), false), 0.75);
}

TEST(Auroc, WithoutBothKindsItIsUndefined) {
  EXPECT_TRUE(std::isnan(auroc(values({1, 2}), truth({1, 1}), true)));
  EXPECT_TRUE(std::isnan(auroc(values({1, 2}), truth({0, 0}), true)));
  EXPECT_THROW(auroc(values({1, 2}), truth({0}), true), std::invalid_argument);
}

TEST(Auroc, IsTheShareOfPairsForRandomScoresWithTies) {
  std::mt19937_64 engine(1);
  for (int repetition = 0; repetition < 20; ++repetition) {
    std::vector<double> scores(30);
    std::vector<int64_t> flags(30);
    for (size_t i = 0; i < 30; ++i) {
      scores[i] = static_cast<double>(engine() % 8);
      flags[i] = i < 2 ? static_cast<int64_t>(i) : static_cast<int64_t>(engine() % 2);
    }
    double ahead = 0, pairs = 0;
    for (size_t i = 0; i < 30; ++i)
      for (size_t j = 0; j < 30; ++j)
        if (flags[i] == 1 && flags[j] == 0) {
          ++pairs;
          ahead += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0;
        }
    EXPECT_NEAR(auroc(values(scores), truth(flags), true), ahead / pairs, 1e-12);
  }
}

// 46 edges: the shares give 0, 0, 0, 0, 0, 2, 4, 9, 23 and 46 of them.
TEST(FaithfulnessCurve, OfTheKnownCircuitRisesWhenItIsComplete) {
  const KnownCircuit known;
  const Evaluation evaluation(known.experiment());
  const EdgeScores scores = score_edges(known.experiment(), {.method = "exact"});
  ASSERT_EQ(known.graph.n_edges(), 46);
  const MibScores mib = mib_scores(evaluation, scores.mean, Selection::TopN);
  const std::vector<int64_t> edges = {0, 0, 0, 0, 0, 2, 4, 9, 23, 46};
  for (size_t i = 0; i < edges.size(); ++i) {
    EXPECT_EQ(mib.by_importance.points[i].edges, edges[i]);
    EXPECT_NEAR(mib.by_importance.points[i].faithfulness, edges[i] < 4 ? 0 : 1, 1e-4);
  }
  // 0 up to 5 %, then up to 1 at 10 %.
  EXPECT_NEAR(mib.cpr(), 0.05 / 2 + 0.9, 1e-4);
  EXPECT_NEAR(mib.cmd(), 0.049 + 0.05 / 2, 1e-4);
}

TEST(FaithfulnessCurve, TakesEdgesAsAskedAndMeasuresThoseCircuits) {
  const RandomExperiment random(true, false, 40);
  const Evaluation evaluation(random.experiment());
  const at::Tensor scores = score_edges(random.experiment(), {.method = "eap"}).mean;
  for (const bool is_signed : {true, false}) {
    for (const Selection selection : {Selection::TopN, Selection::Greedy}) {
      const FaithfulnessCurve curve = faithfulness_curve(evaluation, scores, is_signed, selection);
      ASSERT_EQ(curve.points.size(), 10U);
      for (const CurvePoint& point : curve.points) {
        const at::Tensor kept = selection == Selection::TopN
                                    ? top_n(scores, point.edges, is_signed)
                                    : greedy(random.graph, scores, point.edges, is_signed);
        EXPECT_NEAR(point.faithfulness, measure(evaluation, kept).faithfulness.normalised, 1e-9);
      }
      EXPECT_EQ(curve.points.back().edges, random.graph.n_edges());
      EXPECT_NEAR(curve.points.back().faithfulness, 1, 1e-4);
    }
  }
}

TEST(FaithfulnessCurve, AreasAreOfTheCurveAndOfItsDistanceFromOne) {
  const FaithfulnessCurve curve{.points = {{0, 0, 0}, {0.5, 1, 2}, {1, 2, 1}}};
  EXPECT_DOUBLE_EQ(curve.area(), 0.5 * 1 + 0.5 * 1.5);
  EXPECT_DOUBLE_EQ(curve.area_from_one(), 0.5 * 1 + 0.5 * 0.5);
}

TEST(Selection, HasNames) {
  EXPECT_EQ(parse_selection("greedy"), Selection::Greedy);
  EXPECT_EQ(to_string(Selection::TopN), "top-n");
  EXPECT_THAT([] { parse_selection("best"); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("there are top-n, greedy")));
}

}  // namespace faithfulness_curve_test
}  // namespace assay::circuits
