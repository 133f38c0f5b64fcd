// Runs that end when their claims are decided: where they end depends on the inputs alone.

#include "axioms/looks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "axioms/merge.h"
#include "interp/statistics/random.h"
#include "interp/statistics/sequential.h"
#include "tests/axioms/or_network.h"
#include "tests/interp/scratch.h"
#include "tests/interp/with_threads.h"

namespace assay::axioms {
namespace looks_test {

using interp::message_of;
using interp::Ranges;
using nlohmann::ordered_json;
using testing::HasSubstr;

constexpr int64_t kLimit = 20'000, kChunk = 128;

/// Independent draws: the two words of input i are random functions of i.
Tensor drawn(int64_t first, int64_t count) {
  const Tensor tokens = at::full({count, 3}, 5, at::kLong);
  for (int64_t i = 0; i < count; ++i)
    for (int64_t word = 0; word < 2; ++word)
      tokens[i][word] = static_cast<int64_t>(
          kWords * statistics::uniform_at(7, static_cast<uint64_t>(first + i), word));
  return tokens;
}

/// One run about the network, in which `some` overlooks the token 3: it fails on 7 of 25 inputs.
struct OrRun {
  std::vector<Claim> claims = {{"words", Axiom::PE, 0.001}, {"some", Axiom::PE, 0.2}};
  Interpretation interpretation = [] {
    Interpretation broken = or_interpretation();
    node(broken, "some").h.parameters["yes"] = {1};
    return broken;
  }();

  Report run(const Ranges& ranges, const Report* begun = nullptr,
             const std::atomic<bool>* stop = nullptr,
             std::function<void(int64_t, int64_t)> progress = {}, interp::Shard shard = {}) const {
    const Experiment experiment{
        or_network(),
        circuits::compile(interpretation, operations(), interp::describe(or_config())),
        or_decision()};
    Looks looks(claims, 0.95, begun);
    const bool looking = shard.is_whole();
    CheckConfig config{.inputs = kLimit, .ranges = ranges, .on_progress = progress, .stop = stop};
    if (looking) config.enough = [&](const CheckResult& so_far) { return looks.look(so_far); };
    const CheckResult result = check(experiment, drawn, config);
    Report report = make_report(interpretation, result, claims, 0.95, or_network(), 2);
    report.sequential = {.limit = kLimit};
    report.part = {.shard = shard,
                   .inputs = kLimit,
                   .chunk = kChunk,
                   .counted = result.counted,
                   .output = "answer",
                   .readings = result.readings};
    report.task = {{"name", "or"}, {"settings", nlohmann::json::object()}};
    report.facts.data = nlohmann::json::object();
    report.facts.seeds = nlohmann::json::object();
    conclude(report);
    if (begun) add_counts(report, *begun);
    if (looking) looks.note(report);
    complete(report);
    return report;
  }
  Report whole() const { return run({{0, kLimit}}); }
};

const ReportRow& row(const Report& report, const std::string& node, Axiom axiom) {
  return *std::ranges::find_if(
      report.rows, [&](const ReportRow& row) { return row.node == node && row.axiom == axiom; });
}

TEST(LooksTest, ARunEndsWhereItsLastClaimIsDecided) {
  const Report report = OrRun().whole();
  const ReportRow &holds = row(report, "words", Axiom::PE),
                  &violated = row(report, "some", Axiom::PE);
  ASSERT_TRUE(holds.decided_at && violated.decided_at);
  EXPECT_EQ(holds.verdict, Verdict::Holds);
  EXPECT_EQ(violated.verdict, Verdict::Violated);
  EXPECT_EQ(report.inputs, std::max(holds.decided_at->n, violated.decided_at->n));
  EXPECT_TRUE(report.sequential->stopped);
  EXPECT_FALSE(report.partial);
  // Two claims share the error. Without a failure 1/0.025 is reached at a known place.
  int64_t n = kChunk;
  while (statistics::log_evidence_against_at_least({n, 0}, 0.001) < std::log(1 / 0.025))
    n += kChunk;
  EXPECT_EQ(holds.decided_at, (statistics::Estimate{n, 0}));
  EXPECT_NEAR(report.sequential->level, 0.025, 1e-12);
  EXPECT_THAT(verdict_sentence(report), HasSubstr("because all claims were decided"));
}

TEST(LooksTest, WhereItEndsDoesNotDependOnThreads) {
  std::string one;
  for (const int threads : {1, 2, 4}) {
    const interp::WithThreads with_threads(threads);
    const std::string report = to_json(OrRun().whole()).dump();
    if (one.empty()) one = report;
    EXPECT_EQ(report, one) << threads;
  }
}

TEST(LooksTest, AnInterruptedRunEndsWhereItWouldHave) {
  OrRun run;
  run.claims.push_back({"some", Axiom::PE, 0.3, "yes", 1});  // 7 of 16
  const std::string whole = to_json(run.whole()).dump();
  for (const int64_t until : {1, 128, 200, 1000, 4000}) {
    std::atomic<bool> stop = false;
    Report begun = run.run({{0, kLimit}}, nullptr, &stop,
                           [&](int64_t done, int64_t) { stop = done >= until; });
    begun = report_from_json(to_json(begun), "begun");
    require_part({"begun", begun});
    ASSERT_TRUE(begun.partial) << until;
    const Report rest = run.run(rest_of({0, kLimit}, begun.part->counted), &begun);
    EXPECT_EQ(to_json(rest).dump(), whole) << until;
  }
}

// A claim that was decided stays decided while others are looked at, though its evidence shrinks.
TEST(LooksTest, WhatIsDecidedStaysDecided) {
  const Claim claim{"words", Axiom::PE, 0.3};
  Looks looks({claim, {"some", Axiom::PE, 0}}, 0.95);
  CheckResult result;
  result.nodes = {{.node = "words", .axioms = {}}, {.node = "some", .axioms = {}}};
  result.nodes[0][Axiom::PE].unrelated = {32, 32};  // by chance it would always fail
  result.nodes[0][Axiom::PE].estimate = {128, 10};
  result.nodes[1][Axiom::PE].estimate = {128, 0};
  EXPECT_FALSE(looks.look(result));
  result.nodes[0][Axiom::PE].estimate = {256, 74};
  result.nodes[1][Axiom::PE].estimate = {256, 1};
  EXPECT_FALSE(decided(claim, {256, 74}, level_of_each(2, 0.95)));
  EXPECT_TRUE(looks.look(result));
}

// Shards know nothing of each other: all their inputs are counted, and merging looks once.
TEST(LooksTest, ShardsAreDecidedWhenTheyAreMerged) {
  OrRun run;
  run.claims.push_back({"some", Axiom::PE, 0.3, "yes", 1});
  std::vector<NamedReport> parts;
  for (int64_t index = 1; index <= 3; ++index) {
    const interp::Shard shard{index, 3};
    const Report part = run.run({range_of(shard, kLimit, kChunk)}, nullptr, nullptr, {}, shard);
    EXPECT_FALSE(row(part, "some", Axiom::PE).verdict);
    EXPECT_FALSE(row(part, "some", Axiom::PE).decided_at);
    parts.push_back({"part", report_from_json(to_json(part), "part")});
  }
  const Report merged = merge(parts);
  EXPECT_EQ(merged.inputs, kLimit);
  EXPECT_FALSE(merged.sequential->stopped);
  EXPECT_EQ(row(merged, "words", Axiom::PE).verdict, Verdict::Holds);
  EXPECT_EQ(row(merged, "some", Axiom::PE).verdict, Verdict::Violated);
  EXPECT_EQ(row(merged, "some", Axiom::PE).decided_at->n, kLimit);
  const ReportRow& yes = merged.rows.back();
  EXPECT_EQ(yes.name(), "some.PE[yes]");
  EXPECT_EQ(yes.verdict, Verdict::Violated);
  EXPECT_LT(yes.estimate.n, kLimit);
  EXPECT_EQ(yes.estimate.failures, row(merged, "some", Axiom::PE).estimate.failures);
}

TEST(LooksTest, WhatIsUndecidedSaysHowManyInputsWouldDecide) {
  OrRun run;
  run.claims = {{"some", Axiom::PE, 0.28}};  // as often as it fails: never decided, but by chance
  const Report report = run.whole();
  const ReportRow& close = row(report, "some", Axiom::PE);
  EXPECT_EQ(report.inputs, kLimit);
  EXPECT_EQ(close.verdict, Verdict::Undecided);
  EXPECT_EQ(exit_code(report), 3);
  ASSERT_TRUE(close.anytime_upper);
  EXPECT_GT(*close.anytime_upper, close.upper);
  EXPECT_LT(*close.anytime_lower, close.lower);
  run.claims = {{"words", Axiom::PE, 0.0001}};
  const Report far = run.whole();
  EXPECT_NEAR(static_cast<double>(row(far, "words", Axiom::PE).more_inputs.value_or(0)),
              37'870 - kLimit, 100);
}

std::string forged(const std::string& pointer, const ordered_json& value) {
  ordered_json json = to_json(OrRun().whole());
  json[ordered_json::json_pointer(pointer)] = value;
  return message_of([&] { report_from_json(json, "run.json"); });
}

TEST(LooksTest, ALookThatDecidedNothingIsRefused) {
  const std::string nothing = "do not decide its claim";
  EXPECT_THAT(forged("/rows/0/decided_at", {{"n", 128}, {"failures", 0}, {"rate", 0}}),
              HasSubstr("run.json: row words.PE: 0 failures of 128 inputs " + nothing));
  EXPECT_THAT(forged("/rows/0/decided_at", {{"n", 1'000'000}, {"failures", 0}, {"rate", 0}}),
              HasSubstr(nothing));
  EXPECT_THAT(forged("/rows/1/decided_at", {{"n", 128}, {"failures", 0}, {"rate", 0}}),
              HasSubstr(nothing));
  EXPECT_THAT(forged("/scope", "list"), HasSubstr("exact, and need no looks"));
  EXPECT_THAT(forged("/sequential/limit", 10), HasSubstr("more than the limit"));
}

}  // namespace looks_test
}  // namespace assay::axioms
