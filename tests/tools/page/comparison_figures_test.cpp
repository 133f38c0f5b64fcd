#include "tools/page/comparison_figures.h"

#include <gtest/gtest.h>

namespace assay::tools::page {
namespace comparison_figures_test {

Json figure(double mean, double low, double high) {
  return {{"mean", mean}, {"interval", {low, high}}, {"inputs", 10}};
}

Json method(const char* name, const Json& measures) {
  return {{"method", name}, {"measures", measures}, {"rows", 5}, {"seconds", 0.1}};
}

/// `good` is above chance, `bad` below, `some` touches its band.
Json summary() {
  return {
      {"methods",
       {method("bad", {{"mus.auroc", figure(0.2, 0.1, 0.3)}}),
        method("some", {{"mus.auroc", figure(0.6, 0.55, 0.7)}, {"removal.error", figure(2, 1, 3)}}),
        method("(ols)", {{"removal.error", figure(0.5, 0.4, 0.6)}}),
        method("good", {{"mus.auroc", figure(0.9, 0.8, 1.0)}})}},
      {"random", {{"mus.auroc", {0.4, 0.6}}, {"pivotal.auroc", {nullptr, nullptr}}}},
      {"leaders", Json::object()}};
}

TEST(ComparisonFigures, TellAboveBelowAndWithinChanceByTheWholeInterval) {
  const ComparisonFigures figures = comparison_figures(summary());
  EXPECT_EQ(figures.methods[0].figures.at("mus.auroc").chance, Chance::Above);
  EXPECT_EQ(figures.methods[1].figures.at("mus.auroc").chance, Chance::Below);
  EXPECT_EQ(figures.methods[2].figures.at("mus.auroc").chance, Chance::Within);
  EXPECT_EQ(figures.methods[2].figures.at("removal.error").chance, Chance::Unknown);
}

TEST(ComparisonFigures, PutWinnersFirstAndWhatIsNoMethodLast) {
  std::vector<std::string> names;
  for (const ComparedMethod& method : comparison_figures(summary()).methods)
    names.push_back(method.name);
  EXPECT_EQ(names, (std::vector<std::string>{"good", "bad", "some", "(ols)"}));
}

TEST(ComparisonFigures, KnowWhatIsDefinedNowhere) {
  const ComparisonFigures figures = comparison_figures(summary());
  EXPECT_EQ(figures.measures_with_chance(true), std::vector<std::string>{"mus.auroc"});
  EXPECT_EQ(figures.measures_with_chance(false), std::vector<std::string>{"removal.error"});
  EXPECT_TRUE(comparison_figures(
                  {{"methods", Json::array()}, {"random", nullptr}, {"leaders", Json::object()}})
                  .methods.empty());
}

TEST(ComparisonFigures, WithoutAnIntervalStandWithoutChance) {
  Json one = summary();
  one["methods"][0]["measures"]["mus.auroc"]["interval"] = nullptr;
  for (const ComparedMethod& method : comparison_figures(one).methods) {
    if (method.name != "bad") continue;
    const Figure& figure = method.figures.at("mus.auroc");
    EXPECT_EQ(figure.mean, 0.2);
    EXPECT_EQ(figure.chance, Chance::Unknown);
    EXPECT_EQ(figure_text(figure.interval), "no interval");
  }
}

TEST(ComparisonFigures, HaveThreeDigits) {
  EXPECT_EQ(figure_text(0.9137), "0.91");
  EXPECT_EQ(figure_text(-22.94), "−22.9");
  EXPECT_EQ(figure_text(151.4), "151");
  EXPECT_EQ(figure_text(2.1e7), "2.1e+07");
  EXPECT_EQ(figure_text(-0.001), "0.00");
}

}  // namespace comparison_figures_test
}  // namespace assay::tools::page
