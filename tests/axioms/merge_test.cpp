// Reports of parts add up to the report of one run, byte for byte, and nothing better can be made
// of them.

#include "axioms/merge.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include <random>

#include "axioms/vacuity.h"
#include "interp/network/network.h"
#include "tests/axioms/wild_interpretation.h"
#include "tests/interp/scratch.h"

namespace assay::axioms {
namespace merge_test {

using interp::message_of;
using interp::Range;
using interp::Ranges;
using interp::Shard;
using nlohmann::ordered_json;
using testing::HasSubstr;

const InputFeatures& first_digits() {
  static const InputFeatures features{
      .all = {{"the first digit"}, {"the second", true}},
      .of = [](const Tensor& tokens) { return tokens.narrow(1, 0, 2).contiguous(); }};
  return features;
}

/// One run of the wild interpretation, to be made whole or in parts.
struct WildRun {
  int64_t inputs = 1000, witnesses = 2;
  double confidence = 0.95;
  Scope scope = Scope::Distribution;
  std::vector<Claim> claims = {{"early", Axiom::PE, 0.9}, {"out", Axiom::CR, 0.01}};
  bool downstream = false;

  Report part(const Shard& shard, std::optional<Ranges> ranges = {}) const {
    Interpretation interpretation = wild_interpretation();
    if (downstream) interpretation.nodes[2].equality.name = "downstream";
    const Program program =
        circuits::compile(interpretation, wild_operations(), interp::describe(random_config()));
    const Experiment experiment{random_network(), program, wild_decision()};
    const int64_t chunk = random_network().inputs_per_run();
    const CheckResult result =
        check(experiment, digits,
              {.inputs = inputs,
               .ranges = ranges.value_or(Ranges{range_of(shard, inputs, chunk)}),
               .witnesses = witnesses,
               .features = &first_digits(),
               .division = {.drawn = scope == Scope::Distribution}});
    Report report =
        make_report(interpretation, result, claims, confidence, random_network(), 3, scope);
    report.part = {.shard = shard,
                   .inputs = inputs,
                   .chunk = chunk,
                   .counted = result.counted,
                   .witnesses = witnesses,
                   .output = "out",
                   .readings = result.readings,
                   .features = first_digits().all,
                   .by_features = result.by_features};
    report.partial = result.inputs < range_of(shard, inputs, chunk).count;
    report.task = {{"name", "wild"}, {"settings", nlohmann::json::object()}};
    report.inputs_text = "some inputs";
    report.facts.data = {{"source", "digits"}, {"seed", 1}};
    report.facts.seeds = nlohmann::json::object();
    if (shard.index == 1) add_vacuity(report, vacuity(experiment, digits, inputs));
    return report;
  }
  Report whole() const {
    Report report = part({});
    complete(report);
    return report;
  }
  /// As they are read from files.
  std::vector<NamedReport> parts(int64_t of) const {
    std::vector<NamedReport> all;
    for (int64_t index = 1; index <= of; ++index) {
      const std::string name = fmt::format("part-{}.json", index);
      all.push_back({name, report_from_json(to_json(part({index, of})), name)});
    }
    return all;
  }
};

WildRun wild_run() {
  return {};
}

TEST(MergeTest, PartsInAnyOrderAreOneRunByteForByte) {
  std::mt19937 random(7);
  for (int trial = 0; trial < 12; ++trial) {
    const auto any = [&](int64_t n) { return static_cast<int64_t>(random() % n); };
    WildRun run{.inputs = 800 + any(1200), .witnesses = any(5)};
    run.confidence = 0.5 + 0.1 * static_cast<double>(any(5));
    run.scope = static_cast<Scope>(any(3));
    run.downstream = any(2) == 1;
    if (any(2)) run.claims.push_back({"after", Axiom::PR, 0.1 * static_cast<double>(any(10))});
    const std::string whole = to_json(run.whole()).dump();
    for (const int64_t of : {2, 3, 7}) {
      std::vector<NamedReport> parts = run.parts(of);
      std::ranges::shuffle(parts, random);
      EXPECT_EQ(to_json(merge(parts)).dump(), whole) << run.inputs << " in " << of;
      EXPECT_EQ(exit_code(merge(parts)), exit_code(run.whole()));
    }
  }
}

TEST(MergeTest, AWholeReportReadIsTheSame) {
  const ordered_json whole = to_json(wild_run().whole());
  EXPECT_EQ(to_json(report_from_json(whole, "w")).dump(), whole.dump());
  EXPECT_FALSE(whole.contains("shard"));
}

TEST(MergeTest, AnInterruptedRunGoesOnToTheSameReport) {
  const WildRun run;
  for (const Ranges& done : {Ranges{}, Ranges{{0, 128}}, Ranges{{0, 256}, {512, 128}},
                             Ranges{{896, 104}}, Ranges{{0, 1000}}}) {
    Report begun = run.part({}, done);
    complete(begun);
    begun = report_from_json(to_json(begun), "begun");
    if (done == Ranges{{0, 1000}}) {
      EXPECT_FALSE(begun.part);
      continue;
    }
    EXPECT_TRUE(begun.partial);
    require_part({"begun", begun});
    Report rest = run.part({}, rest_of({0, 1000}, begun.part->counted));
    require_same_run({"begun", begun}, {"rest", rest});
    add_counts(rest, begun);
    complete(rest);
    EXPECT_EQ(to_json(rest).dump(), to_json(run.whole()).dump());
  }
}

TEST(MergeTest, AShardCarriesNoVerdict) {
  const WildRun run{.claims = {{"late", Axiom::PE, 1.0}}};
  for (const NamedReport& part : run.parts(3)) {
    EXPECT_EQ(exit_code(part.report), 0);
    EXPECT_FALSE(part.report.rows[0].verdict);
    EXPECT_EQ(part.report.rows[0].claim, 1.0);
    EXPECT_THAT(verdict_sentence(part.report), HasSubstr("needs all parts together"));
  }
}

/// What merging says of three parts of which something was changed.
std::string refusal(const std::function<void(std::vector<NamedReport>& parts)>& change) {
  std::vector<NamedReport> parts = wild_run().parts(3);
  change(parts);
  return message_of([&] { merge(parts); });
}

TEST(MergeTest, MissingDoubledAndWholeReportsAreRefusedByName) {
  EXPECT_THAT(refusal([](auto& parts) { parts.erase(parts.begin() + 1); }),
              HasSubstr("part 2 of 3 is missing: given are part-1.json, part-3.json"));
  EXPECT_THAT(refusal([](auto& parts) {
                parts.push_back({"copy.json", parts[2].report});
              }),
              HasSubstr("part-3.json and copy.json are both part 3 of 3"));
  EXPECT_THAT(refusal([](auto& parts) {
                parts.push_back({"whole.json", wild_run().whole()});
              }),
              HasSubstr("whole.json: the report of a whole run"));
  EXPECT_THAT(refusal([](auto& parts) {
                parts = {{"one.json", wild_run().part({})}};
              }),
              HasSubstr("one.json: the only part of its run"));
  EXPECT_THAT(refusal([](auto& parts) {
                parts[1].report = wild_run().part({2, 3}, Ranges{{384, 128}});
              }),
              HasSubstr("part-2.json: this part was interrupted"));
}

TEST(MergeTest, PartsOfDifferentRunsAreRefusedWithWhatDiffers) {
  const auto other = [](const WildRun& run) {
    return refusal([&](auto& parts) { parts[1].report = run.part({2, 3}); });
  };
  EXPECT_THAT(other({.confidence = 0.9}),
              HasSubstr("part-1.json and part-2.json are not of one run: confidence is 0.95 in "
                        "the one and 0.9 in the other"));
  EXPECT_THAT(other({.claims = {}}), HasSubstr("rows[4].claim"));
  EXPECT_THAT(other({.inputs = 1100}), HasSubstr("shard.inputs is 1000 in the one and 1100"));
  EXPECT_THAT(other({.witnesses = 3}), HasSubstr("shard.witnesses is 2 in the one and 3"));
  EXPECT_THAT(other({.scope = Scope::List}), HasSubstr("not of one run"));
  EXPECT_THAT(other({.downstream = true}), HasSubstr("nodes[2].equality"));
  EXPECT_THAT(refusal([](auto& parts) {
                parts[1].report = wild_run().part({2, 4});
              }),
              HasSubstr("shard.of is 3 in the one and 4 in the other"));
  EXPECT_THAT(refusal([](auto& parts) { parts[2].report.facts.model.sha256 = "f0"; }),
              HasSubstr("model.sha256"));
  EXPECT_THAT(refusal([](auto& parts) { parts[2].report.facts.data["seed"] = 2; }),
              HasSubstr("data.seed is 1 in the one and 2 in the other"));
  EXPECT_THAT(refusal([](auto& parts) { parts[2].report.facts.version = "0.0.1"; }),
              HasSubstr("version is"));
}

/// What reading and merging say of three parts, one of which was edited in its file.
std::string forged(size_t part, const std::string& pointer, const ordered_json& value) {
  std::vector<NamedReport> parts = wild_run().parts(3);
  ordered_json json = to_json(parts[part].report);
  json[ordered_json::json_pointer(pointer)] = value;
  return message_of([&] {
    parts[part].report = report_from_json(json, parts[part].name);
    merge(parts);
  });
}

TEST(MergeTest, ForgedCountsAreRefused) {
  EXPECT_THAT(forged(1, "/rows/0/failures", 100000), HasSubstr("part-2.json: row late.PE: 100000"));
  EXPECT_THAT(forged(1, "/rows/0/failures", -5), HasSubstr("'rows[0].failures': expected"));
  EXPECT_THAT(forged(1, "/rows/0/n", 10000), HasSubstr("row late.PE"));
  EXPECT_THAT(forged(1, "/rows/0/failures", 0), HasSubstr("row late.PE: 2 witnesses of 0"));
  EXPECT_THAT(forged(1, "/rows/0/witnesses", ordered_json::array()),
              HasSubstr("row late.PE: 0 witnesses of"));
  EXPECT_THAT(forged(1, "/rows/0/witnesses/0/input", 3), HasSubstr("its witness, input 3,"));
  EXPECT_THAT(forged(1, "/inputs", 100000), HasSubstr("part-2.json: row late.PE"));
  EXPECT_THAT(forged(1, "/nodes/2/inherited_failures", 100000), HasSubstr("fewer than the 100000"));
  EXPECT_THAT(forged(1, "/shard/readings/ties", 4), HasSubstr("its readings are of"));
  EXPECT_THAT(forged(1, "/rows/0/axiom", "CE"), HasSubstr("expected late.PE in this place"));
  EXPECT_THAT(forged(1, "/confidence", 1), HasSubstr("confidence 1"));
  EXPECT_THAT(forged(0, "/nodes/0/grip/changed", 100000), HasSubstr("grip"));
}

TEST(MergeTest, ForgedShardsAreRefused) {
  EXPECT_THAT(forged(1, "/shard/index", 3), HasSubstr("part-2.json: part 3 of 3 has inputs"));
  EXPECT_THAT(forged(1, "/shard/index", 4), HasSubstr("part-2.json: part 4/3"));
  EXPECT_THAT(forged(1, "/shard/index", 0), HasSubstr("'shard.index': expected"));
  EXPECT_THAT(forged(1, "/shard/of", 2), HasSubstr("part-2.json: part 2 of 2 has inputs"));
  EXPECT_THAT(forged(1, "/shard/counted/0/first", 0), HasSubstr("counts inputs 0 to"));
  EXPECT_THAT(forged(1, "/shard/counted/0/first", 385), HasSubstr("counts inputs 385 to"));
  EXPECT_THAT(forged(1, "/shard/counted/0/count", 128), HasSubstr("and counts 128 of"));
  EXPECT_THAT(forged(1, "/shard/counted/0/count", 100), HasSubstr("no whole chunks of 128"));
  EXPECT_THAT(forged(1, "/shard/counted",
                     {{{"first", 384}, {"count", 384}}, {{"first", 384}, {"count", 384}}}),
              HasSubstr("part-2.json: inputs 384 to 767 are counted twice"));
  EXPECT_THAT(forged(1, "/shard/chunk", 1), HasSubstr("part-2.json: part 2 of 3"));
  EXPECT_THAT(forged(1, "/shard/inputs", 384), HasSubstr("part-2.json: "));
  EXPECT_THAT(forged(1, "/partial", true), HasSubstr("interrupted"));
  EXPECT_THAT(forged(1, "/objections",
                     {{{"node", "out"}, {"kind", "k"}, {"violates", "v"}, {"reason", "r"}}}),
              HasSubstr("only the first part says what was found"));
}

// Verdicts are never read: what a file says of them makes no difference.
TEST(MergeTest, ForgedVerdictsMakeNoDifference) {
  const WildRun run;
  std::vector<NamedReport> parts = run.parts(2);
  for (NamedReport& part : parts) {
    ordered_json json = to_json(part.report);
    json["verdict"] = "All claims hold.";
    json["vacuity"] = "not found";
    for (ordered_json& row : json["rows"])
      row.update({{"verdict", "holds"}, {"rate", 0.0}, {"upper", 0.0}});
    part.report = report_from_json(json, part.name);
  }
  EXPECT_EQ(to_json(merge(parts)).dump(), to_json(run.whole()).dump());
}

}  // namespace merge_test
}  // namespace assay::axioms
