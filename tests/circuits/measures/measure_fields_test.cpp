#include "circuits/measures/measure_fields.h"

#include <gmock/gmock.h>

#include <cmath>
#include <fstream>
#include <sstream>

#include "circuits/measures/certified_stability_fields.h"
#include "circuits/measures/test_fields.h"

namespace assay::circuits {
namespace measure_fields_test {

using nlohmann::ordered_json;

/// Where this fails, the lines that it prints belong into the documentation.
TEST(MeasureFields, AreDescribedInTheDocumentation) {
  std::ostringstream text;
  text << std::ifstream(ASSAY_SOURCE "/docs/formats.md").rdbuf();
  EXPECT_THAT(text.str(), testing::HasSubstr(interp::description_of<Measures>()));
  EXPECT_THAT(text.str(), testing::HasSubstr(interp::description_of<MibScores>()));
  EXPECT_THAT(text.str(), testing::HasSubstr(interp::description_of<Completeness>()));
  EXPECT_THAT(text.str(), testing::HasSubstr(interp::description_of<Minimality>()));
  EXPECT_THAT(text.str(), testing::HasSubstr(interp::description_of<Stability>()));
  EXPECT_THAT(text.str(), testing::HasSubstr(interp::description_of<HypothesisTests>()));
  EXPECT_THAT(text.str(), testing::HasSubstr(interp::description_of<CertifiedStability>()));
}

TEST(MeasureFields, AreReadAsTheyWereWritten) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Measures measures{.inputs = 5,
                          .faithfulness = {.network = 2, .normalised = nan},
                          .agreement = {.hits = 3, .n = 5, .interval = {0.1, 0.9}}};
  const std::string text = to_json(measures).dump();
  const auto read = interp::read_record<Measures>(ordered_json::parse(text), "m.json");
  EXPECT_EQ(to_json(read).dump(), text);
  EXPECT_TRUE(std::isnan(read.faithfulness.normalised));
  EXPECT_FALSE(read.faithfulness.interval.exists());
}

template <typename T>
void expect_read_as_written(const T& value) {
  const std::string text = interp::write_record(value).dump();
  const auto read = interp::read_record<T>(ordered_json::parse(text), "m.json");
  EXPECT_EQ(interp::write_record(read).dump(), text);
}

TEST(MeasureFields, OfTestsAndSetsAreReadAsTheyWereWritten) {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = 1 / 0.0;
  const Finding finding{.claim = "c", .outcome = Outcome::Against, .because = "b"};
  expect_read_as_written(HypothesisTests{});
  expect_read_as_written(HypothesisTests{
      .config = {.alpha = 0.1, .draws = 9, .seed = 3},
      .equivalence = Equivalence{.finding = finding, .wins = 3, .win_rate = {0.1, infinity}},
      .independence = Independence{.finding = finding,
                                   .test = {.statistic = 0.1, .normalised = nan, .p_value = 0.5},
                                   .detectable = 0.25},
      .minimality = MinimalityTest{.finding = finding,
                                   .edges = {{.edge = "m0->logits", .effect = 0.5}},
                                   .random = {0.1, nan},
                                   .correction = Correction::Holm},
      .partial_necessity = AgainstRandom{.finding = finding, .random = {1, 2}},
      .skipped = {"because"}});
  expect_read_as_written(Completeness{
      .scale = 2,
      .sets = {{.edges = {"a", "b"}, .circuit = 1, .network = nan, .is_greedy = true}}});
  expect_read_as_written(Completeness{});  // no set, so that mean and worst are none
  expect_read_as_written(
      Minimality{.scale = 2, .edges = {{.edge = "a", .standard_error = nan, .set_size = 3}}});
  Stability stability;
  stability.config.edges = 3;
  stability.config.threshold = 0.5;
  stability.inputs = 7;
  stability.faithfulness = 0.6;
  stability.spread = statistics::kNoInterval;
  stability.chosen = {{"a", 0.5}};
  expect_read_as_written(stability);
}

// Verdicts and totals of a file that was edited count for nothing.
TEST(MeasureFields, WhatIsSaidOfTestsAndSetsFollowsFromTheirFigures) {
  Stability unstable;
  unstable.config.threshold = 0.9;
  unstable.faithfulness = 0.5;
  ordered_json json = interp::write_record(unstable);
  EXPECT_EQ(json["verdict"], false);
  json["verdict"] = true;
  EXPECT_FALSE(interp::read_record<Stability>(json, "m.json").verdict());
  json = interp::write_record(
      Completeness{.scale = 1, .sets = {{.edges = {"a"}, .circuit = 1, .network = 3}}});
  EXPECT_EQ(json["worst"], 2);
  json["worst"] = json["sets"][0]["incompleteness"] = 0;
  EXPECT_EQ(interp::read_record<Completeness>(json, "m.json").worst(), 2);
  json = interp::write_record(MinimalityTest{.edges = {{.edge = "a"}, {.edge = "b"}}});
  json["not_needed"] = 0;
  EXPECT_EQ(interp::read_record<MinimalityTest>(json, "m.json").not_needed(), 2);
  json["outcome"] = "proved";
  EXPECT_THROW(interp::read_record<MinimalityTest>(json, "m.json"), std::runtime_error);
}

TEST(MeasureFields, WhatFollowsIsComputedAnew) {
  ordered_json json = to_json(Measures{.agreement = {.hits = 3, .n = 5}});
  json["agreement"]["rate"] = 0.99;
  const auto read = interp::read_record<Measures>(json, "m.json");
  EXPECT_EQ(to_json(read)["agreement"]["rate"], 0.6);
  const FaithfulnessCurve curve{.points = {{0.1, 1, 0.5}, {1, 10, 1}}};
  json = to_json(MibScores{.by_score = curve, .by_importance = curve});
  const double cpr = json["cpr"];
  json["cpr"] = json["by_score"]["area"] = 7;
  EXPECT_EQ(interp::read_record<MibScores>(json, "m.json").cpr(), cpr);
}

}  // namespace measure_fields_test
}  // namespace assay::circuits
