#include "tools/accuracy.h"

#include <gtest/gtest.h>

namespace assay::tools {
namespace accuracy_test {

using nlohmann::ordered_json;

struct Measured {
  std::optional<Accuracy> accuracy;
};
template <class V>
void fields(V& v, Measured& measured) {
  accuracy_fields(v, "accuracy", measured.accuracy);
}

TEST(AccuracyTest, IntervalsAreThoseOfClopperAndPearson) {
  const Accuracy draws{.share = 0.75, .inputs = 20, .of = "draws", .draws = true};
  const ordered_json json = interp::write_record(Measured{draws});
  EXPECT_EQ(json["accuracy_of"], "draws");
  // Where P(at least 15 of 20) and P(at most 15 of 20), summed exactly, are 0.025.
  EXPECT_NEAR(json["accuracy_interval"][0], 0.5089541, 1e-6);
  EXPECT_NEAR(json["accuracy_interval"][1], 0.9134285, 1e-6);
  EXPECT_EQ(accuracy_in_words(draws, 1), "75.0% [50.9%, 91.3%] of 20");
  // All right: the lower end is 0.025^(1/n).
  const Accuracy all{.share = 1, .inputs = 4096, .of = "draws", .draws = true};
  EXPECT_EQ(accuracy_in_words(all, 2), "100.00% [99.91%, 100.00%] of 4,096");
}

TEST(AccuracyTest, AListOfInputsHasTheAccuracyThatItHas) {
  const Accuracy list{.share = 0.5, .inputs = 24, .of = "all"};
  EXPECT_FALSE(interp::write_record(Measured{list}).contains("accuracy_interval"));
  EXPECT_EQ(accuracy_in_words(list, 4), "50.0000% of 24");
}

TEST(AccuracyTest, OfAnEditedFileTheIntervalIsComputedAnew) {
  ordered_json json = interp::write_record(
      Measured{Accuracy{.share = 0.75, .inputs = 20, .of = "d", .draws = true}});
  const ordered_json written = json;
  json["accuracy_interval"] = {0.74, 0.76};
  EXPECT_EQ(interp::write_record(interp::read_record<Measured>(json, "m.json")), written);
  EXPECT_FALSE(interp::read_record<Measured>(ordered_json::object(), "m.json").accuracy);
  json["accuracy"] = 75;
  EXPECT_THROW(interp::read_record<Measured>(json, "m.json"), std::runtime_error);
}

}  // namespace accuracy_test
}  // namespace assay::tools
