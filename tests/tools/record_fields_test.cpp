// What commands write is described in the documentation, and what an
// edited record claims beyond its counts is not believed.

#include <gmock/gmock.h>

#include <sstream>

#include "tasks/comparison_fields.h"
#include "tests/tools/run_assay.h"
#include "tools/comparison_file.h"
#include "tools/discovery_fields.h"
#include "tools/interpretation_fields.h"
#include "tools/list_fields.h"
#include "tools/manifest_fields.h"
#include "tools/measure_fields.h"
#include "tools/metrics_fields.h"
#include "tools/mutation_fields.h"
#include "tools/network_fields.h"
#include "tools/plan.h"
#include "tools/prove_fields.h"
#include "tools/study_result.h"
#include "tools/sweep.h"
#include "tools/validation_under.h"

namespace assay::tools {
namespace record_fields_test {

using nlohmann::ordered_json;
using testing::HasSubstr;

/// The members of a record without those below them, which have a table of their own.
template <typename T>
std::string outline_of() {
  std::istringstream lines(interp::description_of<T>());
  std::string outline;
  for (std::string line; std::getline(lines, line);)
    if (line.substr(0, line.find("` |")).find('.') == std::string::npos) outline += line + "\n";
  return outline;
}

/// Where this fails, the lines that it prints belong into the documentation.
TEST(RecordFields, AreDescribedInTheDocumentation) {
  const std::string formats = content_of(ASSAY_SOURCE "/docs/formats.md");
  EXPECT_THAT(formats, HasSubstr(interp::description_of<RecordHead>()));
  EXPECT_THAT(formats, HasSubstr(interp::description_of<DataRecord>()));
  EXPECT_THAT(formats, HasSubstr(outline_of<Plan>()));
  EXPECT_THAT(formats, HasSubstr(interp::description_of<ListRecord>()));
  EXPECT_THAT(formats, HasSubstr(interp::description_of<ListedEntry>()));
  EXPECT_THAT(formats, HasSubstr(outline_of<AlignmentRecord>()));
  EXPECT_THAT(formats, HasSubstr(interp::description_of<ManifestRecord>()));
  EXPECT_THAT(formats, HasSubstr(interp::description_of<SweepRequest>()));
  EXPECT_THAT(formats, HasSubstr(interp::description_of<SweepRecord>()));
  EXPECT_THAT(formats, HasSubstr(interp::description_of<MetricsLine>()));
  EXPECT_THAT(formats, HasSubstr(outline_of<DiscoveryFacts>()));
  EXPECT_THAT(formats, HasSubstr(outline_of<MeasurementRecord>()));
  EXPECT_THAT(formats, HasSubstr(outline_of<MeasuredFiles>()));
  EXPECT_THAT(formats, HasSubstr(interp::description_of<MeasureRequest>()));
  EXPECT_THAT(formats, HasSubstr(outline_of<ComparisonRecord>()));
  EXPECT_THAT(formats, HasSubstr(interp::description_of<tasks::MutationResult>()));
  EXPECT_THAT(formats, HasSubstr(interp::description_of<MutationPart>()));
  EXPECT_THAT(formats, HasSubstr(interp::description_of<SelectionOptions>()));
  EXPECT_THAT(formats, HasSubstr(interp::description_of<ChunkRecord>()));
  EXPECT_THAT(formats, HasSubstr(interp::description_of<ExperimentFacts>()));
  EXPECT_THAT(formats, HasSubstr(interp::description_of<DiscoveryRecord>()));
  EXPECT_THAT(formats, HasSubstr(interp::description_of<ScoredEdge>()));
  EXPECT_THAT(formats, HasSubstr(interp::description_of<ImpliedCircuit>()));
  EXPECT_THAT(formats, HasSubstr(interp::description_of<GuiseRecord>()));
  EXPECT_THAT(formats, HasSubstr(interp::description_of<tasks::ComparedRecord>()));
  EXPECT_THAT(formats, HasSubstr(interp::description_of<ProofsRecord>()));
  EXPECT_THAT(formats, HasSubstr(interp::description_of<AttackRecord>()));
  EXPECT_THAT(formats, HasSubstr(interp::description_of<DerivationRecord>()));
  EXPECT_THAT(formats, HasSubstr(interp::description_of<MutationsRecord>()));
  EXPECT_THAT(formats, HasSubstr(interp::description_of<MutatedRecord>()));
  EXPECT_THAT(formats, HasSubstr(interp::description_of<MutationTableHead>()));
  EXPECT_THAT(formats, HasSubstr(interp::description_of<StudyHead>()));
  EXPECT_THAT(formats, HasSubstr(interp::description_of<CircuitComparison>()));
  EXPECT_THAT(formats, HasSubstr(interp::description_of<InspectionRecord>()));
  EXPECT_THAT(formats, HasSubstr(interp::description_of<ConversionRecord>()));
  EXPECT_THAT(formats, HasSubstr(interp::description_of<SolutionRecord>()));
}

TEST(RecordFields, OfAListAreWhatItHeldAndWhoBroughtIt) {
  const ListRecord record{.entries = {{"metrics", {{"kl", "divergence", ""}, {"mine", "", "m.so"}}},
                                      {"ablations", {{"zero", "nothing", ""}}}}};
  const ordered_json json = interp::write_record(record);
  EXPECT_EQ(json["entries"]["metrics"][1]["origin"], "m.so");
  EXPECT_EQ(interp::write_record(interp::read_record<ListRecord>(json, "l.json")), json);
}

TEST(RecordFields, OfAManifestThatHasJustBegunAreNotThoseOfAFinishedOne) {
  ManifestRecord record{.head = {.plan = {.task = {{"name", "dyck"}, {"settings", {{"length", 4}}}},
                                          .preset = "fast",
                                          .steps = 7},
                                 .finished = true},
                        .trained = {},
                        .blas = {},
                        .model_sha256 = {}};
  record.trained.task = record.head.plan.task;
  record.trained.accuracy = Accuracy{.share = 0.5, .inputs = 10, .of = "all"};
  const ordered_json json = interp::write_record(record);
  const auto read = interp::read_record<ManifestRecord>(json, "m.json");
  EXPECT_EQ(interp::write_record(read), json);
  EXPECT_FALSE(read.trained.accuracy_trained);
  EXPECT_THROW(
      interp::read_record<ManifestRecord>(interp::write_record(record.head), "manifest.json"),
      std::runtime_error);
}

TEST(RecordFields, OfARecipeSayThatNothingClipsTheGradient) {
  interp::TrainingConfig recipe{.phases = {{.steps = 3, .l1 = 0.5}, {.keep_neurons = 7}},
                                .beta1 = 0.25,
                                .beta2 = 0.75,
                                .gradient_clip = std::numeric_limits<double>::infinity()};
  const std::string text = interp::write_record(recipe).dump();
  EXPECT_THAT(text, HasSubstr(R"("betas":[0.25,0.75],"gradient_clip":null)"));
  EXPECT_EQ(interp::read_record<interp::TrainingConfig>(ordered_json::parse(text), "r"), recipe);
}

TEST(RecordFields, OfTheInputsOfAValidationRefuseAnUnknownSource) {
  ordered_json json =
      interp::write_record(DataRecord{.source = "listed", .part = "all", .count = 3});
  EXPECT_EQ(json.dump(), R"({"source":"listed","part":"all","count":3})");
  json["source"] = "dreamt";
  EXPECT_THROW(interp::read_record<DataRecord>(json, "d.json"), std::runtime_error);
}

TEST(RecordFields, OfADiscoveryKeepTheOrderOfEdgesAndWhatWasNotScored) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const DiscoveryRecord record{.circuit = {"c.json", "00"},
                               .seconds = 0.5,
                               .edges = {{"m0->logits", {0.5, nan, true}}, {"input->m0", {nan}}}};
  const std::string text = interp::write_record(record).dump();
  const auto read = interp::read_record<DiscoveryRecord>(ordered_json::parse(text), "d.json");
  EXPECT_EQ(interp::write_record(read).dump(), text);
  EXPECT_EQ(read.edges.front().first, "m0->logits");
}

TEST(RecordFields, OfAPartRefuseWhatMeansNothing) {
  DiscoveryPart part;
  part.facts.experiment.model = {"m", "00"};
  part.facts.experiment.task = {{"name", "data"}, {"settings", ordered_json::object()}};
  part.facts.experiment.inputs.seed = 1;
  part.facts.experiment.inputs.count = 5;
  part.facts.ablation = "zero";
  part.selection.share = 0.3;
  const ordered_json good = interp::write_record(part);
  EXPECT_EQ(interp::read_record<DiscoveryPart>(good, "p.json").selection.share, 0.3);
  const auto refused = [&](const char* pointer, const ordered_json& value) {
    ordered_json changed = good;
    changed[ordered_json::json_pointer(pointer)] = value;
    EXPECT_THROW(interp::read_record<DiscoveryPart>(changed, "p.json"), std::runtime_error)
        << changed;
  };
  refused("/inputs/count", 0);
  refused("/inputs/seed", -1);
  refused("/selection/select", "best");
  refused("/selection/share", 1.5);
  refused("/selection/edges", 0);
  refused("/seconds", -1);
  refused("/task", "data");
  refused("/positions", 1);
}

TEST(RecordFields, OfProofsKeepWhatIsNull) {
  ProofsRecord record{.title = "t",
                      .task = {{"name", "two-sat"}, {"settings", ordered_json::object()}},
                      .model = {"m", "00"},
                      .interpretation = {{"i", "11"}, "t"},
                      .domain = {"d", "every input", "12", "r"},
                      .certificate = {},
                      .statements = {},
                      .rows = {{.rows = {"or.PE"}, .never = true, .because = "suffix"}}};
  record.statements.emplace_back().statement = "suffix";
  record.statements[0].verdict = "open";
  record.statements[0].cases.emplace().emplace_back().position = 3;
  record.statements[0].cases->front().verdict = "proved";
  const std::string text = interp::write_record(record).dump();
  const ordered_json json = ordered_json::parse(text);
  EXPECT_TRUE(json["statements"][0]["node"].is_null());
  EXPECT_TRUE(json["statements"][0]["cases"][0]["margin"].is_null());
  const auto read = interp::read_record<ProofsRecord>(json, "p.json");
  EXPECT_FALSE(read.statements[0].node || read.statements[0].cases->front().margin);
  EXPECT_EQ(interp::write_record(read).dump(), text);
  ordered_json edited = json;
  edited["statements"][0]["verdict"] = "surely";
  EXPECT_THROW(interp::read_record<ProofsRecord>(edited, "p.json"), std::runtime_error);
}

TEST(RecordFields, OfAnAttackBelieveTheInputAndNotThatOneWasFound) {
  AttackRecord record;
  record.row = "answer";
  ordered_json json = interp::write_record(record);
  json["found"] = true;
  const auto read = interp::read_record<AttackRecord>(json, "a.json");
  EXPECT_EQ(interp::write_record(read)["found"], false);
}

TEST(RecordFields, BoundsAndAccuraciesOfGuisesFollowFromTheirCounts) {
  GuiseRecord guise{.name = "swapped", .help = "-", .wrong = {.n = 8, .failures = 1}, .rows = {}};
  guise.rows.push_back({.node = "or", .axiom = axioms::Axiom::CR, .estimate = {8, 2}});
  ordered_json under = interp::write_record(std::vector<GuiseRecord>{guise});
  EXPECT_EQ(under[0]["accuracy"], 0.875);
  const ordered_json written = under;
  under[0]["accuracy"] = 1;
  under[0]["rows"][0]["rate"] = under[0]["rows"][0]["upper"] = 0;
  EXPECT_EQ(renewed_guises(under, 0.95), written);
  EXPECT_LT(renewed_guises(under, 0.5)[0]["rows"][0]["upper"], written[0]["rows"][0]["upper"]);
}

}  // namespace record_fields_test
}  // namespace assay::tools
