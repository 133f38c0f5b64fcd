// A report may hold anything: it becomes a page, or it is refused in one line.

#include "tools/page/report_shapes.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "axioms/alignment_fields.h"
#include "circuits/measures/measure_fields.h"
#include "circuits/measures/test_fields.h"
#include "interp/files/files.h"
#include "tests/interp/scratch.h"
#include "tests/tools/page/validation_report.h"
#include "tools/discovery_fields.h"
#include "tools/manifest_fields.h"
#include "tools/metrics_fields.h"
#include "tools/network_fields.h"
#include "tools/page/sections.h"
#include "tools/prove_fields.h"
#include "tools/records.h"
#include "tools/sweep.h"

namespace assay::tools::page {
namespace report_shapes_test {

using interp::message_of;
using testing::HasSubstr;

const Json kTask = {{"name", "modular-addition"}, {"settings", {{"p", 7}}}};
const Json kTwoSat = {{"name", "two-sat"}, {"settings", {{"variables", 3}, {"clauses", 4}}}};

Json head(const char* kind, int schema = 1) {
  return {{"kind", kind}, {"schema", schema}, {"command", "assay"}, {"version", "0.1.0"}};
}

Json validation() {
  const Json operation = {{"operation", "any"}, {"parameters", {{"positions", {1, 2}}}}};
  const Json programs = {
      {"operation", "truth_table_programs"},
      {"parameters",
       {{"variables", 3},
        {"programs", {{{"any_of", {1, 2}}}, {{"assignment", 3}, {"yes", true}, {"no", false}}}}}}};
  Json node = {
      {"node", "evaluate"},   {"inherited_failures", 0}, {"introduced_failures", 2},
      {"equality", "equal"},  {"complete_cut", false},   {"path_around", {"blocks.0.hook_mlp_out"}},
      {"has_evidence", true}, {"parents", {"tokens"}},   {"sites", {"logits"}},
      {"reads", {"logits"}},  {"h", programs},           {"alpha", operation},
      {"gamma", operation}};
  node["evidence"] = Json::array(
      {{{"statement", "waves"},
        {"value", {{"frequencies", {2}}, {"share", 0.9}, {"power", {0.1, 3.0, 0.2}}}},
        {"supports", true}},
       {{"statement", "neurons"},
        {"value", {{"by_frequency", {{"2", 5}}}, {"living", 9}, {"of_one_key_frequency", 5}}}}});
  const Json witness = {
      {"input", 7}, {"tokens", {1, 2, 3}}, {"network", {1, 0}}, {"interpretation", {0, 0}}};
  const Json row = {{"node", "evaluate"},
                    {"axiom", "PE"},
                    {"n", 100},
                    {"failures", 2},
                    {"rate", 0.02},
                    {"exact", false},
                    {"lower", 0.0},
                    {"upper", 0.1},
                    {"simultaneous_upper", 0.2},
                    {"claim", 0.1},
                    {"verdict", "undecided"},
                    {"because", "t"},
                    {"plain_equality", {{"n", 100}, {"failures", 3}, {"rate", 0.03}}},
                    {"witnesses", Json::array({witness})},
                    {"unrelated", {{"n", 25}, {"failures", 25}, {"rate", 1.0}}},
                    {"better_than_chance", true},
                    {"by_chance", false},
                    {"answers", Json::array()}};
  Json component = row, replaced = row;
  component["axiom"] = "CE";
  replaced["axiom"] = "PR";
  replaced["witnesses"][0].update({{"network", 0}, {"interpretation", -1}});
  Json replaced_component = replaced;
  replaced_component["axiom"] = "CR";
  Json report = validation_facts();
  report.update(
      {{"task", kTwoSat},
       {"objections",
        Json::array({{{"node", "sum"}, {"kind", "k"}, {"reason", "r"}, {"violates", "v"}}})},
       {"untested", Json::array({{{"node", ""}, {"text", "t"}}})},
       {"remarks", Json::array({{{"node", "sum"}, {"text", "t"}}})},
       {"nodes", Json::array({node})},
       {"rows", Json::array({row, component, replaced, replaced_component})},
       {"under", Json::array({{{"transformation", "swapped"},
                               {"help", "swaps"},
                               {"n", 8},
                               {"wrong", 1},
                               {"accuracy", 0.875},
                               {"rows", Json::array({row})}}})}});
  return report;
}

Json explanation() {
  Json report = head("explanation");
  report.update(
      {{"facts", {{"answer", "s"}}},
       {"tokens", {"(", "x0", ")"}},
       {"attention",
        {{{"head", "block 1, head 1"},
          {"shares", {{1.0, 0.0, 0.0}, {0.5, 0.5, 0.0}, {0.25, 0.5, 0.25}}}}}},
       {"features", Json::array({{{"name", "x0"}, {"positions", {0, 1}}}})},
       {"explanations",
        Json::array(
            {{{"method", "a"},
              {"scores", {-2.0}},
              {"standard_errors", {0.25}},
              {"readings", {{"other", {nullptr}}, {"value", {-2.0}}, {"importance", {0.5}}}},
              {"diagnostics", {{"mse", 0.1}, {"pairs", 3}, {"pairs_not_between", 1}}},
              {"rows", 3},
              {"seconds", 0.5}}})}});
  return report;
}

Json comparison() {
  const Json figure = {{"mean", 0.9}, {"interval", {0.8, 1.0}}, {"inputs", 1}};
  Json report = head("comparison");
  report.update(
      {{"task", kTask},
       {"features", "token"},
       {"confidence", 0.95},
       {"partial", false},
       {"summary",
        {{"methods", Json::array({{{"method", "good"},
                                   {"measures", {{"mus.auroc", figure}, {"soft.error", figure}}},
                                   {"rows", 3.0},
                                   {"seconds", 0.1},
                                   {"caveats", {{"inputs", 1}, {"first", "c"}}}}})},
         {"random", {{"mus.auroc", {0.4, 0.6}}}},
         {"leaders",
          {{"mus.auroc",
            {{"method", "good"},
             {"best", true},
             {"not_told_apart", Json::array()},
             {"differences",
              Json::array(
                  {{{"method", "other"}, {"mean", 0.2}, {"interval", {0.1, 0.3}}, {"inputs", 4}}})},
             {"above_chance", true}}}}}}},
       {"inputs", Json::array({{{"input", "3 + 4 ="},
                                {"right", true},
                                {"methods", Json::array({{{"method", "good"},
                                                          {"scores", {1.0, 0.0}},
                                                          {"measures", {{"mus.auroc", 0.9}}},
                                                          {"rows", 3},
                                                          {"seconds", 0.1}}})},
                                {"baselines", Json::array()},
                                {"references", Json::array({{{"name", "mus"},
                                                             {"values", {true, false}},
                                                             {"signed", false}}})}}})}});
  return report;
}

Json measurement() {
  const circuits::Rate rate{.hits = 7, .n = 32, .interval = {0.1, 0.4}};
  const Json row =
      to_json(circuits::Measures{.inputs = 32,
                                 .edges = 10,
                                 .of_edges = 56,
                                 .faithfulness = {.normalised = 0.3, .interval = {0.2, 0.4}},
                                 .agreement = rate,
                                 .empty_agreement = rate,
                                 .network_right = rate,
                                 .circuit_right = rate});
  const circuits::FaithfulnessCurve curve{
      .points = {{.share = 0.1, .edges = 1, .faithfulness = 0.5}}};
  const circuits::Finding finding{.claim = "c", .because = "b"};
  const circuits::HypothesisTests tests{
      .equivalence = circuits::Equivalence{.finding = finding},
      .minimality = circuits::MinimalityTest{.finding = finding, .edges = {{.edge = "m0->logits"}}},
      .sufficiency = circuits::AgainstRandom{.finding = finding, .random = {0.5}},
      .skipped = {"independence"}};
  Json report = head("measurement");
  report.update(
      {{"circuit", {{"path", "c.json"}, {"sha256", "00"}}},
       {"task", kTask},
       {"measures", {{"rows", {row, row}}}},
       {"curve", to_json(circuits::MibScores{.by_score = curve, .by_importance = curve})},
       {"interpretation",
        {{"path", "i.json"},
         {"components", {{"or", "m1"}}},
         {"not_mentioned", {"m0->logits"}},
         {"not_in_circuit", Json::array()}}},
       {"tests", interp::write_record(tests)},
       {"completeness", interp::write_record(circuits::Completeness{
                            .scale = 1, .sets = {{.edges = {"m0->logits"}, .circuit = 0.5}}})},
       {"minimality",
        interp::write_record(circuits::Minimality{.scale = 1, .edges = {{.edge = "m0->logits"}}})},
       {"stability", interp::write_record(circuits::Stability())}});
  return report;
}

Json discovery() {
  Json report = head("discovery");
  report.update(
      {{"method", "eap"},
       {"circuit", {{"path", "c.json"}, {"sha256", "00"}}},
       {"seconds", 0.5},
       {"edges",
        {{"m0->logits", {{"score", 0.5}, {"standard_error", nullptr}, {"in_graph", true}}}}}});
  return report;
}

Json circuit() {
  Json origin = head("circuit");
  origin.update({{"task", kTask}, {"positions", 0}, {"model_sha256", "00"}});
  return {
      {"cfg", {{"n_layers", 1}, {"n_heads", {2}}, {"d_model", 8}}},
      {"nodes", {{"m0", {{"in_graph", true}, {"neurons", {true}}}}}},
      {"edges",
       {{"m0->logits", {{"score", 0.5}, {"in_graph", true}}}, {"input->m0", {{"in_graph", true}}}}},
      {"assay", origin}};
}

Json derivation() {
  Json report = head("derivation");
  report.update(
      {{"task", kTwoSat},
       {"model", {{"path", "m"}, {"sha256", "00"}}},
       {"variant", "trees"},
       {"fitted_on", {{"part", "derive"}, {"seed", 0}, {"count", 9}, {"sha256", "11"}}},
       {"evidence",
        Json::array({{{"node", "or"}, {"statement", "s"}, {"value", 1}, {"supports", true}}})},
       {"interpretation", "i.json"}});
  return report;
}

/// The lines of a log, which is known by its name and states no kind.
Json training() {
  const MetricsLine begun{.progress = {.step = 1, .loss = 0.5, .accuracy = 0.9}, .accuracy = {}};
  const MetricsLine later{.progress = {.step = 2, .loss = 0.4, .accuracy = 0.95},
                          .accuracy = {.inputs = 100, .of = "inputs", .interval = {}}};
  return interp::write_record(std::vector{begun, later});
}

Json manifest() {
  ManifestRecord record;
  record.head = {.plan = {.task = kTask, .preset = "quick", .steps = 2, .seed = 1},
                 .finished = true};
  record.trained.task = kTask;
  record.trained.accuracy = Accuracy{.share = 0.5, .inputs = 10, .of = "inputs"};
  Json report = head("training");
  report.update(interp::write_record(record));
  return report;
}

Json mutation_table() {
  Json report = head("mutation-table");
  report["mutations"] = Json::array({{{"mutation", "shuffle"},
                                      {"seed", 1},
                                      {"title", "t; mutated: x"},
                                      {"caught", true},
                                      {"rows", Json::array({{{"node", "or"},
                                                             {"axiom", "PE"},
                                                             {"n", 128},
                                                             {"failures_before", 1},
                                                             {"failures", 100},
                                                             {"claim", 0.1},
                                                             {"caught", true},
                                                             {"first_failure", 3},
                                                             {"violated_after", 128}}})},
                                      {"objections", Json::array()}}});
  return report;
}

Json study() {
  Json report = head("study");
  report.update({{"variance", 2.5},
                 {"truth_rmse", 0.5},
                 {"mse", {{"constant", 2.5}, {"linear", 0.2}, {"slalom", 0.1}}},
                 {"repeated",
                  {{"word", "perfect"},
                   {"log_odds", Json::array({{{"times", 1}, {"network", 5.0}, {"truth", 1.5}},
                                             {{"times", 30}, {"network", 5.1}, {"truth", 45}}})}}},
                 {"recovery",
                  {{"rmse_value", 0.1},
                   {"rmse_importance", 0.2},
                   {"correlation_value", 0.99},
                   {"correlation_importance", 0.98}}}});
  return report;
}

Json sweep() {
  SweepRecord record;
  for (const char* folder : {"01-demo-seed-1", "02-demo-seed-2", "03-demo-seed-3"})
    record.runs.push_back({.folder = folder,
                           .recipe = "demo",
                           .plan = {.task = kTwoSat, .preset = "demo", .steps = 5},
                           .outcome = {},
                           .failed = {}});
  record.runs[0].outcome = SweptOutcome{
      .cpu_seconds = 2,
      .accuracy = Accuracy{.share = 0.75, .inputs = 100, .of = "fresh inputs", .draws = true},
      .accuracy_trained = {},
      .model_sha256 = "00"};
  record.runs[1].failed = "no space";
  Json report = head("sweep");
  report.update(interp::write_record(record));
  return report;
}

Json attack(bool found) {
  AttackRecord record;
  record.task = kTwoSat;
  record.model = {"m", "00"};
  record.row = "or.PE";
  record.domain = "sampled";
  record.runs = 9;
  record.climbs = 2;
  if (found) {
    record.input = "( x0 x1 ) ( x0 x1 ) ( x0 x1 ) ( x0 x1 ) :";
    record.right = "SAT";
    record.network = "UNSAT";
  } else {
    record.closest = {"( x0 x1 ) ( x0 x1 ) ( x0 x1 ) ( x0 x1 ) :", -0.25};
  }
  Json report = head("attack");
  report.update(interp::write_record(record));
  return report;
}

Json alignment() {
  const axioms::AlignmentCandidate candidate{.site = {.place = "blocks.0.hook_mlp_out"},
                                             .dimensions = 4,
                                             .explained = 0.9,
                                             .exchanged = {100, 2},
                                             .random = {100, 90},
                                             .untouched = {100, 99}};
  axioms::Alignment found{.node = "sum", .fitted = 64, .held_out = 100, .width = 7};
  found.sites = {{candidate.site, 0.9}, {{.place = "logits"}, -0.5}};
  found.candidates = {candidate, candidate};
  found.candidates.back().dimensions = 1;
  axioms::Alignment nowhere{.node = "half"};
  Json report = head("alignment");
  report.update({{"task", kTask},
                 {"model", {{"path", "m"}, {"sha256", "00"}}},
                 {"fitted_on", {{"part", "derive"}, {"seed", 0}, {"count", 9}, {"sha256", "11"}}},
                 {"nodes", {interp::write_record(found), interp::write_record(nowhere)}}});
  return report;
}

Json circuit_comparison() {
  Json report = head("circuit-comparison");
  report.update(interp::write_record(CircuitComparison{.a = {"a.json", 2},
                                                       .b = {"b.json", 1},
                                                       .shared = 1,
                                                       .jaccard = 0.5,
                                                       .correlation = 0.75,
                                                       .only_a = {"m0->logits"},
                                                       .only_b = {},
                                                       .truth = {}}));
  return report;
}

Json solution(bool satisfiable) {
  SolutionRecord record;
  record.formula = satisfiable ? "( x0 x1 ) :"
                               : "( x0 x1 ) ( Not(x0) x1 ) ( x0 x2 ) ( x0 Not(x1) ) "
                                 "( Not(x0) Not(x1) ) :";
  record.satisfiable = satisfiable;
  if (satisfiable)
    record.model = {true, false};
  else
    record.unsatisfiable_core = {0, 1, 3, 4};
  record.network = {.satisfiable = true, .logit_difference = 1.5};
  Json report = head("solution");
  report.update(interp::write_record(record));
  return report;
}

Json proofs() {
  ProofsRecord record{.title = "t",
                      .task = kTwoSat,
                      .model = {"m", "00"},
                      .interpretation = {{"i", "11"}, "t"},
                      .domain = {"d", "every input", "1.05e16", "r"},
                      .certificate = "c.json",
                      .statements = {},
                      .rows = {{.rows = {"or.PE", "or.CE"}, .never = true, .because = "suffix"}}};
  record.statements.resize(2);
  StatementRecord &cases = record.statements[0], &whole = record.statements[1];
  cases.statement = "node = program";
  cases.node = "parse";
  cases.verdict = "refuted";
  cases.words = "w";
  cases.margin = 0.5;
  cases.cpu_seconds = 0.1;
  cases.cases.emplace(
      2,
      CaseRecord{.position = 1, .text = "x0", .verdict = "proved", .margin = 0.5, .closest = "i"});
  cases.cases->back() = {
      .position = 1, .text = "x1", .verdict = "open", .margin = {}, .closest = {}};
  cases.float32 = {.error = 0.01, .words = "f"};
  cases.input = "i";
  cases.network = cases.right = "SAT";
  whole.statement = "suffix";
  whole.verdict = "proved";
  whole.words = "w";
  whole.closest = "i";
  whole.proof = Json::object({{"least_margin", 0.25}});
  Json report = head("proofs");
  report.update(interp::write_record(record));
  return report;
}

std::vector<Json> reports() {
  return {validation(),   explanation(),   comparison(),  measurement(), discovery(),
          circuit(),      training(),      derivation(),  manifest(),    mutation_table(),
          study(),        attack(true),    attack(false), alignment(),   circuit_comparison(),
          solution(true), solution(false), proofs(),      sweep()};
}

/// Every place in a value, the value itself first.
std::vector<Json::json_pointer> places_in(const Json& value,
                                          const Json::json_pointer& from = Json::json_pointer()) {
  std::vector<Json::json_pointer> places = {from};
  const auto add = [&](const Json& part, const Json::json_pointer& at) {
    for (auto& place : places_in(part, at)) places.push_back(std::move(place));
  };
  if (value.is_array())
    for (size_t i = 0; i < value.size(); ++i) add(value[i], from / i);
  if (value.is_object())
    for (const auto& [name, part] : value.items()) add(part, from / name);
  return places;
}

constexpr const char* kDeep = "@deep@";

std::string with_deep_nesting(std::string text) {
  const std::string word = fmt::format("\"{}\"", kDeep);
  const size_t at = text.find(word);
  if (at == text.npos) return text;
  return text.replace(at, word.size(), std::string(100'000, '[') + std::string(100'000, ']'));
}

class ReportShapes : public interp::Scratch {
 protected:
  std::string page_or_refusal(const std::string& text, const char* name = "r.json") const {
    const auto path = put(name, text);
    return message_of([&] { page_of({read_run(path)}); });
  }
  /// The same of a report, or of the lines of a log.
  std::string page_or_refusal(const Json& original, const Json& changed) const {
    if (original.is_object()) return page_or_refusal(with_deep_nesting(changed.dump()));
    std::string text;
    for (const Json& line : changed) text += with_deep_nesting(line.dump()) + "\n";
    return page_or_refusal(text, "r.jsonl");
  }
};

TEST_F(ReportShapes, FitWhatCommandsWrite) {
  for (const Json& report : reports()) EXPECT_EQ(page_or_refusal(report, report), "");
}

TEST_F(ReportShapes, NeedAKind) {
  for (Json report : reports()) {
    if (!report.contains("kind")) continue;  // a log, or a circuit
    report.erase("kind");
    EXPECT_THAT(page_or_refusal(report.dump()),
                testing::AllOf(HasSubstr("field 'kind': is missing"),
                               HasSubstr("written by an earlier version")));
    report.update({{"kind", "list"}, {"schema", 1}});  // whatever its members look like
    EXPECT_THAT(page_or_refusal(report.dump()), HasSubstr("no page about records of the kind"));
  }
  const Json endless = {{"kind", std::string(50'000'000, 'k')}, {"schema", 1}};
  EXPECT_THAT(page_or_refusal(endless.dump()), HasSubstr("unknown kind of record 'kkk"));
  Json other = circuit();
  other["assay"]["kind"] = "list";
  EXPECT_THAT(page_or_refusal(other.dump()), HasSubstr("expected \"circuit\""));
}

// Sections read without a doubt: what is not refused must be what they rely on.
TEST_F(ReportShapes, RefuseInOneLineWhatCannotBecomeAPage) {
  const Json replacements[] = {
      nullptr,   Json::array(), Json::object(), "",         "text",    true,      -1,
      0,         0.5,           1e300,          5e-324,     kDeep,     INT64_MAX, UINT64_MAX,
      {nullptr}, {{"x", 1}},    {{{"x", 1}}},   {0.1, 0.2}, {"a", "b"}};
  int64_t refused = 0;
  for (const Json& report : reports()) {
    for (const Json::json_pointer& place : places_in(report)) {
      std::vector<Json> changed(std::size(replacements), report);
      for (size_t i = 0; i < changed.size(); ++i) changed[i][place] = replacements[i];
      if (!place.empty()) {  // and once without it
        changed.push_back(report);
        Json& parent = changed.back()[place.parent_pointer()];
        if (parent.is_object())
          parent.erase(place.back());
        else
          parent.erase(std::stoul(place.back()));
      }
      for (const Json& json : changed) {
        const std::string message = page_or_refusal(report, json);
        refused += !message.empty();
        ASSERT_EQ(message.find('\n'), message.npos) << place << ": " << message;
        ASSERT_LT(message.size(), 2000u) << place << ": " << message;
        ASSERT_TRUE(message.empty() || message.starts_with(at("r.json").string())) << message;
        ASSERT_THAT(message, testing::Not(HasSubstr("json.exception"))) << place << ": " << message;
      }
    }
  }
  EXPECT_GT(refused, 1000);
}

TEST_F(ReportShapes, NameTheField) {
  const auto refusal = [&](Json report, const char* place, const Json& value) {
    report[Json::json_pointer(place)] = value;
    return page_or_refusal(report.dump());
  };
  const std::string start = at("r.json").string() + ": not a whole report: field ";
  EXPECT_EQ(refusal(validation(), "/rows", Json::array()),
            start + "'rows': expected a list of at least 1 objects, found an empty list");
  EXPECT_EQ(refusal(validation(), "/rows/0/rate", nullptr),
            start + "'rows[0].rate': expected a number from 0 to 1, found null");
  EXPECT_EQ(refusal(measurement(), "/measures/rows/1/agreement/interval", Json::array()),
            start +
                "'measures.rows[1].agreement.interval': expected a list of 2 numbers or null, "
                "found an empty list");
  Json without_task = validation();
  without_task["task"] = nullptr;
  EXPECT_THAT(page_or_refusal(without_task.dump()), HasSubstr("field 'task': expected an object"));
  EXPECT_THAT(refusal(validation(), "/rows/0/witnesses/0/tokens", {1, 99}),
              HasSubstr("the tokens of a witness: field '[1]': expected a whole number from 0"));
  EXPECT_THAT(refusal(explanation(), "/features/0/positions", {0, 3}),
              HasSubstr("field 'features[0].positions': no token 3"));
  EXPECT_THAT(refusal(validation(), "/data", {{"part", "test"}, {"seed", 1e308}}),
              HasSubstr("field 'data.seed': expected a whole number from 0"));
}

TEST_F(ReportShapes, NameTheVersionOfAReportThatAnotherAssayWrote) {
  Json report = validation();
  report.erase("scope");  // as the first version wrote it
  report["schema"] = 1;
  EXPECT_THAT(
      page_or_refusal(report.dump()),
      HasSubstr("schema 1: an earlier version of assay wrote this validation, this one reads "
                "schema 4; validate again"));
  report["schema"] = 5;
  EXPECT_THAT(page_or_refusal(report.dump()), HasSubstr("schema 5: a later version of assay"));
}

// Hashing a device never ends, and opening a pipe waits for somebody to write into it.
TEST_F(ReportShapes, LookOnlyAtRegularFilesThatReportsName) {
  mkfifo(at("pipe").c_str(), 0600);
  for (const std::string& path : {std::string("/dev/zero"), at("pipe").string()}) {
    Json report = validation();
    report["model"]["path"] = report["interpretation"]["path"] = path;
    EXPECT_EQ(read_run(put("r.json", report.dump())).no_subject, path + " is no regular file");
    report = measurement();
    report["circuit"]["path"] = path;
    const page::Run run = read_run(put("r.json", report.dump()));
    EXPECT_THAT(circuit_section(run)->blocks.dump(), HasSubstr("expected a regular file"));
  }
}

// Graphviz was left with what its first context had taken down.
TEST_F(ReportShapes, TwoDrawingsStandOnOnePage) {
  const page::Run run = read_run(put("r.json", circuit().dump()));
  Json other = circuit();
  other["edges"]["input->m0"]["score"] = 2;
  const Page drawn = page_of(
      {run, read_run(put("s.json", other.dump())), read_run(put("v.json", validation().dump()))});
  int drawings = 0;
  for (const Section& section : drawn.sections)
    for (const Json& block : section.blocks)
      drawings += block.value("html", "").find("class=\"circuit\"") != std::string::npos;
  EXPECT_EQ(drawings, 2);
}

/// Every text of the record that may be another one is: `text`. What a page refuses stays.
Json with_texts(const Json& report, const std::string& text,
                const std::function<bool(const Json&)>& becomes_a_page) {
  Json changed = report;
  for (const Json::json_pointer& place : places_in(report)) {
    if (!report[place].is_string()) continue;
    const Json before = changed[place];
    changed[place] = text;
    if (!becomes_a_page(changed)) changed[place] = before;
  }
  return changed;
}

TEST_F(ReportShapes, EveryTextOfEveryKindStaysText) {
  const std::string hostile = "</script><b id=hostile>\"'><!--&lt;i&gt;{{data}}";
  for (const Json& report : reports()) {
    const auto refusal = [&](const Json& changed) { return page_or_refusal(report, changed); };
    const Json changed =
        with_texts(report, hostile, [&](const Json& tried) { return refusal(tried).empty(); });
    EXPECT_NE(changed, report);
    ASSERT_EQ(refusal(changed), "");
    const std::string html =
        html_of(page_of({read_run(at(report.is_object() ? "r.json" : "r.jsonl"))}));
    EXPECT_THAT(html, testing::Not(HasSubstr("<b id"))) << changed;
    EXPECT_THAT(html, testing::Not(HasSubstr("\"'>"))) << changed;
  }
}

// A record of this kind may be right in every member, and wrong as a whole.
TEST_F(ReportShapes, RefuseRecordsThatContradictThemselves) {
  const auto refusal = [&](Json report, const char* place, const Json& value) {
    report[Json::json_pointer(place)] = value;
    return page_or_refusal(report.dump());
  };
  EXPECT_THAT(refusal(solution(true), "/model", {false, false}),
              HasSubstr("field 'model': does not satisfy ( x0 x1 )"));
  EXPECT_THAT(refusal(solution(false), "/unsatisfiable_core", {0, 1, 2}),
              HasSubstr("field 'unsatisfiable_core': these clauses do not contradict"));
  EXPECT_THAT(refusal(solution(false), "/unsatisfiable_core", {9}), HasSubstr("no clause 9"));
  EXPECT_THAT(refusal(solution(false), "/formula", "( x0 )"), HasSubstr("column"));
  EXPECT_THAT(refusal(circuit_comparison(), "/shared", 2), HasSubstr("field 'a.edges'"));
  EXPECT_THAT(refusal(alignment(), "/nodes/0/candidates/0/exchanged/failures", 101),
              HasSubstr("101 failures of 100 pairs"));
  EXPECT_THAT(refusal(explanation(), "/attention/0/shares/1", {1.0, 0.0}),
              HasSubstr("field 'attention[0].shares': expected as many as there are tokens, 3"));
  EXPECT_THAT(refusal(attack(true), "/row", "or"), HasSubstr("expected `answer` or NODE.PE"));
}

// Bounds that stand in a record are not believed.
TEST_F(ReportShapes, AlignmentsAreToldByTheirCounts) {
  Json report = alignment();
  report["nodes"][0]["found"] = false;
  report["nodes"][0]["candidates"][0]["accuracy_lower"] = 0.999;
  const std::string html = html_of(page_of({read_run(put("r.json", report.dump()))}));
  EXPECT_THAT(html, HasSubstr("The place of <b>sum</b> is what the hidden neurons of block 1 add"));
  EXPECT_THAT(html, testing::Not(HasSubstr("99.9%")));
}

// Of four clauses over two variables both suppositions end in a contradiction.
TEST_F(ReportShapes, ContradictionsAreArguedFor) {
  const std::string html = html_of(page_of({read_run(put("r.json", solution(false).dump()))}));
  EXPECT_THAT(html, HasSubstr("Suppose x0 is true."));
  EXPECT_THAT(html, HasSubstr("Suppose x0 is false."));
  size_t contradictions = 0;
  for (size_t at = 0; (at = html.find(": a contradiction.", at)) != html.npos; ++at)
    ++contradictions;
  EXPECT_EQ(contradictions, 2u);
}

TEST_F(ReportShapes, KindsWithoutAPageSayWhatToUse) {
  for (const RecordKind& kind : record_kinds()) {
    if (kind.page) continue;
    EXPECT_NE(kind.instead, "") << kind.name;
    const Json report = {{"kind", kind.name}, {"schema", kind.schema}};
    EXPECT_THAT(page_or_refusal(report.dump()),
                HasSubstr("no page about records of the kind " + kind.name + ": " + kind.instead));
  }
}

TEST_F(ReportShapes, TextsOfReportsStayText) {
  const std::string hostile = "</script><img src=x onerror=alert(1)>\"&lt;b&gt;";
  Json report = validation();
  report["title"] = hostile;
  report["nodes"][0]["node"] = hostile;
  for (Json& row : report["rows"]) row["node"] = hostile;
  report["nodes"][0]["parents"] = {hostile};
  const Page hostile_page = page_of({read_run(put("r.json", report.dump()))});
  EXPECT_THAT(html_of(hostile_page), testing::Not(HasSubstr("<img src=x")));
  for (const Section& section : hostile_page.sections)
    for (const Json& block : section.blocks)
      EXPECT_THAT(block.value("svg", ""), testing::Not(HasSubstr("<img")));
}

}  // namespace report_shapes_test
}  // namespace assay::tools::page
