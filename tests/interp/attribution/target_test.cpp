#include "interp/attribution/target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>

namespace assay::interp::attribution {
namespace target_test {

using at::Tensor;
using testing::HasSubstr;
using testing::ThrowsMessage;

const Tensor kLogits = torch::tensor({{0.0, 1.0, 3.0}, {2.0, 2.0, -1.0}}, torch::kFloat64);

double value(TargetKind kind, int64_t row = 0, int64_t token = 2, int64_t foil = 1) {
  return evaluate({.kind = kind, .token = token, .foil = foil}, kLogits)[row].item<double>();
}

TEST(Target, IsWhatItsNameSays) {
  const double p = std::exp(3.0) / (1 + std::exp(1.0) + std::exp(3.0));
  EXPECT_EQ(value(TargetKind::Logit), 3.0);
  EXPECT_EQ(value(TargetKind::LogitDifference), 2.0);
  EXPECT_NEAR(value(TargetKind::Probability), p, 1e-15);
  EXPECT_NEAR(value(TargetKind::LogProbability), std::log(p), 1e-15);
  EXPECT_NEAR(value(TargetKind::LogOdds), std::log(p / (1 - p)), 1e-14);
}

TEST(Target, RankCountsTokensWithALargerLogit) {
  EXPECT_EQ(value(TargetKind::Rank, 0, 2), 0);
  EXPECT_EQ(value(TargetKind::Rank, 0, 0), 2);
  EXPECT_EQ(value(TargetKind::Rank, 1, 0), 0) << "a tie is no larger logit";
}

TEST(Target, LogOddsStayFiniteWhereTheProbabilityRoundsToOne) {
  const Tensor certain = torch::tensor({{900.0, 0.0, 0.0}}, torch::kFloat64);
  const Target target{.kind = TargetKind::LogOdds, .token = 0};
  EXPECT_NEAR(evaluate(target, certain).item<double>(), 900 - std::log(2.0), 1e-10);
}

TEST(Target, RefusesTokensOutsideTheVocabulary) {
  EXPECT_THROW(value(TargetKind::Logit, 0, 3), std::invalid_argument);
  EXPECT_THROW(value(TargetKind::LogitDifference, 0, 0, -1), std::invalid_argument);
}

int64_t token_of(const std::string& name) {
  return name == "s" ? 13 : 14;
}
std::string name_of(int64_t token) {
  return token == 13 ? "s" : "u";
}

TEST(TargetText, IsReadBackAsWritten) {
  for (const char* text : {"logit:s", "log-odds:u", "probability:s", "log-probability:u",
                           "logit-difference:s:u", "rank:s"})
    EXPECT_EQ(to_string(parse_target(text, token_of), name_of), text);
}

TEST(TargetText, ErrorsSayWhatExistsAndWhatIsMissing) {
  EXPECT_THAT([] { parse_target("odds:s", token_of); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("log-odds, probability")));
  EXPECT_THAT([] { parse_target("logit-difference:s", token_of); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("TOKEN:FOIL")));
}

}  // namespace target_test
}  // namespace assay::interp::attribution
