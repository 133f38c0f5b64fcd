#include "tasks/comparison_fields.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>

#include "tasks/registry.h"
#include "tests/tasks/two_sat/small_model.h"

namespace assay::tasks {
namespace comparison_summary_test {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Comparison by_hand() {
  const auto input = [](double first, double second, int64_t rows) {
    return ComparedInput{
        .tokens = {},
        .methods = {{.method = "a",
                     .scores = {},
                     .measures = {{"x.auroc", first}, {"y.auroc", second}, {"z.auroc", kNaN}},
                     .rows = rows,
                     .seconds = 0.5}},
        .references = {},
        .random = std::vector<Measures>(kRandomDraws, {{"x.auroc", first / 2}})};
  };
  return {.inputs = {input(0.5, 0.2, 10), input(1.0, kNaN, 20), input(0.75, 0.4, 30)}};
}

TEST(Summary, IsTheMeanOverInputsWithTheMeasure) {
  const ComparisonSummary summary = summarise(by_hand());
  ASSERT_EQ(summary.methods.size(), 1U);
  const MethodSummary& a = summary.methods[0];
  EXPECT_DOUBLE_EQ(a.measures.at("x.auroc").mean, 0.75);
  EXPECT_EQ(a.measures.at("x.auroc").inputs, 3);
  EXPECT_DOUBLE_EQ(a.measures.at("y.auroc").mean, 0.3);
  EXPECT_EQ(a.measures.at("y.auroc").inputs, 2);
  EXPECT_FALSE(a.measures.contains("z.auroc"));  // defined nowhere
  EXPECT_DOUBLE_EQ(a.rows, 20);
  EXPECT_DOUBLE_EQ(a.seconds, 0.5);
  EXPECT_LT(a.measures.at("x.auroc").interval.low, 0.5);  // three values say little
  EXPECT_GT(a.measures.at("x.auroc").interval.high, 1.0);
  // All draws of the null have one mean, so its band has no width.
  EXPECT_DOUBLE_EQ(summary.random.at("x.auroc").low, 0.375);
  EXPECT_DOUBLE_EQ(summary.random.at("x.auroc").high, 0.375);
}

/// Inputs on which the methods `a`, `b`, … have these values of one measure; scores that know
/// nothing have `chance` on every one.
Comparison values_of(const std::string& measure, const std::vector<std::vector<double>>& inputs,
                     double chance) {
  Comparison comparison;
  for (const std::vector<double>& values : inputs) {
    ComparedInput input{.tokens = {}, .methods = {}, .references = {}, .random = {}};
    for (size_t i = 0; i < values.size(); ++i)
      input.methods.push_back({.method = std::string(1, static_cast<char>('a' + i)),
                               .scores = {},
                               .measures = {{measure, values[i]}}});
    input.random = std::vector<Measures>(kRandomDraws, {{measure, chance}});
    comparison.inputs.push_back(input);
  }
  return comparison;
}

Leader leader_of(const Comparison& comparison, const std::string& measure) {
  return summarise(comparison).leaders.at(measure);
}

// The intervals of a and b overlap nearly wholly, for inputs differ far more than the methods do:
// b is behind on every single input all the same.
TEST(Leader, IsBestByDifferencesInputByInputNotByWhetherIntervalsOverlap) {
  std::vector<std::vector<double>> inputs;
  for (int i = 0; i < 40; ++i) {
    const double level = 0.5 + 0.4 * std::sin(i);
    inputs.push_back({level + 0.02 + 0.005 * (i % 3), level});
  }
  const Comparison comparison = values_of("x.auroc", inputs, 0.1);
  const ComparisonSummary summary = summarise(comparison);
  EXPECT_LT(summary.methods[0].measures.at("x.auroc").interval.low,
            summary.methods[1].measures.at("x.auroc").interval.high);
  EXPECT_EQ(in_words(summary.leaders.at("x.auroc")), "best: a");
}

// All but the third input favour a, by 0.2 on average over the four.
TEST(Leader, TellsHowFarItIsAheadInputByInput) {
  const Leader leader = leader_of(
      values_of("x.auroc", {{0.9, 0.6, 0.5}, {0.8, 0.6, 0.5}, {0.7, 0.8, 0.5}, {0.8, 0.4, 0.5}}, 0),
      "x.auroc");
  ASSERT_EQ(leader.differences.size(), 2u);
  const PairedDifference& from_b = leader.differences[0];
  EXPECT_EQ(from_b.method, "b");
  EXPECT_NEAR(from_b.mean, 0.2, 1e-12);
  EXPECT_EQ(from_b.inputs, 4);
  EXPECT_LT(from_b.interval.low, from_b.mean);
  EXPECT_GT(from_b.interval.high, from_b.mean);
  EXPECT_EQ(from_b.tells_apart(), std::ranges::count(leader.not_told_apart, "b") == 0);
  // Both intervals hold together, so that each is wider than the one of two methods alone.
  const Leader of_two = leader_of(
      values_of("x.auroc", {{0.9, 0.6}, {0.8, 0.6}, {0.7, 0.8}, {0.8, 0.4}}, 0), "x.auroc");
  EXPECT_GT(from_b.interval.high - from_b.interval.low,
            of_two.differences[0].interval.high - of_two.differences[0].interval.low);
}

TEST(Leader, IsNotBestWhereDifferencesMayBeChance) {
  std::vector<std::vector<double>> inputs;
  for (int i = 0; i < 40; ++i)
    inputs.push_back({0.9 + 0.1 * (i % 2), 0.9 + 0.1 * ((i / 2) % 2) - (i == 0 ? 0.01 : 0), 0.5});
  const Leader leader = leader_of(values_of("x.auroc", inputs, 0.1), "x.auroc");
  EXPECT_FALSE(leader.is_best());
  EXPECT_EQ(in_words(leader), "none is best: a leads, not told apart from b");
}

TEST(Leader, IsNotBestWhereItDoesNotBeatChance) {
  std::vector<std::vector<double>> inputs;
  for (int i = 0; i < 40; ++i) inputs.push_back({0.5 + 0.1 * (i % 3), 0.3 + 0.11 * (i % 3)});
  const Leader leader = leader_of(values_of("x.auroc", inputs, 0.6), "x.auroc");
  EXPECT_EQ(in_words(leader), "none is best: a leads, not shown to be above chance");
}

TEST(Leader, HasTheLowestValuesWhereLowIsBetter) {
  std::vector<std::vector<double>> inputs;
  for (int i = 0; i < 20; ++i) inputs.push_back({2.0 + 0.1 * (i % 3), 1.0 + 0.1 * (i % 2)});
  Comparison comparison = values_of("removal.error", inputs, 0);
  for (ComparedInput& input : comparison.inputs) input.random.assign(kRandomDraws, {});
  EXPECT_EQ(leader_of(comparison, "removal.error").method, "b");
  EXPECT_TRUE(leader_of(comparison, "removal.error").is_best());
}

TEST(Leader, OfOneInputOrOneMethodThereIsNoBest) {
  EXPECT_EQ(leader_of(values_of("x.auroc", {{0.9, 0.1}}, 0), "x.auroc").not_told_apart,
            std::vector<std::string>{"b"});
  EXPECT_TRUE(summarise(values_of("x.auroc", {{0.9}, {0.8}}, 0)).leaders.empty());
}

TEST(Leader, IsNoBaselineAndNotWhatScoresAreHeldAgainst) {
  Comparison comparison = values_of("b.spearman", {{0.5, 1, 0.2}, {0.6, 1, 0.3}, {0.7, 1, 0.1}}, 0);
  for (ComparedInput& input : comparison.inputs) input.methods[2].method = "(evaluate)";
  EXPECT_TRUE(summarise(comparison).leaders.empty());  // a alone is left
}

TEST(Summary, AsJsonIsReadBackAndDescribed) {
  const std::string text = to_json(summarise(by_hand())).dump();
  const auto read =
      interp::read_record<ComparisonSummary>(nlohmann::ordered_json::parse(text), "s");
  EXPECT_EQ(to_json(read).dump(), text);
  std::ostringstream documentation;
  documentation << std::ifstream(ASSAY_SOURCE "/docs/formats.md").rdbuf();
  EXPECT_THAT(documentation.str(), testing::HasSubstr(interp::description_of<ComparisonSummary>()));
}

TEST(Leader, AsJsonIsReadBack) {
  const Leader leader{.method = "a",
                      .not_told_apart = {"b"},
                      .differences = {{"b", 0.25, {-0.5, 1}, 3}},
                      .above_chance = false};
  const nlohmann::ordered_json json = interp::write_record(leader);
  EXPECT_EQ(json["best"], false);
  EXPECT_EQ(in_words(interp::read_record<Leader>(json, "leader")), in_words(leader));
  EXPECT_EQ(interp::write_record(interp::read_record<Leader>(json, "leader")), json);
  EXPECT_EQ(to_json(summarise(by_hand()))["leaders"].size(), 0U);
}

TEST(Summary, OfScoresThatKnowNothingLiesInTheBandOfChance) {
  const auto task = make_task("two-sat", {{"variables", 3}, {"clauses", 6}});
  interp::TransformerConfig config = two_sat::small_config();
  config.n_ctx = task->n_ctx();
  const auto model = two_sat::small_model(1, config);
  const auto replacer = task->replacer(task->replacer_names().front());
  const Comparison comparison = compare(*task, *model, nullptr,
                                        {.methods = {"random"},
                                         .features = "clause",
                                         .removal = "replacement",
                                         .replacer = replacer.get(),
                                         .inputs = 60});
  const ComparisonSummary summary = summarise(comparison);
  int measures = 0;
  for (const auto& [name, band] : summary.random) {
    const MeanMeasure& measure = summary.methods[0].measures.at(name);
    EXPECT_LT(measure.interval.low, band.high) << name;
    EXPECT_GT(measure.interval.high, band.low) << name;
    if (name.ends_with(".auroc")) {
      EXPECT_LT(band.low, 0.5) << name;
      EXPECT_GT(band.high, 0.5) << name;
    }
    ++measures;
  }
  EXPECT_GE(measures, 4);
}

TEST(Summary, OfNothingIsEmpty) {
  EXPECT_TRUE(summarise({}).methods.empty());
}

TEST(Summary, CountsFailuresAndCaveatsAndLeavesFailuresOutOfAverages) {
  Comparison comparison = by_hand();
  comparison.inputs[1].methods[0] = {
      .method = "a", .scores = {}, .measures = {}, .failure = "no luck"};
  comparison.inputs[0].methods[0].caveat = "not converged";
  comparison.inputs[2].methods[0].caveat = "neither";
  const ComparisonSummary summary = summarise(comparison);
  const MethodSummary& a = summary.methods[0];
  EXPECT_EQ(a.failures.inputs, 1);
  EXPECT_EQ(a.caveats.inputs, 2);
  EXPECT_EQ(a.caveats.first, "not converged");
  EXPECT_DOUBLE_EQ(a.rows, 20);  // of 10 and 30
  EXPECT_DOUBLE_EQ(a.seconds, 0.5);
  EXPECT_EQ(a.measures.at("x.auroc").inputs, 2);
  const nlohmann::ordered_json json = to_json(summary)["methods"][0];
  EXPECT_EQ(json["failures"]["inputs"], 1);
  EXPECT_EQ(json["failures"]["first"], "no luck");
}

TEST(Summary, AsJsonHasTheFiguresAndTheBand) {
  const nlohmann::ordered_json json = to_json(summarise(by_hand()));
  EXPECT_EQ(json["methods"][0]["method"], "a");
  EXPECT_EQ(json["methods"][0]["measures"]["y.auroc"]["inputs"], 2);
  EXPECT_EQ(json["random"]["x.auroc"][0], 0.375);
}

}  // namespace comparison_summary_test
}  // namespace assay::tasks
