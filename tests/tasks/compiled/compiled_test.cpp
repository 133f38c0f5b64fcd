// Compiled networks compute their programs on every input, and what is said of them is so.

#include "tasks/compiled/compiled.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <torch/types.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "axioms/checker.h"
#include "axioms/proofs/prove.h"
#include "axioms/vacuity.h"
#include "circuits/components/circuit.h"
#include "circuits/components/patching.h"
#include "circuits/discovery/discovery.h"
#include "tasks/compiled/built_in.h"
#include "tasks/compiled/compiler.h"
#include "tasks/compiled/reading.h"
#include "tests/tasks/conformance.h"

namespace assay::tasks::compiled {
namespace compiled_test {

using at::Tensor;
using axioms::Axiom;
using nlohmann::ordered_json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;
using Symbols = std::vector<std::string>;

/// What the programs are said to compute, written down a second time.
std::string right_answer(const std::string& program, const Symbols& input) {
  const auto& last = input.back();
  const auto occurs = std::ranges::count(input, last);
  if (program == "histogram") return occurs % 2 == 1 ? "odd" : "even";
  if (program == "reverse") return input[5 - std::stoul(last)];
  if (program == "rank") {
    Symbols sorted = input;
    std::ranges::sort(sorted);
    return fmt::format("#{}", std::ranges::upper_bound(sorted, last) - sorted.begin());
  }
  const auto first = std::ranges::count(input, program == "majority" ? "0" : "(");
  const auto second = std::ranges::count(input, program == "majority" ? "1" : ")");
  if (program == "majority") return first > second ? "0" : first < second ? "1" : "tie";
  int depth = 0, least = 0;
  for (const std::string& symbol : input) least = std::min(least, depth += symbol == "(" ? 1 : -1);
  return least < 0 ? "invalid" : fmt::to_string(depth);
}

struct Network {
  ordered_json json;
  Program program;
  std::unique_ptr<Task> task;
  std::shared_ptr<interp::Transformer> model;
  Domain domain;
};

const Network& network(const std::string& name) {
  static std::map<std::string, Network> made;
  if (!made.contains(name)) {
    const ordered_json json = built_in_program(name);
    const Program program = program_from_json(json);
    auto task = make_task(kTask, {{"program", name}});
    Domain domain = task->need<FiniteDomain>().all();
    made[name] = {json, program, std::move(task), compile(program), std::move(domain)};
  }
  return made.at(name);
}

Tensor logits(const Network& of, const interp::Transformer& model) {
  const at::NoGradGuard no_grad;
  const interp::Site site = of.task->decision().site(model);
  return model.trace(of.domain.inputs.tokens, {.record = {site}}).at(0).select(1, 0);
}

/// Of the right answer, above the best of the others.
Tensor margins(const Network& of, const interp::Transformer& model) {
  const Tensor all = logits(of, model), label = of.domain.inputs.labels.unsqueeze(1);
  const Tensor others = all.scatter(1, label, -1e9f);
  return all.gather(1, label).squeeze(1) - others.amax(1);
}

class Programs : public testing::TestWithParam<std::string> {
 protected:
  static const Network& net() { return network(GetParam()); }
};

INSTANTIATE_TEST_SUITE_P(BuiltIn, Programs, testing::ValuesIn(built_in_programs()));

TEST_P(Programs, AnswerEveryInputAsTheyAreSaidTo) {
  const std::map<std::string, int64_t> sizes = {{"histogram", 4096},
                                                {"reverse", 5120},
                                                {"rank", 3125},
                                                {"dyck-depth", 1024},
                                                {"majority", 2187}};
  const auto [tokens, labels, readouts] = net().domain.inputs;
  ASSERT_EQ(tokens.size(0), sizes.at(GetParam()));
  for (int64_t i = 0; i < tokens.size(0); ++i) {
    Symbols input;
    for (int64_t p = 1; p < tokens.size(1); ++p)
      input.push_back(net().task->token_name(tokens[i][p].item<int64_t>()));
    ASSERT_EQ(net().task->token_name(labels[i].item<int64_t>()), right_answer(GetParam(), input))
        << net().task->to_text(tokens[i]);
  }
}

TEST_P(Programs, AreComputedByTheirNetworksOnEveryInput) {
  EXPECT_GT(margins(net(), *net().model).min().item<double>(), 9.99);
}

TEST_P(Programs, AreProvedOfTheirNetworks) {
  const at::NoGradGuard no_grad;
  const auto interpretation = interpretation_of(GetParam(), /*rival=*/false);
  const circuits::Program program =
      circuits::compile(interpretation, all_operations(), net().model->places());
  const Specification& known = net().task->need<Specification>();
  const auto statements = proofs::prove({.network = *net().model,
                                         .interpretation = interpretation,
                                         .program = program,
                                         .specified = known.domains.at(0),
                                         .knowledge = known.knowledge,
                                         .answers = net().task->answers()},
                                        {});
  ASSERT_FALSE(statements.empty());
  EXPECT_EQ(statements.front().verdict, proofs::Verdict::Proved) << statements.front().words;
  EXPECT_EQ(statements.back().verdict, proofs::Verdict::Proved) << statements.back().words;
  EXPECT_EQ(statements.back().proof.at("inputs"), net().domain.inputs.tokens.size(0));
  EXPECT_GT(statements.back().proof.at("least_margin").get<double>(), 8);
}

/// Failures of each axiom at each node over all inputs.
axioms::CheckResult checked(const Network& of, bool rival) {
  const at::NoGradGuard no_grad;
  const auto interpretation = interpretation_of(of.program.name, rival);
  const circuits::Program program =
      circuits::compile(interpretation, all_operations(), of.model->places());
  return axioms::check(
      {*of.model, program, of.task->decision()},
      [&](int64_t first, int64_t n) { return of.domain.inputs.tokens.narrow(0, first, n); },
      {.inputs = of.domain.inputs.tokens.size(0)});
}

TEST_P(Programs, HoldWithoutAFailureAndTheirRivalsDoNot) {
  for (const auto& node : checked(net(), false).nodes)
    for (const Axiom axiom : {Axiom::PE, Axiom::CE, Axiom::PR, Axiom::CR})
      EXPECT_EQ(node[axiom].estimate.rate(), 0);
  double worst = 0;
  for (const auto& node : checked(net(), true).nodes)
    worst = std::max(worst, node[Axiom::PE].estimate.rate());
  EXPECT_GT(worst, .05);
}

TEST_P(Programs, SaySomething) {
  const at::NoGradGuard no_grad;
  const auto interpretation = interpretation_of(GetParam(), false);
  const circuits::Program program =
      circuits::compile(interpretation, all_operations(), net().model->places());
  const auto vacuity = axioms::vacuity(
      {*net().model, program, net().task->decision()},
      [&](int64_t first, int64_t n) { return net().domain.inputs.tokens.narrow(0, first, n); },
      net().domain.inputs.tokens.size(0), /*exhaustive=*/true);
  for (const axioms::Objection& objection : vacuity.objections)
    ADD_FAILURE() << objection.node << ": " << objection.kind << ": " << objection.reason;
  for (const axioms::Remark& remark : vacuity.untested)
    ADD_FAILURE() << remark.node << ": " << remark.text;
}

/// All inputs with their partners.
circuits::Counterfactuals all_pairs(const Network& of) {
  return of.task->counterfactuals(Part::Derive, /*seed=*/0, 0, of.domain.inputs.tokens.size(0));
}

TEST_P(Programs, AreTheWorkOfTheirTrueEdgesWhateverTheOthersCarry) {
  const at::NoGradGuard no_grad;
  const circuits::ComponentGraph graph(net().model->places());
  const Tensor edges = true_edges(net().program, graph);
  EXPECT_TRUE(circuits::on_a_path(graph, edges).equal(edges));
  const circuits::Counterfactuals data = all_pairs(net()).slice(0, 512);
  for (const std::string ablation : {"pair", "shuffle", "mean", "zero"}) {
    const circuits::Experiment experiment{.model = *net().model,
                                          .graph = graph,
                                          .data = data,
                                          .readout = net().task->readout(),
                                          .ablation = ablation};
    const auto batch = circuits::make_batch(experiment, experiment.ablator(), 0, data.size());
    const Tensor kept = circuits::run_circuit(experiment, batch, edges.to(torch::kFloat32));
    EXPECT_LT((kept - batch.network).abs().max().item<double>(), 1e-3) << ablation;
  }
}

TEST_P(Programs, UseNoEdgeButTheTrueOnesByTheirWeightsAndByTheirEffects) {
  const at::NoGradGuard no_grad;
  const circuits::ComponentGraph graph(net().model->places());
  const Tensor edges = true_edges(net().program, graph);
  const Tensor connected = connected_edges(*net().model, graph);
  EXPECT_FALSE((edges & connected.logical_not()).any().item<bool>());
  const circuits::Counterfactuals data = all_pairs(net());
  for (const std::string ablation : {"pair", "zero"}) {
    const circuits::EdgeScores scores = circuits::score_edges({.model = *net().model,
                                                               .graph = graph,
                                                               .data = data,
                                                               .readout = net().task->readout(),
                                                               .ablation = ablation},
                                                              {.method = "largest"});
    const Tensor matters = scores.mean.gt(1e-3);
    EXPECT_FALSE((matters & edges.logical_not()).any().item<bool>()) << ablation;
    EXPECT_TRUE(matters.any().item<bool>());
    EXPECT_TRUE(ablation != "zero" || matters.equal(edges));
  }
}

TEST_P(Programs, AreTasks) {
  const Task& task = *net().task;
  expect_samples_of_the_right_shape_and_range(task);
  expect_slices_of_one_stream(task);
  expect_texts_that_can_be_read_back(task);
  const auto again = task_from_json(nlohmann::json::parse(task.to_json().dump()));
  EXPECT_EQ(again->to_json(), task.to_json());
  const int64_t n = net().domain.inputs.tokens.size(0);
  const Tensor seen = task.sample(Part::Derive, 3, n, n).tokens;
  EXPECT_EQ(std::get<0>(at::unique_dim(seen, 0)).size(0), n);  // each input once
  const circuits::Counterfactuals pairs = all_pairs(net()).slice(0, 200);
  const Tensor answers = task.need<Truth>().answers(pairs.corrupt);
  EXPECT_TRUE(pairs.wrong.gather(1, answers.unsqueeze(1)).all().item<bool>());
  EXPECT_FALSE((pairs.wrong & pairs.right).any().item<bool>());
}

TEST_P(Programs, AreComputedAtEverySharpnessThatIsHighEnough) {
  EXPECT_GT(margins(net(), *compile(net().program, 25)).min().item<double>(), 9);
  EXPECT_THAT(
      [] { compile(net().program, 3); },
      ThrowsMessage<std::invalid_argument>(HasSubstr("sharpness: expected 4 to 80, got 3")));
}

std::vector<std::string> relevant(const std::string& program, const std::string& input,
                                  const std::string& what) {
  const Task& task = *network(program).task;
  const Tensor tokens = task.to_tokens(input);
  const interp::attribution::Sequence sequence(tokens.data_ptr<int64_t>(),
                                               tokens.data_ptr<int64_t>() + tokens.size(0));
  const auto features = task.features("token", sequence);
  std::vector<std::string> found;
  for (const Relevance& relevance : task.relevance("token", sequence))
    for (size_t i = 0; i < features.size() && relevance.name == what; ++i)
      if (relevance.relevant[static_cast<int64_t>(i)].item<bool>())
        found.push_back(fmt::format("{}{}", features[i].name, features[i].positions.at(0)));
  return found;
}

TEST(Compiled, KnowsWhichPositionsARunReads) {
  EXPECT_THAT(relevant("reverse", "a b c d a 2", "read"), ElementsAre("d4", "26"));
  EXPECT_THAT(relevant("reverse", "a b c d a 2", "pivotal"), ElementsAre("d4", "26"));
  EXPECT_THAT(relevant("histogram", "a b a c d a", "read"), ElementsAre("a1", "a3", "a6"));
  EXPECT_THAT(relevant("histogram", "a a a c a a", "pivotal"),
              ElementsAre("a1", "a2", "a3", "c4", "a5", "a6"));
  EXPECT_THAT(relevant("rank", "3 5 1 4 3", "read"), ElementsAre("31", "13", "35"));
  EXPECT_EQ(relevant("majority", "0 1 0 1 0 1 _", "pivotal").size(), 7u);
}

// The program of program.h, two letters long, and everything that can be wrong with one.
ordered_json small_program() {
  return ordered_json::parse(R"({
    "name": "small", "about": "It reads two letters and a number.",
    "inputs": [["a", "b"], ["a", "b"], ["1", "2"]],
    "lines": [
      {"name": "asked", "map": ["symbol"], "table": [null, null, "2", "1"]},
      {"name": "copied", "attend": {"key": "position", "query": "asked", "when": "equal"},
       "copy": "symbol"}],
    "answer": "copied",
    "rival": {"about": "It copies.",
              "lines": [{"name": "asked", "map": ["symbol"], "table": [null, null, "1", "2"]}]}})");
}

TEST(Compiled, ComputesAProgramOfAFile) {
  const auto task = make_task(kTask, {{"program", small_program().dump()}});
  const auto model = compile(program_from_json(small_program()));
  const Domain domain = task->need<FiniteDomain>().all();
  ASSERT_EQ(domain.inputs.tokens.size(0), 8);
  for (int64_t i = 0; i < 8; ++i) {
    const Tensor row = domain.inputs.tokens[i];
    const std::string text = task->to_text(row);
    const std::string right(1, text[text[4] == '1' ? 2 : 0]);
    EXPECT_EQ(task->token_name(domain.inputs.labels[i].item<int64_t>()), right) << text;
    const Tensor out =
        model->trace(row.unsqueeze(0), {.record = {task->decision().site(*model)}}).at(0)[0][0];
    EXPECT_EQ(out.argmax().item<int64_t>(), domain.inputs.labels[i].item<int64_t>()) << text;
  }
  // A rival's table keeps the numbers of the values, in whatever order it mentions them.
  const Program rival = rival_from_json(small_program());
  EXPECT_EQ(rival.values_of("asked"), program_from_json(small_program()).values_of("asked"));
}

TEST(Compiled, LeavesNoValueWhereSelectedPositionsDiffer) {
  const Program program = program_from_json(ordered_json::parse(R"({
    "name": "mean", "about": "It reads two letters.", "inputs": [["a", "b"], ["a", "b"]],
    "lines": [{"name": "both", "attend": {"key": "symbol", "among": ["a", "b"]},
               "copy": "symbol"}], "answer": "both"})"));
  const Tensor values = run_on(program, all_inputs(program)).at("both");
  EXPECT_TRUE(values.select(1, 2).equal(at::tensor({0, -1, -1, 1}, torch::kInt64)));
  EXPECT_THAT([&] { vocabulary_of(program); },
              ThrowsMessage<std::invalid_argument>(
                  HasSubstr("'both' has no value on 2 of 4 inputs, as a b")));
}

void expect_refused(const std::function<void(ordered_json& program)>& change,
                    const std::string& message) {
  ordered_json program = small_program();
  change(program);
  EXPECT_THAT([&] { program_from_json(program); },
              ThrowsMessage<std::invalid_argument>(HasSubstr(message)));
}

TEST(Compiled, RefusesProgramsThatMeanNothing) {
  expect_refused([](ordered_json& p) { p["lines"][1]["copy"] = "letter"; },
                 "line 'copied': unknown variable 'letter'; there are symbol, position, asked");
  expect_refused([](ordered_json& p) { p["lines"][0]["table"].erase(0); },
                 "line 'asked': table: expected lists of 4 entries for the values of 'symbol'");
  expect_refused([](ordered_json& p) { p["lines"][1]["attend"]["when"] = "more"; }, "when");
  expect_refused([](ordered_json& p) { p["lines"][1]["attend"].erase("query"); },
                 "expected 'query' with 'when', or 'among' alone");
  expect_refused(
      [](ordered_json& p) {
        p["lines"][1]["attend"]["when"] = ordered_json::parse(R"([["3", "9"]])");
      },
      "no value '9'");
  expect_refused([](ordered_json& p) { p["lines"][0]["name"] = "symbol"; },
                 "this name belongs to what the program reads");
  expect_refused([](ordered_json& p) { p["lines"][1]["name"] = "asked"; }, "asked");
  expect_refused([](ordered_json& p) { p["inputs"][0] = {"a", "^"}; }, "cannot be a symbol");
  expect_refused([](ordered_json& p) { p["inputs"][0] = {"a", "a"}; }, "stands twice");
  expect_refused([](ordered_json& p) { p["answer"] = "lost"; }, "unknown variable 'lost'");
  expect_refused([](ordered_json& p) { p["colour"] = "red"; }, "colour");
  expect_refused(
      [](ordered_json& p) {
        for (int i = 0; i < 20; ++i) p["inputs"].push_back({"a", "b"});
      },
      "expected at most 131072");
  EXPECT_THAT(
      [] {
        make_task(kTask, {{"program", "sort"}});
      },
      ThrowsMessage<std::invalid_argument>(HasSubstr("histogram, reverse, rank")));
}

}  // namespace compiled_test
}  // namespace assay::tasks::compiled
