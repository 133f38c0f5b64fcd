#include "interp/attribution/slalom/method.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "interp/attribution/slalom/readings.h"
#include "tests/interp/attribution/slalom/oracle.h"
#include "tests/interp/with_threads.h"

namespace assay::interp::attribution::slalom {
namespace method_test {

using at::Tensor;
using testing::HasSubstr;
using testing::ThrowsMessage;

Sequence every_token(int64_t n) {
  Sequence tokens;
  for (int64_t i = 0; i < n; ++i) tokens.push_back(i);
  return tokens;
}

const std::vector<std::string> kPresets = {"short",         "deletion",    "subset",
                                           "deletion-sink", "subset-sink", "closed-form",
                                           "eff",           "eff-paper",   "fidel"};

TEST(Slalom, RecoversAnOracleOfAHundredTokensWithFiveHundredQueries) {
  const Slalom model = random_slalom(100, 3, 1.5, 1);
  const Explanation found = explain("slalom", problem_of(scorer_of(model), every_token(100)));
  EXPECT_EQ(found.method, "slalom:short");
  EXPECT_LE(found.rows, 500);
  EXPECT_LT(rmse(found.readings.at("value"), model.value), 1e-4);
  EXPECT_LT(rmse(found.readings.at("importance"), model.importance), 1e-4);
  EXPECT_TRUE(found.scores.equal(found.readings.at("linearised")));
  EXPECT_LT(rmse(found.scores, model.value * model.importance.exp()), 1e-2);
  EXPECT_EQ(found.diagnostics["pairs_not_between"], 0);
  EXPECT_NEAR(found.diagnostics["r2"].get<double>(), 1, 1e-9);
}

TEST(Slalom, TheClosedFormNeedsFewerQueries) {
  const Slalom model = random_slalom(30, 1, 1, 2);
  const Explanation found =
      explain("slalom:closed-form", problem_of(scorer_of(model), every_token(30)));
  EXPECT_EQ(found.rows, 59);
  EXPECT_LT(rmse(found.readings.at("importance"), model.importance), 1e-5);
}

TEST(Slalom, FeaturesThatAreTheSameTokensShareTheirReadings) {
  const Slalom model = random_slalom(4, 2, 1, 3);
  const Sequence tokens = {2, 0, 2, 3, 2, 0};
  for (const std::string& preset : kPresets) {
    const Explanation found = explain("slalom:" + preset, problem_of(scorer_of(model), tokens));
    ASSERT_EQ(found.scores.size(0), 6) << preset;
    for (const auto& [name, reading] : found.readings) {
      EXPECT_TRUE(reading[0].equal(reading[2])) << preset << " " << name;
      EXPECT_TRUE(reading[1].equal(reading[5])) << preset << " " << name;
    }
    EXPECT_EQ(found.diagnostics["distinct_features"], 3) << preset;
  }
}

// A share of 1/3 for each of three occurrences, not one of a half as if there were two tokens.
TEST(Slalom, RemovalIsTheExactDropWithCounts) {
  const Scorer scorer = scorer_of(random_slalom(4, 2, 1, 3));
  const Sequence tokens = {2, 0, 2, 3, 2, 0};
  for (const std::string preset : {"short", "subset"}) {
    Problem problem = problem_of(scorer, tokens);
    const Explanation found = explain("slalom:" + preset, problem);
    for (size_t i = 0; i < tokens.size(); ++i) {
      Sequence rest = tokens;
      rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
      EXPECT_NEAR(found.readings.at("removal")[static_cast<int64_t>(i)].item<double>(),
                  scorer.score(tokens) - scorer.score(rest), preset == "short" ? 1e-5 : 2e-2)
          << preset << " " << i;
    }
  }
}

TEST(Slalom, ShortAndPlainInputsAreNoSpecialCases) {
  const Scorer constant([](const Tensor& tokens) { return at::full({tokens.size(0)}, 2.0); });
  for (const std::string& preset : kPresets) {
    for (const Sequence& tokens : {Sequence{1}, Sequence{1, 1, 1}, Sequence{0, 1, 2}}) {
      const Explanation flat = explain("slalom:" + preset, problem_of(constant, tokens));
      const Explanation found =
          explain("slalom:" + preset, problem_of(scorer_of(random_slalom(3, 1, 1, 4)), tokens));
      for (const Explanation* each : {&flat, &found})
        for (const auto& [name, reading] : each->readings)
          EXPECT_TRUE(at::isfinite(reading).all().item<bool>()) << preset << " " << name;
      EXPECT_TRUE(flat.diagnostics["r2"].is_null()) << preset;
    }
  }
}

TEST(Slalom, ASinkModelsWhatGoesToNoFeature) {
  // Counts enter linearly, which no plain SLALOM can say.
  const Tensor weight = normal(8, 1, 5);
  const Scorer linear([weight](const Tensor& tokens) { return weight.index({tokens}).sum(1); });
  const Problem problem = problem_of(linear, every_token(8));
  const auto mse = [&](const std::string& preset) {
    return explain("slalom:" + preset, problem).diagnostics["mse"].get<double>();
  };
  EXPECT_LT(mse("subset-sink"), 0.05 * mse("subset"));
  EXPECT_LT(mse("deletion-sink"), mse("deletion"));
}

TEST(Slalom, PairsOutsideTheRangeOfTheirValuesDoNotCarryScoresAway) {
  const Tensor weight = normal(8, 1, 5);
  const Scorer linear([weight](const Tensor& tokens) { return weight.index({tokens}).sum(1); });
  for (const int64_t rows : {12, 40, 500}) {
    Problem problem = problem_of(linear, every_token(8));
    problem.rows = rows;
    for (const std::string& preset : kPresets)
      EXPECT_LT(explain("slalom:" + preset, problem).scores.abs().max().item<double>(), 1e6)
          << preset << " " << rows;
    const Explanation found = explain("slalom:short", problem);
    EXPECT_LT(found.scores.abs().max().item<double>(), 100) << rows;
    EXPECT_EQ(found.diagnostics["importances_at_bound"], 0);
    EXPECT_LE(found.diagnostics["mse"], found.diagnostics["mse_importance_0"]);
    EXPECT_LE(found.diagnostics["mse_importance_0"], found.diagnostics["mse_constant"]);
  }
}

// Values of one sign: every pair scores their sum, beyond both. The product decides nothing alone.
TEST(Slalom, SaysWhatItIsRefutedByAndWhereAFitDidNotEnd) {
  const Tensor weight = normal(8, 1, 5).abs() + 0.1;
  const Scorer sum([weight](const Tensor& tokens) { return weight.index({tokens}).sum(1); });
  const Explanation refuted = explain("slalom:short", problem_of(sum, every_token(8)));
  EXPECT_EQ(refuted.diagnostics["pairs_not_between"], refuted.diagnostics["pairs"]);
  EXPECT_THAT(refuted.caveat, HasSubstr("is refuted: "));
  EXPECT_THAT(refuted.caveat, HasSubstr("outside the range of their two values"));

  const Scorer largest([weight](const Tensor& tokens) { return weight.index({tokens}).amax(1); });
  const Explanation endless = explain("slalom:short", problem_of(largest, every_token(8)));
  EXPECT_GT(endless.diagnostics["importances_at_bound"], 0);
  EXPECT_THAT(endless.caveat, HasSubstr("importances without end"));

  const Explanation exact =
      explain("slalom:short", problem_of(scorer_of(random_slalom(8, 1, 1, 2)), every_token(8)));
  EXPECT_EQ(exact.caveat, "");
}

TEST(Slalom, ExplainsGroupsOfTokensAmidTheirContext) {
  // Clauses `a b ;` of which only the letters are features: `;` is context between them.
  Problem problem = problem_of(scorer_of(random_slalom(6, 1, 1, 6)), {0, 1, 5, 2, 3, 5});
  problem.input.features = {{"first", {0, 1}}, {"second", {3, 4}}};
  EXPECT_EQ(explain("slalom:deletion", problem).scores.size(0), 2);
  EXPECT_THAT([&] { explain("slalom:short", problem); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("cannot be put together anew")));
  problem.input.features = {{"first", {0, 1, 2}}, {"second", {3, 4, 5}}};
  EXPECT_EQ(explain("slalom:short", problem).scores.size(0), 2);
}

TEST(Slalom, DependsOnTheSeedAndNotOnThreads) {
  const Scorer scorer = scorer_of(random_slalom(12, 1, 1, 7));
  for (const std::string preset : {"short", "subset-sink"}) {
    const auto scores = [&](int threads, uint64_t seed) {
      const WithThreads guard(threads);
      Problem problem = problem_of(scorer, every_token(12));
      problem.rows = 20;
      problem.seed = seed;
      return explain("slalom:" + preset, problem).scores;
    };
    EXPECT_TRUE(scores(1, 1).equal(scores(2, 1)));
    EXPECT_FALSE(scores(1, 1).equal(scores(1, 2)));
  }
}

TEST(Slalom, ABudgetBelowTheClosedFormsIsKept) {
  Problem problem = problem_of(scorer_of(random_slalom(50, 1, 1, 8)), every_token(50));
  problem.rows = 60;
  EXPECT_LE(explain("slalom:short", problem).rows, 60);
  problem.rows = 0;
  EXPECT_THROW(explain("slalom:short", problem), std::invalid_argument);
}

TEST(SlalomReadings, LinearisedIsTheSlopeByAnOccurrencesWeightBeforeANeutralBackground) {
  const Slalom model = random_slalom(3, 1, 1, 9);
  // A heavy feature of value 0 is the background; Z is about its weight.
  const Slalom backed{at::cat({model.value, numbers({0})}),
                      at::cat({model.importance, numbers({12})})};
  const double z = std::exp(12.0);
  for (int64_t i = 0; i < 3; ++i)
    EXPECT_NEAR(z * predict(backed, bag_of({i, 3})), linearised(model)[i].item<double>(), 1e-3);
}

}  // namespace method_test
}  // namespace assay::interp::attribution::slalom
