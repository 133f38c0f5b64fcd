#include "axioms/report_fields.h"

#include "axioms/alignment_fields.h"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

namespace assay::axioms {
namespace report_fields_test {

/// Where this fails, the lines that it prints belong into the documentation.
TEST(ReportFields, AreDescribedInTheDocumentation) {
  std::ostringstream text;
  text << std::ifstream(ASSAY_SOURCE "/docs/formats.md").rdbuf();
  EXPECT_THAT(text.str(), testing::HasSubstr(interp::description_of<Report>()));
  EXPECT_THAT(text.str(), testing::HasSubstr(interp::description_of<Alignment>()));
}

}  // namespace report_fields_test
}  // namespace assay::axioms
