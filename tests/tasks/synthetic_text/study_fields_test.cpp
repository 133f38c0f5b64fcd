#include "tasks/synthetic_text/study_fields.h"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

namespace assay::tasks::synthetic_text {
namespace study_fields_test {

/// Where this fails, the lines that it prints belong into the documentation.
TEST(StudyFields, AreDescribedInTheDocumentation) {
  std::ostringstream text;
  text << std::ifstream(ASSAY_SOURCE "/docs/formats.md").rdbuf();
  EXPECT_THAT(text.str(), testing::HasSubstr(interp::description_of<Study>()));
}

TEST(StudyFields, AreReadAsTheyWereWritten) {
  const Study study{.variance = 2,
                    .truth_rmse = 0.5,
                    .surrogates = {{"slalom", 0.1}, {"constant", 3}},
                    .repeated = {.word = "perfect", .log_odds = {{1, 0.5, 0.25}}},
                    .recovery = Recovery{.rmse_value = 1}};
  const std::string text = to_json(study).dump();
  const auto read = interp::read_record<Study>(nlohmann::ordered_json::parse(text), "s.json");
  EXPECT_EQ(to_json(read).dump(), text);
  EXPECT_EQ(read.surrogates[0].surrogate, "slalom");
}

}  // namespace study_fields_test
}  // namespace assay::tasks::synthetic_text
