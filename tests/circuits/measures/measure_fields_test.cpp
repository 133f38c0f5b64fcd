#include "circuits/measures/measure_fields.h"
#include "circuits/measures/certified_stability_fields.h"

#include <gmock/gmock.h>

#include <cmath>
#include <fstream>
#include <sstream>

namespace assay::circuits {
namespace measure_fields_test {

using nlohmann::ordered_json;

/// Where this fails, the lines that it prints belong into the documentation.
TEST(MeasureFields, AreDescribedInTheDocumentation) {
  std::ostringstream text;
  text << std::ifstream(ASSAY_SOURCE "/docs/formats.md").rdbuf();
  EXPECT_THAT(text.str(), testing::HasSubstr(interp::description_of<Measures>()));
  EXPECT_THAT(text.str(), testing::HasSubstr(interp::description_of<MibScores>()));
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
