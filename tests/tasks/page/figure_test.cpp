#include "tasks/page/figure.h"

#include <gmock/gmock.h>

#include <cmath>

namespace assay::tasks::page {
namespace figure_test {

using testing::HasSubstr;
using testing::Not;

TEST(Html, EscapesTextsAndAttributesOnce) {
  EXPECT_EQ(Html("a<b>&\"").markup(), "a&lt;b&gt;&amp;&quot;");
  EXPECT_EQ(tag("p", {{"title", "\"><script>"}}, "x < y").markup(),
            "<p title=\"&quot;&gt;&lt;script&gt;\">x &lt; y</p>");
  EXPECT_EQ(tag("p", tag("b", "1")).markup(), "<p><b>1</b></p>");
  EXPECT_EQ(tag("p", {{"class", ""}}, "").markup(), "<p></p>");  // an empty attribute is none
}

TEST(Figure, HoldsItsDataForASpreadsheet) {
  const std::string html =
      figure("rows", "", "body", "caption", {{"a", "b"}, {"1,5", "say \"no\""}}).markup();
  EXPECT_THAT(
      html,
      HasSubstr("data-csv=\"a,b\n&quot;1,5&quot;,&quot;say &quot;&quot;no&quot;&quot;&quot;\n\""));
  for (const char* kind : {"SVG", "PNG", "CSV"})
    EXPECT_THAT(html, HasSubstr(std::string(">") + kind + "<"));
}

TEST(Figure, BarsStayWithinTheirAxis) {
  const std::string html = bars({{.label = "l", .value = "v", .length = 7, .interval = {{-1, 2}}},
                                 {.label = "n", .value = "", .length = std::nan("")}})
                               .markup();
  EXPECT_THAT(html, HasSubstr("width=\"100.00%\""));
  EXPECT_THAT(html, HasSubstr("x1=\"0.00%\" x2=\"100.00%\""));
  EXPECT_THAT(html, Not(HasSubstr("nan")));
}

TEST(Figure, HeatLeavesOutWhatIsNotThere) {
  const std::string html =
      heat({.rows = {"r"}, .columns = {"a", "b", "c"}, .shares = {{1.0, 0.0, std::nan("")}}})
          .markup();
  EXPECT_THAT(html, HasSubstr("d=\"M0 0h1v1h-1z\""));
  EXPECT_THAT(html, Not(HasSubstr("M1 0")));
  EXPECT_THAT(html, Not(HasSubstr("M2 0")));
}

TEST(Figure, CurvesBreakWhereNothingWasMeasured) {
  const Curves drawn{.all = {{.name = "c", .points = {{0, 0}, {0.5, std::nan("")}, {1, 1}}}},
                     .x = {},
                     .y = {},
                     .x_says = {},
                     .y_says = {}};
  EXPECT_THAT(curves(drawn).markup(), HasSubstr("d=\"M0.0000 1.0000h0M1.0000 0.0000h0\""));
  EXPECT_THAT(curves(drawn).markup(), HasSubstr("curve dots"));  // or nobody would see the points
}

TEST(Figure, DecadesLieWhereTheirLogarithmsDo) {
  const auto ticks = decades(0.01, 1);
  ASSERT_EQ(ticks.size(), 3u);
  EXPECT_EQ(ticks[1].text, "0.1");
  EXPECT_NEAR(ticks[1].place, 0.5, 1e-12);
}

}  // namespace figure_test
}  // namespace assay::tasks::page
