#include "tools/comparison_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace assay::tools {
namespace comparison_words_test {

using tasks::ComparisonSummary;
using tasks::MethodSummary;
using testing::HasSubstr;
using testing::Not;

/// A method with a mean of `evaluate.spearman` at this interval.
MethodSummary method(const std::string& name, double low, double high) {
  return {.method = name,
          .measures = {{"evaluate.spearman", {(low + high) / 2, {low, high}, 10}},
                       {"evaluate.auroc", {0.5, {0.4, 0.6}, 10}},
                       {"mus.auroc", {0.5, {0.4, 0.6}, 10}}}};
}

ComparisonSummary summary() {
  return {.methods = {method("lime", 0.5, 0.7), method("occlusion", 0.3, 0.6),
                      method("random", 0.9, 1), method("(ols)", 0.9, 1)},
          .leaders = {},
          .random = {{"evaluate.spearman", {-0.1, 0.1}},
                     {"evaluate.auroc", {0.4, 0.6}},
                     {"mus.auroc", {0.4, 0.6}}}};
}

TEST(ComparisonWords, KnowTheMechanismFromWhatMustMatterAndFromMethods) {
  EXPECT_EQ(kind_of_reference("evaluate", summary()), ReferenceKind::Mechanism);
  EXPECT_EQ(kind_of_reference("mus", summary()), ReferenceKind::Known);
  EXPECT_EQ(kind_of_reference("shapley:deletion", summary()), ReferenceKind::Method);
}

// What the network does comes before what must matter, and grades before yes or no.
TEST(ComparisonWords, AskFirstWhatTheNetworkDoes) {
  EXPECT_EQ(headline_measures(summary()), std::vector<std::string>{"evaluate.spearman"});
  ComparisonSummary no_mechanism = summary();
  no_mechanism.random = {{"mus.auroc", {0.4, 0.6}}};
  EXPECT_EQ(headline_measures(no_mechanism), std::vector<std::string>{"mus.auroc"});
  no_mechanism.random.clear();
  EXPECT_EQ(comparison_headline(no_mechanism), "");
}

TEST(ComparisonWords, CountMethodsAloneAndByTheirWholeIntervals) {
  EXPECT_EQ(comparison_headline(summary()),
            "2 of 2 methods agree with what the network does better than scores that know nothing "
            "by one yardstick (evaluate): lime, occlusion.");
  ComparisonSummary worse = summary();
  worse.methods[1] = method("occlusion", 0.05, 0.6);  // touches chance
  EXPECT_THAT(comparison_headline(worse), HasSubstr("1 of 2 methods agrees with"));
  EXPECT_THAT(comparison_headline(worse), HasSubstr("Not told from chance: occlusion."));
  worse.methods[1] = method("occlusion", -0.6, -0.2);
  EXPECT_THAT(comparison_headline(worse), HasSubstr("occlusion is worse than chance on evaluate."));
  EXPECT_THAT(comparison_headline(worse), Not(HasSubstr("Not told from chance")));
  worse.methods[0] = method("lime", -0.1, 0.2);
  EXPECT_THAT(comparison_headline(worse), testing::StartsWith("None of 2 methods agrees with"));
}

// An interval that nothing bounds, or that is not there, is above nothing.
TEST(ComparisonWords, ClaimNothingWithoutAnInterval) {
  ComparisonSummary open = summary();
  open.methods.resize(1);
  open.methods[0].measures["evaluate.spearman"].interval = statistics::kNoInterval;
  EXPECT_THAT(comparison_headline(open), testing::StartsWith("None of 1 method agrees"));
  open.methods[0].measures["evaluate.spearman"].interval = {0.5, INFINITY};
  EXPECT_THAT(comparison_headline(open), testing::StartsWith("None of 1 method agrees"));
}

TEST(ComparisonWords, TellHowFarTheLeaderIsAhead) {
  ComparisonSummary led = summary();
  led.leaders["evaluate.spearman"] = {
      .method = "lime",
      .not_told_apart = {"random"},
      .differences = {{"occlusion", 0.15, {0.05, 0.25}, 10}, {"random", 0.01, {-0.2, 0.3}, 10}}};
  EXPECT_EQ(leader_sentence(led, "evaluate.spearman"),
            "none is best: lime leads, not told apart from random; ahead of occlusion by 0.15 "
            "(0.05 to 0.25)");
  // Where low is better the leader's values lie below.
  led.leaders["removal.error"] = {
      .method = "lime", .not_told_apart = {}, .differences = {{"occlusion", -2, {-3, -1}, 10}}};
  EXPECT_EQ(leader_sentence(led, "removal.error"),
            "best: lime; ahead of occlusion by 2.00 (1.00 to 3.00)");
}

}  // namespace comparison_words_test
}  // namespace assay::tools
