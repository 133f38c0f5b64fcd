// False claims about the shipped 2-SAT network, made by editing a true interpretation. Every rate
// that is claimed holds by its numbers; none of the claims may end as `holds`.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <filesystem>
#include <functional>
#include <numeric>

#include "axioms/report.h"
#include "circuits/interpretation/composition.h"
#include "circuits/interpretation/interpretation_file.h"
#include "interp/adapters/model_file.h"
#include "tasks/registry.h"
#include "tasks/subject.h"
#include "tests/interp/scratch.h"

namespace assay::tasks {
namespace forged_test {

using axioms::Axiom;
using axioms::Report;
using axioms::Verdict;
using circuits::Interpretation;
using circuits::Node;
using circuits::Operation;
using interp::message_of;
using interp::Site;
using nlohmann::json;
using testing::HasSubstr;

constexpr int64_t kInputs = 1024;

Node& node(Interpretation& interpretation, const std::string& name) {
  for (Node& candidate : interpretation.nodes)
    if (candidate.name == name) return candidate;
  throw std::out_of_range(name);
}

class Forged : public interp::Scratch {
 protected:
  Forged() {
    const auto folder = std::filesystem::path(ASSAY_SOURCE) / "tasks/two_sat/reference";
    model = interp::load_model(folder / "model.safetensors");
    truth =
        circuits::load_interpretation(folder / "trees.json", model.model->places()).interpretation;
    task = task_from_json(truth.task);
    inputs = [this](int64_t first, int64_t n) {
      return task->sample(Part::Test, 1, first, n).tokens;
    };
  }

  /// Validated as the command does, with a claim on every row that its rate on these inputs
  /// supports.
  Report validated(const Interpretation& interpretation) const {
    const circuits::Program program =
        circuits::compile(interpretation, all_operations(), model.model->places());
    const axioms::Experiment experiment{*model.model, program, task->decision()};
    axioms::Vacuity vacuity = axioms::vacuity(experiment, inputs, kInputs);
    const auto result = axioms::check(experiment, inputs, {.inputs = kInputs});
    axioms::add_readings(vacuity, experiment, result.readings);
    std::vector<axioms::Claim> claims;
    for (const axioms::NodeResult& one : result.nodes)
      for (const Axiom axiom : axioms::kAxioms)
        if (one[axiom].estimate.rate() < 0.1) claims.push_back({one.node, axiom, 0.15});
    Report report = axioms::make_report(interpretation, result, claims, 0.95, *model.model,
                                        task->readout(), axioms::Scope::Distribution);
    axioms::add_vacuity(report, vacuity);
    return report;
  }

  static bool any(const Report& report, Verdict verdict) {
    return std::ranges::any_of(report.rows,
                               [&](const auto& row) { return row.verdict == verdict; });
  }
  /// Not one row of the node holds, though some would by their numbers.
  static void expect_nothing_holds(const Report& report, const std::string& name) {
    int64_t claimed = 0;
    for (const axioms::ReportRow& row : report.rows) {
      if (row.node != name || !row.verdict) continue;
      ++claimed;
      EXPECT_NE(row.verdict, Verdict::Holds) << row.node << "." << to_string(row.axiom);
    }
    EXPECT_GT(claimed, 0) << name;
    EXPECT_NE(axioms::exit_code(report), 0);
  }
  static std::vector<std::string> kinds(const Report& report) {
    std::vector<std::string> all;
    for (const axioms::Objection& objection : report.objections)
      all.push_back(objection.node + ": " + objection.kind);
    return all;
  }

  /// Every formula is decided alike by these programs.
  static json constant_programs(size_t n, bool value) { return json(std::vector<bool>(n, value)); }

  interp::LoadedModel model;
  Interpretation truth;
  std::unique_ptr<Task> task;
  axioms::Inputs inputs;
};

TEST_F(Forged, NothingIsSaidAgainstTheTrueOne) {
  const Report report = validated(truth);
  EXPECT_THAT(kinds(report), testing::IsEmpty());
  EXPECT_THAT(report.untested, testing::IsEmpty());
  EXPECT_TRUE(any(report, Verdict::Holds));
  EXPECT_EQ(axioms::exit_code(report), 0);
  // What is written at every node decides: its sites are complete cuts.
  for (const axioms::ReportNode& one : report.nodes) {
    ASSERT_TRUE(one.grip.has_value());
    EXPECT_GT(one.grip->followed, 0.8 * one.grip->pairs) << one.name;
  }
}

TEST_F(Forged, AConstantDecision) {
  const int64_t unsat = task->answers().at(0);
  node(truth, "or").alpha.parameters["tokens"] = {unsat, unsat};
  Node& evaluate = node(truth, "evaluate");
  const size_t neurons = evaluate.h.parameters.at("programs").size();
  evaluate.h.parameters["programs"] = constant_programs(neurons, false);
  evaluate.alpha.tensors["thresholds"].fill_(1e30);
  const Report report = validated(truth);
  EXPECT_THAT(kinds(report), testing::Contains("or: another decision"));
  for (const char* name : {"parse", "evaluate", "or"}) expect_nothing_holds(report, name);
}

TEST_F(Forged, AnOutputThatReadsElsewhere) {
  Node& output = node(truth, "or");
  output.sites = output.reads = {interp::parse_site("logits[pos=39]", model.model->places())};
  EXPECT_THAT(message_of([&] { validated(truth); }), HasSubstr("expected logits[pos=40]"));
}

TEST_F(Forged, AValueReadBehindItsSites) {
  node(truth, "evaluate").sites = node(truth, "parse").sites;
  EXPECT_THAT(message_of([&] { validated(truth); }), HasSubstr("outside of the node's sites"));
}

TEST_F(Forged, TheWholeProgramBesideTrueNodesThatItDoesNotUse) {
  const Operation whole = circuits::chain(circuits::functions_after(truth, circuits::kTokens));
  node(truth, "or").h = whole;
  node(truth, "or").parents = {circuits::kTokens, "evaluate"};
  expect_nothing_holds(validated(truth), "or");
  node(truth, "or").parents = {circuits::kTokens};
  expect_nothing_holds(validated(truth), "or");
}

TEST_F(Forged, DecorationThatIsTrueAndUseless) {
  Node conscience = node(truth, "evaluate");
  conscience.name = "conscience";
  for (auto* sites : {&conscience.sites, &conscience.reads})
    for (Site& site : *sites) site.positions = {3};
  const size_t neurons = conscience.h.parameters.at("programs").size();
  conscience.h.parameters["programs"] = constant_programs(neurons, true);
  conscience.alpha.tensors["thresholds"].fill_(-1);
  truth.nodes.push_back(conscience);
  const Report report = validated(truth);
  EXPECT_THAT(kinds(report),
              testing::IsSupersetOf({"conscience: dead site", "conscience: no part"}));
  expect_nothing_holds(report, "conscience");
}

TEST_F(Forged, ANodeAgainUnderAnotherName) {
  Node again = node(truth, "parse");
  again.name = "parse_again";
  truth.nodes.push_back(again);
  expect_nothing_holds(validated(truth), "parse_again");
}

// One neuron is the answer, 47 never fire; by their effect on the answer all values are right.
TEST_F(Forged, OneNeuronThatDecides) {
  Node& evaluate = node(truth, "evaluate");
  const size_t neurons = evaluate.h.parameters.at("programs").size();
  json programs = constant_programs(neurons, false);
  std::vector<int64_t> assignments(32);
  std::iota(assignments.begin(), assignments.end(), 0);
  programs[0] = {{"any_of", assignments}};
  evaluate.h.parameters["programs"] = programs;
  evaluate.gamma.tensors["on"] = evaluate.gamma.tensors["on"].clone();
  evaluate.gamma.tensors["on"][0] = 100;
  evaluate.equality.name = "downstream";
  const Report report = validated(truth);
  EXPECT_EQ(report.rows[4].axiom, Axiom::PE);
  ASSERT_TRUE(report.rows[4].plain.has_value());
  EXPECT_GT(report.rows[4].plain->rate(), 0.4);  // as values, nearly every satisfiable one differs
  EXPECT_THAT(kinds(report), testing::Contains("evaluate: weak equality"));
  expect_nothing_holds(report, "evaluate");
  EXPECT_THAT(axioms::verdict_sentence(report), HasSubstr("Values of evaluate are compared by"));
}

// A claim about one neuron of 48: true of it, and the rest of the network goes on without it.
TEST_F(Forged, OneNeuronOfMany) {
  Node& evaluate = node(truth, "evaluate");
  const json program = evaluate.h.parameters.at("programs").at(0);
  evaluate.h.parameters["programs"] = json::array({program});
  evaluate.reads[0].neurons.resize(1);
  evaluate.sites = evaluate.reads;
  evaluate.alpha.tensors["thresholds"] = evaluate.alpha.tensors["thresholds"].narrow(0, 0, 1);
  evaluate.gamma = {
      .name = "write_linear",
      .parameters = json::object(),
      .tensors = {{"weight", evaluate.gamma.tensors["on"].narrow(0, 0, 1).view({1, 1})},
                  {"bias", torch::zeros({1})},
                  {"constant", torch::zeros({1, 1})}}};
  // write_linear also writes a constant; a site at which nobody looks takes it.
  evaluate.sites.push_back(
      interp::parse_site("blocks.1.mlp.hook_post[pos=3;neuron=0]", model.model->places()));
  const Report report = validated(truth);
  expect_nothing_holds(report, "evaluate");
}

// Shorter formulas are easier; the network was made for those of ten clauses.
// Rounded to thousands of millions, all values would be equal.
TEST_F(Forged, AnEqualityThatCallsEverythingEqual) {
  Interpretation forged = truth;
  node(forged, "evaluate").equality = {
      .name = "equal_rounded", .parameters = {{"decimals", -9}}, .tensors = {}};
  EXPECT_THAT(message_of([&] { validated(forged); }), HasSubstr("expected decimals in [0, 10)"));
}

TEST_F(Forged, AnotherDistribution) {
  truth.task["settings"]["min_clauses"] = 1;
  circuits::save_interpretation(truth, at("easy.json"));
  const auto folder = std::filesystem::path(ASSAY_SOURCE) / "tasks/two_sat/reference";
  EXPECT_THAT(message_of([&] { load_subject(folder / "model.safetensors", at("easy.json")); }),
              HasSubstr("but the network was made for"));
}

TEST_F(Forged, InputsOfOneAnswer) {
  inputs = [this](int64_t, int64_t n) {
    return task->sample(Part::Test, 1, 0, 1).tokens.expand({n, -1}).contiguous();
  };
  const Report report = validated(truth);
  EXPECT_FALSE(any(report, Verdict::Holds));
  EXPECT_EQ(axioms::exit_code(report), 3);
  EXPECT_THAT(axioms::verdict_sentence(report), HasSubstr("could not be tested"));
}

TEST_F(Forged, ANetworkWithoutADecision) {
  const at::NoGradGuard no_grad;
  model.model->W_U().fill_(3e38);
  EXPECT_THAT(message_of([&] { validated(truth); }), HasSubstr("no decision"));
}

}  // namespace forged_test
}  // namespace assay::tasks
