// Simulated truth through the whole path of a validation: chunks, looks, claims, verdicts, rows
// that say where they fail. The rates are known, so every decision can be called right or wrong.
//
// `some` overlooks the token 3, and so it fails on inputs with a 3 and no 1. Inputs are drawn such
// that this happens at a rate that we choose, and such that nothing else tells those inputs apart.

#include <gtest/gtest.h>
#include <torch/types.h>

#include <map>

#include "axioms/interchange.h"
#include "axioms/looks.h"
#include "axioms/merge.h"
#include "interp/statistics/random.h"
#include "tests/axioms/or_network.h"

namespace assay::axioms {
namespace levels_test {

constexpr int64_t kKinds = 4;
constexpr int64_t kFailing[kKinds][2] = {{3, 0}, {3, 2}, {0, 3}, {2, 3}};
constexpr int64_t kPassing[kKinds][2] = {{0, 0}, {1, 2}, {2, 0}, {4, 1}};  // two of them "yes"

/// Independent draws of which a share fails.
Tensor drawn(uint64_t seed, double rate, int64_t first, int64_t count) {
  const Tensor tokens = at::full({count, 3}, 5, at::kLong);
  int64_t* data = tokens.data_ptr<int64_t>();
  for (int64_t i = 0; i < count; ++i) {
    const auto place = static_cast<uint64_t>(first + i);
    const auto kind = static_cast<int64_t>(kKinds * statistics::uniform_at(seed, place, 1));
    const auto& words = (statistics::uniform_at(seed, place, 0) < rate ? kFailing : kPassing)[kind];
    for (int64_t word = 0; word < 2; ++word) data[3 * i + word] = words[word];
  }
  return tokens;
}

/// Two bits that say which of its kind an input is: they have nothing to do with failing.
const InputFeatures& useless() {
  static const InputFeatures features{
      .all = {{"one bit"}, {"another bit"}, {"whether they differ"}},
      .of = [](const Tensor& tokens) {
        const Tensor bits = at::zeros({tokens.size(0), 3}, at::kLong);
        for (int64_t i = 0; i < tokens.size(0); ++i)
          for (int64_t kind = 0; kind < kKinds; ++kind)
            for (const auto* words : {kFailing[kind], kPassing[kind]})
              if (tokens[i][0].item<int64_t>() == words[0] &&
                  tokens[i][1].item<int64_t>() == words[1]) {
                bits[i][0] = kind % 2;
                bits[i][1] = kind / 2;
                bits[i][2] = kind % 2 ^ kind / 2;
              }
        return bits;
      }};
  return features;
}

const InputFeatures& words() {
  static const InputFeatures features{
      .all = {{"left", true, {"0", "1", "2", "3", "4"}},
              {"right", true, {"0", "1", "2", "3", "4"}}},
      .of = [](const Tensor& tokens) { return tokens.narrow(1, 0, 2).contiguous(); }};
  return features;
}

struct Setting {
  double rate = .05;
  std::vector<Claim> claims = {};
  int64_t inputs = 4096;
  bool until_decided = true;
  double confidence = .95;
  const InputFeatures* features = nullptr;
  bool interchange = false;
};

Report run(uint64_t seed, const Setting& setting) {
  static const Interpretation overlooking = [] {
    Interpretation broken = or_interpretation();
    node(broken, "some").h.parameters["yes"] = {1};
    return broken;
  }();
  static const circuits::Program program =
      circuits::compile(overlooking, operations(), interp::describe(or_config()));
  const auto inputs_of = [&setting](uint64_t of) {
    return [&setting, of](int64_t first, int64_t count) {
      return drawn(of, setting.rate, first, count);
    };
  };
  const Interchange exchanged{.draw = [&](int64_t, int64_t first, int64_t count) -> Exchanged {
    return {.source = inputs_of(~seed)(first, count), .other = inputs_of(~seed)(first, count)};
  }};
  Looks looks(setting.claims, setting.confidence);
  CheckConfig config{.inputs = setting.inputs, .witnesses = 0, .features = setting.features};
  if (setting.interchange) config.interchange = &exchanged;
  if (setting.until_decided)
    config.enough = [&](const CheckResult& so_far) { return looks.look(so_far); };
  const CheckResult result = check({or_network(), program, or_decision()}, inputs_of(seed), config);
  Report report =
      make_report(overlooking, result, setting.claims, setting.confidence, or_network(), 2);
  if (setting.until_decided) report.sequential = {.limit = setting.inputs};
  report.part = {.shard = {},
                 .inputs = setting.inputs,
                 .chunk = or_network().inputs_per_run(),
                 .counted = result.counted,
                 .output = "answer",
                 .readings = result.readings,
                 .by_features = result.by_features};
  if (setting.features) report.part->features = setting.features->all;
  conclude(report);
  if (setting.until_decided) looks.note(report);
  complete(report);
  return report;
}

/// The true rate of a row.
double truth(const ReportRow& row, double rate) {
  if (row.answer) return rate / (rate + (1 - rate) / 2);  // "yes"
  if (row.axiom == Axiom::IA) return rate;                // of the sources
  if (row.node == "words" || row.name() == "answer.CE" || row.name() == "answer.CR") return 0;
  return rate;
}

struct Decisions {
  int64_t wrong_runs = 0, decided = 0, claims = 0;
};

Decisions decisions(int64_t runs, const Setting& setting) {
  Decisions all;
  for (int64_t i = 0; i < runs; ++i) {
    bool wrong = false;
    for (const ReportRow& row : run(1000 + i, setting).rows) {
      if (!row.claim) continue;
      ++all.claims;
      const bool is_true = truth(row, setting.rate) <= *row.claim;
      all.decided += row.verdict == Verdict::Holds || row.verdict == Verdict::Violated;
      wrong |= row.verdict == (is_true ? Verdict::Violated : Verdict::Holds);
    }
    all.wrong_runs += wrong;
  }
  return all;
}

/// Claims at the very rate, where it is hardest: two that are true, three that a hair makes false.
std::vector<Claim> at_the_edge(double rate) {
  const double below = rate * (1 - 1e-9), yes = rate / (rate + (1 - rate) / 2);
  return {{"some", Axiom::PE, rate * (1 + 1e-9)},
          {"some", Axiom::CE, below},
          {"answer", Axiom::PE, below},
          {"some", Axiom::PE, yes * (1 + 1e-9), "yes", 1},
          {"some", Axiom::PR, below}};
}

TEST(LevelsSlow, TheRatesAreThoseThatTheTruthSays) {
  const Setting setting{.rate = .2, .inputs = 20'000, .until_decided = false, .interchange = true};
  for (const ReportRow& row : run(5, setting).rows) {
    if (row.axiom == Axiom::II || row.node.find('+') != std::string::npos) continue;
    EXPECT_NEAR(row.estimate.rate(), truth(row, .2), .012) << row.name();
  }
}

TEST(LevelsSlow, RunsUntilDecidedAreRarelyEverWrong) {
  constexpr int64_t kRuns = 200;
  for (const double rate : {.02, .2}) {
    const Decisions found = decisions(
        kRuns, {.rate = rate, .claims = at_the_edge(rate), .inputs = 3072, .confidence = .9});
    EXPECT_LE(found.wrong_runs, kRuns / 10) << rate;
    EXPECT_LT(found.decided, found.claims / 10) << rate;  // there is nothing to be decided
  }
}

TEST(LevelsSlow, RunsOfAFixedNumberOfInputsAreRarelyWrong) {
  constexpr int64_t kRuns = 300;
  const Decisions found = decisions(kRuns, {.rate = .1,
                                            .claims = at_the_edge(.1),
                                            .inputs = 768,
                                            .until_decided = false,
                                            .confidence = .9});
  // Claims that hold are right together at this confidence, and so are those that are violated.
  EXPECT_LE(found.wrong_runs, 2 * kRuns / 10);
  const Decisions true_ones = decisions(kRuns, {.rate = .1,
                                                .claims = {at_the_edge(.1)[0], at_the_edge(.1)[3]},
                                                .inputs = 768,
                                                .until_decided = false,
                                                .confidence = .9});
  EXPECT_LE(true_ones.wrong_runs, kRuns / 10);
}

TEST(LevelsSlow, WhatIsClearIsDecidedRightly) {
  const Decisions found = decisions(40, {.rate = .05,
                                         .claims = {{"words", Axiom::PE, .01},
                                                    {"some", Axiom::PE, .1},
                                                    {"some", Axiom::CE, .025},
                                                    {"answer", Axiom::CE, .01}},
                                         .inputs = 20'000});
  EXPECT_EQ(found.wrong_runs, 0);
  EXPECT_EQ(found.decided, found.claims);
}

TEST(LevelsSlow, ExchangesKeepTheirLevelAndArePowerful) {
  constexpr int64_t kRuns = 100;
  const Decisions edge = decisions(kRuns, {.rate = .1,
                                           .claims = {{"some", Axiom::IA, .1 * (1 + 1e-9)},
                                                      {"some", Axiom::PE, .1 * (1 - 1e-9)}},
                                           .inputs = 2048,
                                           .confidence = .9,
                                           .interchange = true});
  EXPECT_LE(edge.wrong_runs, kRuns / 10);
  const Decisions clear = decisions(
      20, {.rate = .1, .claims = {{"some", Axiom::IA, .2}}, .inputs = 4096, .interchange = true});
  EXPECT_EQ(clear.wrong_runs, 0);
  EXPECT_EQ(clear.decided, clear.claims);
}

/// Runs in which a row is said to fail more often in some region than elsewhere.
int64_t said_to_know_where(int64_t runs, const Setting& setting) {
  int64_t said = 0;
  for (int64_t i = 0; i < runs; ++i) {
    const Report report = run(5000 + i, setting);
    said += std::ranges::any_of(
        report.rows, [](const ReportRow& row) { return row.where && row.where->generalises; });
  }
  return said;
}

TEST(LevelsSlow, WhereItFailsIsSaidOfWhatTellsAndRarelyOfWhatDoesNot) {
  constexpr int64_t kRuns = 100;
  const std::vector<Claim> none, undecidable = {{"some", Axiom::PE, .2}};
  for (const bool until_decided : {false, true}) {
    Setting setting{.rate = .2,
                    .claims = until_decided ? undecidable : none,
                    .inputs = 1024,
                    .until_decided = until_decided,
                    .confidence = .9,
                    .features = &useless()};
    EXPECT_LE(said_to_know_where(kRuns, setting), kRuns / 10);
    setting.features = &words();
    EXPECT_EQ(said_to_know_where(5, setting), 5);
  }
}

}  // namespace levels_test
}  // namespace assay::axioms
