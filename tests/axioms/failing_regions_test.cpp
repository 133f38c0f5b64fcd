// Where rows fail: planted rules are found with their rates, noise gives no rule, and nothing
// depends on how the inputs are divided among chunks, threads and shards.

#include "axioms/failing_regions.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include "axioms/failing_regions_fields.h"
#include "axioms/report_fields.h"
#include "interp/statistics/random.h"
#include "tests/axioms/or_network.h"
#include "tests/interp/scratch.h"
#include "tests/interp/with_threads.h"

namespace assay::axioms {
namespace failing_regions_test {

using interp::message_of;
using statistics::Engine;
using statistics::Estimate;
using testing::HasSubstr;

const std::vector<InputFeature> kFeatures = {
    {"the number of repeated clauses"}, {"its colour", true, {"red", "green", "blue"}}, {"noise"}};

/// Counts of a stream whose inputs fail at a rate of their own.
template <typename Rate>
FeatureCounts stream(uint64_t seed, int64_t inputs, const Division& division, const Rate& rate) {
  FeatureCounts counts;
  Engine engine(seed);
  for (int64_t i = 0; i < inputs; ++i) {
    const std::vector<int64_t> x = {statistics::draw_below(engine, 4),
                                    statistics::draw_below(engine, 3),
                                    statistics::draw_below(engine, 8)};
    auto& count = counts.cells[{division.block_of(i), x[0], x[1], x[2]}];
    ++count.inputs;
    if (statistics::draw_bernoulli(engine, rate(x))) ++count.failures[0];
  }
  return counts;
}

FailingRegions concluded(const FeatureCounts& counts, const Division& division,
                         bool anytime = false) {
  FailingRegions where = failing_regions(counts, kFeatures, 0, division);
  conclude(where, 0.95, 1, anytime);
  return where;
}

TEST(FailingRegionsTest, APlantedRuleIsFoundWithItsRates) {
  const auto rate = [](const auto& x) { return x[0] >= 3 && x[1] == 1 ? .31 : .004; };
  for (const bool drawn : {true, false}) {
    const Division division{.drawn = drawn};
    const FailingRegions where = concluded(stream(1, 40'000, division, rate), division);
    ASSERT_TRUE(where.generalises);
    const Region& worst = where.regions.front();
    ASSERT_EQ(worst.conditions.size(), 2U);
    EXPECT_NEAR(worst.held_out.rate(), .31, .03);
    EXPECT_LE(worst.lower, .31);
    EXPECT_GE(worst.upper, .31);
    EXPECT_NEAR(where.others().rate(), .004, .002);
    EXPECT_GE(where.others_upper, .004);
    EXPECT_THAT(where.sentence, HasSubstr("the number of repeated clauses is at least 3"));
    EXPECT_THAT(where.sentence, HasSubstr("its colour is green"));
    EXPECT_THAT(where.sentence, HasSubstr("covers "));
    EXPECT_NEAR(static_cast<double>(worst.held_out.n) / static_cast<double>(where.held_out.n),
                1. / 12, .01);
    require_consistent(where, {40'000, where.fitted.failures + where.held_out.failures});
  }
}

TEST(FailingRegionsTest, DrawsAreFittedOnTheFirstQuarterToHalfAndListsOnADrawnHalf) {
  for (const int64_t n : {256, 1000, 5632, 80'000, 1'000'000}) {
    const Division draws{.drawn = true}, list{.drawn = false};
    const int64_t blocks = draws.fitted_blocks(n);
    int64_t fitted = 0, drawn = 0;
    for (int64_t i = 0; i < n; ++i) {
      fitted += draws.block_of(i) < blocks;
      drawn += list.block_of(i) < list.fitted_blocks(n);
      if (i > 0) {
        EXPECT_LE(draws.block_of(i - 1), draws.block_of(i));
      }
    }
    EXPECT_LE(2 * fitted, n);
    EXPECT_GT(4 * fitted, n);
    EXPECT_NEAR(static_cast<double>(drawn), static_cast<double>(n) / 2,
                4 * std::sqrt(static_cast<double>(n)) / 2);
  }
  EXPECT_EQ(Division{}.fitted_blocks(255), 0);  // nothing is fitted on too few
}

TEST(FailingRegionsTest, NoiseGivesNoRule) {
  int alarms = 0;
  for (uint64_t seed = 0; seed < 400; ++seed)
    alarms += concluded(stream(seed, 2000, {}, [](const auto&) { return .1; }), {}).generalises;
  EXPECT_LE(alarms, 20);  // 5% at most
}

// A rule that is right of the inputs that it was fitted on, and of no others, must not generalise:
// here every such rule is tried, whatever a tree would have cost.
TEST(FailingRegionsTest, ARuleWithoutMeaningRarelySeemsToGeneralise) {
  constexpr int kRuns = 200;
  int at_the_end = 0, ever = 0;
  for (uint64_t seed = 0; seed < kRuns; ++seed) {
    Engine engine(7000 + seed);
    FailingRegions where{.fitted = {1000, 100}, .held_out = {}};
    where.regions = {{.conditions = {{"x"}}, .fitted = {300, 60}, .held_out = {}},
                     {.conditions = {{"x"}}, .fitted = {700, 40}, .held_out = {}}};
    bool alarm = false;
    for (int look = 0; look < 8; ++look) {
      const int64_t inside = statistics::draw_binomial(engine, 128, .3);
      where.regions[0].held_out += {inside, statistics::draw_binomial(engine, inside, .1)};
      where.regions[1].held_out +=
          {128 - inside, statistics::draw_binomial(engine, 128 - inside, .1)};
      where.held_out = where.regions[0].held_out;
      where.held_out += where.regions[1].held_out;
      conclude(where, .95, 1, /*anytime=*/true);
      alarm |= where.generalises;
    }
    ever += alarm;
    conclude(where, .95, 1, /*anytime=*/false);
    at_the_end += where.generalises;
  }
  EXPECT_LE(at_the_end, kRuns / 20);
  EXPECT_LE(ever, kRuns / 20);
}

TEST(FailingRegionsTest, TooFewFailuresAndFeaturesThatSayNothingAreSaid) {
  const FailingRegions few = concluded(stream(1, 4000, {}, [](const auto&) { return .0005; }), {});
  EXPECT_TRUE(few.regions.empty());
  EXPECT_THAT(few.sentence, HasSubstr("too few failures to look for a rule"));
  const FailingRegions none = concluded(stream(2, 4000, {}, [](const auto&) { return .2; }), {});
  EXPECT_TRUE(none.regions.empty());
  EXPECT_FALSE(none.generalises);
  EXPECT_THAT(none.sentence, HasSubstr("no known feature of an input tells the failing ones"));
}

// --- through the checker

const InputFeatures& word_features() {
  static const InputFeatures features{.all = {{"left"}, {"right"}}, .of = [](const Tensor& tokens) {
                                        return tokens.narrow(1, 0, 2).contiguous();
                                      }};
  return features;
}

/// Looks for word 1 only, so that it is wrong about 3 beside anything but 1 and 3.
Interpretation half_blind() {
  Interpretation wrong = or_interpretation();
  node(wrong, "some").h.parameters = {{"yes", {1}}};
  return wrong;
}

TEST(FailingRegionsTest, TheCheckerCountsWhatBruteForceCounts) {
  const CheckResult result =
      check_or(half_blind(), {.inputs = 1000, .witnesses = 1000, .features = &word_features()});
  FeatureCounts expected;
  const auto cell = [](int64_t i) {
    return std::vector<int64_t>{Division{}.block_of(i), i / kWords % kWords, i % kWords};
  };
  for (int64_t i = 0; i < 1000; ++i) ++expected.cells[cell(i)].inputs;
  int64_t row = 0;
  for (const NodeResult& node : result.nodes)
    for (const Axiom axiom : kAxioms) {
      for (const Witness& witness : node[axiom].witnesses)
        ++expected.cells[cell(witness.input)].failures[row];
      ++row;
    }
  EXPECT_TRUE(result.by_features == expected);
  EXPECT_TRUE(check_or(half_blind(), {.inputs = 1000}).by_features.cells.empty());
}

TEST(FailingRegionsTest, CountsDependNeitherOnThreadsNorOnWhichInputsAreCountedFirst) {
  const CheckConfig config{.inputs = 1500, .features = &word_features()};
  const auto counted = [&](const interp::Ranges& ranges) {
    CheckConfig part = config;
    part.ranges = ranges;
    return check_or(half_blind(), part).by_features;
  };
  FeatureCounts one, several;
  for (const int threads : {1, 2}) {
    const interp::WithThreads with(threads);
    (threads == 1 ? one : several) = check_or(half_blind(), config).by_features;
  }
  EXPECT_TRUE(one == several);
  const int64_t chunk = or_network().inputs_per_run(), middle = 1500 / 2 / chunk * chunk;
  FeatureCounts sum = counted({{middle, 1500 - middle}});
  sum += counted({{0, middle}});
  EXPECT_TRUE(sum == one);
}

TEST(FailingRegionsTest, FeaturesOfAnotherShapeAreRefused) {
  for (const auto& of : std::vector<std::function<Tensor(const Tensor&)>>{
           [](const Tensor& tokens) { return tokens.narrow(1, 0, 1); },
           [](const Tensor& tokens) { return tokens.narrow(1, 0, 2).to(at::kDouble); },
           [](const Tensor& tokens) { return tokens.narrow(1, 0, 2) - 1; }}) {
    const InputFeatures wrong{.all = word_features().all, .of = of};
    EXPECT_THAT(message_of([&] { check_or(half_blind(), {.inputs = 100, .features = &wrong}); }),
                HasSubstr("expected int64 [100, 2] from 0"));
  }
}

TEST(FailingRegionsTest, AReadReportIsTheSameAndCountsThatDoNotAddUpAreRefused) {
  const auto rate = [](const auto& x) { return x[0] >= 3 ? .3 : .01; };
  const FailingRegions where = concluded(stream(3, 4000, {}, rate), {});
  const auto json = interp::write_record(where);
  auto again = interp::read_record<FailingRegions>(json, "r");
  conclude(again, .95, 1, false);
  EXPECT_EQ(interp::write_record(again).dump(), json.dump());
  const Estimate row{4000, where.fitted.failures + where.held_out.failures};
  require_consistent(again, row);
  for (const auto& forge : std::vector<std::function<void(FailingRegions&)>>{
           [](FailingRegions& w) { w.held_out.n += 1; },
           [](FailingRegions& w) { w.fitted.failures -= 1; },
           [](FailingRegions& w) { w.regions[0].held_out.failures -= 1; },
           [](FailingRegions& w) { w.regions.pop_back(); },
           [](FailingRegions& w) {
             w.regions[1].held_out.failures = w.regions[1].held_out.n + 1;
           }}) {
    FailingRegions forged = again;
    forge(forged);
    EXPECT_THROW(require_consistent(forged, row), std::invalid_argument);
  }
}

}  // namespace failing_regions_test
}  // namespace assay::axioms
