#include "axioms/claim.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/interp/scratch.h"

namespace assay::axioms {
namespace claim_test {

using interp::message_of;
using testing::ElementsAre;

std::string refusal(const std::string& text) {
  return message_of([&] { parse_claim(text); });
}

TEST(Claim, IsReadFromText) {
  const Claim claim = parse_claim("parse.PE<=0.001");
  EXPECT_EQ(claim.node, "parse");
  EXPECT_EQ(claim.axiom, Axiom::PE);
  EXPECT_EQ(claim.epsilon, 0.001);
  EXPECT_EQ(parse_claim("x.CE<=1e-3").epsilon, 1e-3);
  EXPECT_EQ(parse_claim("x.PR<=0").axiom, Axiom::PR);
  EXPECT_EQ(parse_claim("x.CR<=1").epsilon, 1);
}

TEST(Claim, NodesMayHaveDotsAndBlanksAreFree) {
  EXPECT_EQ(parse_claim("block.1.parse.CE<=0.5").node, "block.1.parse");
  for (const char* text : {" parse . CR  <=  0.25 ", "parse.CR <=0.25", "parse .CR<= 0.25"}) {
    const Claim claim = parse_claim(text);
    EXPECT_EQ(claim.node, "parse") << text;
    EXPECT_EQ(claim.axiom, Axiom::CR) << text;
    EXPECT_EQ(claim.epsilon, 0.25) << text;
  }
  EXPECT_EQ(parse_claim("two words.PE<=0").node, "two words");
}

TEST(Claim, MayNameAnAnswerOfTheNetwork) {
  for (const char* text : {"a.b.PR[UNSAT]<=0.25", " a.b . PR [ UNSAT ] <= 0.25"}) {
    const Claim claim = parse_claim(text);
    EXPECT_EQ(claim.node, "a.b") << text;
    EXPECT_EQ(claim.axiom, Axiom::PR) << text;
    EXPECT_EQ(claim.answer, "UNSAT") << text;
    EXPECT_EQ(claim.epsilon, 0.25) << text;
  }
  EXPECT_EQ(parse_claim("x.PE[3.5]<=0").answer, "3.5");
  EXPECT_EQ(parse_claim("x.PE[3.5]<=0").row(), "x.PE[3.5]");
  EXPECT_EQ(refusal("x.PE[]<=0.1"),
            "claim 'x.PE[]<=0.1': expected an answer of the network in the brackets");
}

TEST(Claim, WhatIsNoClaimIsRefused) {
  for (const std::string text : {"", "parse.PE", "parse.PE<0.1", "PE<=0.1", ".PE<=0.1", "<=0.1"})
    EXPECT_EQ(refusal(text),
              "claim '" + text + "': expected NODE.AXIOM<=RATE, such as parse.PE<=0.001");
  EXPECT_EQ(refusal("parse.pe<=0.1"),
            "claim 'parse.pe<=0.1': unknown axiom 'pe'; there are PE, CE, PR, CR, II, IA, UM");
  EXPECT_EQ(refusal("parse.<=0.1"),
            "claim 'parse.<=0.1': unknown axiom ''; there are PE, CE, PR, CR, II, IA, UM");
  for (const std::string rate : {"", "1.5", "-0.1", "nan", "inf", "5%", "0.1 0.2", "<=0.1"})
    EXPECT_EQ(
        refusal("parse.PE<=" + rate),
        "claim 'parse.PE<=" + rate + "': expected a rate between 0 and 1, got '" + rate + "'");
  EXPECT_THROW(parse_claim("parse"), std::invalid_argument);
}

TEST(Claim, NamesAreThoseOfThePaper) {
  EXPECT_EQ(
      to_string(Axiom::PE) + to_string(Axiom::CE) + to_string(Axiom::PR) + to_string(Axiom::CR),
      "PECEPRCR");
  EXPECT_EQ(to_string(Verdict::Holds), "holds");
  EXPECT_EQ(to_string(Verdict::Violated), "violated");
  EXPECT_EQ(to_string(Verdict::Undecided), "undecided");
}

Claim at_most(double epsilon) {
  return {.node = "n", .axiom = Axiom::PE, .epsilon = epsilon};
}

Verdict judge_one(double epsilon, const statistics::Estimate& estimate, bool exact = false) {
  return judge({at_most(epsilon)}, {estimate}, 0.95, exact).at(0);
}

TEST(Claim, TheVerdictComparesTheBoundsWithTheRateClaimed) {
  for (const int64_t failures : {0, 1, 4, 17, 100})
    for (const double epsilon : {0.0, 0.001, 0.01, 0.03, 0.1, 0.5}) {
      const statistics::Estimate estimate{1000, failures};
      Verdict expected = Verdict::Undecided;
      if (statistics::upper_bound(estimate, 0.95) <= epsilon) expected = Verdict::Holds;
      if (statistics::lower_bound(estimate, 0.95) > epsilon) expected = Verdict::Violated;
      EXPECT_EQ(judge_one(epsilon, estimate), expected) << failures << " " << epsilon;
    }
}

TEST(Claim, VerdictsByHand) {
  // Without a failure in n inputs the bound is 1 - 0.05^(1/n): 0.00299 for 1,000, so 0.003 holds.
  EXPECT_EQ(judge_one(0.003, {1000, 0}), Verdict::Holds);
  EXPECT_EQ(judge_one(0.002, {1000, 0}), Verdict::Undecided);
  EXPECT_EQ(judge_one(0, {1'000'000, 0}), Verdict::Undecided);  // no sample proves a rate of zero
  EXPECT_EQ(judge_one(0, {1'000'000, 1}), Verdict::Violated);   // one failure refutes it
  EXPECT_EQ(judge_one(1, {10, 10}), Verdict::Holds);            // as any rate is
  EXPECT_EQ(judge_one(0.1, {0, 0}), Verdict::Undecided);
}

TEST(Claim, WhereEveryInputWasCountedTheRateItselfDecides) {
  EXPECT_EQ(judge_one(0, {10, 0}, true), Verdict::Holds);
  EXPECT_EQ(judge_one(0.3, {10, 3}, true), Verdict::Holds);
  EXPECT_EQ(judge_one(0.29, {10, 3}, true), Verdict::Violated);
}

TEST(Claim, SeveralClaimsAreJudgedTogether) {
  // P(no failure in 59 | 0.05) = 0.95^59 = 0.0485 <= 0.05: alone it holds, beside a second
  // claim that cannot be decided its adjusted p-value is 0.097.
  EXPECT_EQ(judge_one(0.05, {59, 0}), Verdict::Holds);
  EXPECT_THAT(judge({at_most(0.05), at_most(0.5)}, {{59, 0}, {10, 5}}, 0.95),
              ElementsAre(Verdict::Undecided, Verdict::Undecided));
  // Beside one that clearly holds, Holm's second step tests at the full 5 % again.
  EXPECT_THAT(judge({at_most(0.05), at_most(0.5)}, {{59, 0}, {1000, 0}}, 0.95),
              ElementsAre(Verdict::Holds, Verdict::Holds));
  // P(at least 1 of 1 | 0.04) = 0.04: violated alone, undecided beside another.
  EXPECT_EQ(judge_one(0.04, {1, 1}), Verdict::Violated);
  EXPECT_THAT(judge({at_most(0.04), at_most(0.5)}, {{1, 1}, {10, 5}}, 0.95),
              ElementsAre(Verdict::Undecided, Verdict::Undecided));
  EXPECT_THAT(judge({at_most(0.04), at_most(0.5)}, {{1, 1}, {1000, 0}}, 0.95),
              ElementsAre(Verdict::Undecided, Verdict::Holds));
  EXPECT_TRUE(judge({}, {}, 0.95).empty());
}

}  // namespace claim_test
}  // namespace assay::axioms
