#include "tasks/page/forest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace assay::tasks::page {
namespace forest_test {

using testing::HasSubstr;

TEST(Axis, HoldsAllValuesAndHasRoundTicks) {
  for (const std::vector<double>& values : {std::vector<double>{0.13, 0.98},
                                            {-403.9, 218.4},
                                            {-1e-7, 3e-7},
                                            {5},
                                            {0},
                                            {-2, -2},
                                            {0.001, 900},
                                            {1e-9, 1e9}}) {
    const Axis axis = axis_of(values);
    ASSERT_GE(axis.ticks.size(), 2u);
    ASSERT_LE(axis.ticks.size(), 6u);
    for (const double value : values) {
      EXPECT_LE(axis.low, value);
      EXPECT_GE(axis.high, value);
      EXPECT_GE(axis.place_of(value), 0);
      EXPECT_LE(axis.place_of(value), 1);
    }
    EXPECT_NEAR(axis.place_of(axis.ticks.front()), 0, 1e-9);
    EXPECT_LE(axis.place_of(axis.ticks.back()), 1);
  }
}

TEST(Axis, LeavesOutNamesOfTicksThatWouldTouch) {
  const std::string html =
      forest({.says = "s",
              .lines = {},
              .axis = {.low = -400, .high = 400, .ticks = {-400, -200, 0, 200, 400}}})
          .markup();
  for (const char* shown : {">−400<", ">0<", ">400<"}) EXPECT_THAT(html, HasSubstr(shown));
  EXPECT_THAT(html, testing::Not(HasSubstr(">−200<")));
}

TEST(Axis, IsLogarithmicWherePositiveValuesDifferByPowersOfTen) {
  const Axis axis = axis_of({0.001, 1000});
  EXPECT_TRUE(axis.logarithmic);
  EXPECT_NEAR(axis.place_of(1), 0.5, 1e-12);
  EXPECT_EQ(axis.place_of(0), 0);
  EXPECT_FALSE(axis_of({0, 1000}).logarithmic);
}

TEST(Axis, LeavesOutWhatIsNoNumberAndCutsWhatLiesBeyond) {
  const Axis axis = axis_of({NAN, INFINITY, 1, 2});
  EXPECT_EQ(axis.place_of(-INFINITY), 0);
  EXPECT_EQ(axis.place_of(INFINITY), 1);
  EXPECT_EQ(axis.place_of(NAN), 0);
  EXPECT_EQ(axis_of({NAN}).ticks.size(), 2u);
}

// Reports may hold anything: such axes show little, but end.
TEST(Axis, OfNumbersBeyondAllScalesIsStillOne) {
  for (const std::vector<double>& values : {std::vector<double>{5e-324},
                                            {5e-324, 1e300},
                                            {-1e300, 1e300},
                                            {-1e308, 1e308},
                                            {0, 5e-324}})
    for (const double value : values) {
      const double place = axis_of(values).place_of(value);
      EXPECT_TRUE(place >= 0 && place <= 1);
    }
}

TEST(Forest, PlacesDotsAndIntervalsAndLeavesTextsTexts) {
  const std::string html = forest({.says = "<b>",
                                   .lines = {{.name = "a & b",
                                              .value = "0.50",
                                              .at = 0.5,
                                              .span = Bar::Interval{0.25, 9},
                                              .hollow = true,
                                              .tone = "int"},
                                             {.name = "none", .value = "–"}},
                                   .axis = {.low = 0, .high = 1, .ticks = {0, 1}},
                                   .band = Bar::Interval{0, 0.5}})
                               .markup();
  EXPECT_THAT(html, HasSubstr("class=\"point hollow int\" cx=\"50.00%\""));
  EXPECT_THAT(html, HasSubstr("x1=\"26.00%\" x2=\"98.00%\""));  // what lies beyond the axis is cut
  EXPECT_THAT(html, HasSubstr("a &amp; b"));
  EXPECT_THAT(html, HasSubstr("&lt;b&gt;"));
  EXPECT_EQ(html.find("<circle"), html.rfind("<circle"));  // a line without a figure has no dot
}

}  // namespace forest_test
}  // namespace assay::tasks::page
