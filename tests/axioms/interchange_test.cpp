// Exchanged values: by closed form, by brute force, and against claims that are not used as they
// say.

#include "axioms/interchange.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include <algorithm>
#include <memory>
#include <stdexcept>

#include "axioms/merge.h"
#include "axioms/report.h"
#include "circuits/interpretation/abstract_values.h"
#include "interp/network/network.h"
#include "interp/statistics/random.h"
#include "tests/axioms/or_network.h"
#include "tests/axioms/wild_interpretation.h"
#include "tests/interp/with_threads.h"

namespace assay::axioms {
namespace interchange_test {

using circuits::Value;
using statistics::Estimate;
using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr int64_t kYes = 16, kNo = 9;  // of the 25 inputs of the or-network

/// The or-network with a second neuron, whose input and output weights are given.
std::shared_ptr<Transformer> or_network_with(double reads, double writes) {
  const at::NoGradGuard no_grad;
  auto network = std::make_shared<Transformer>(or_config());
  for (const interp::Weight& weight : network->places().weights)
    network->weight(weight.name).copy_(or_network().weight(weight.name));
  network->weight("blocks.0.mlp.W_in")[7][1] = reads;
  network->weight("blocks.0.mlp.W_out")[1][8] = writes;
  return network;
}

CheckResult exchanged(const interp::Network& network, const Interpretation& interpretation,
                      const Interchange& interchange, int64_t inputs = kInputs,
                      const Inputs& tokens = or_inputs) {
  const circuits::Program program =
      circuits::compile(interpretation, operations(), network.places());
  return check({network, program, or_decision()}, tokens,
               {.inputs = inputs, .witnesses = 2, .interchange = &interchange});
}

Report report_of(const interp::Network& network, const Interpretation& interpretation,
                 const CheckResult& result, const std::vector<Claim>& claims) {
  return make_report(interpretation, result, claims, 0.95, network, 2, Scope::Domain);
}

const ReportRow& row(const Report& report, const std::string& name) {
  for (const ReportRow& row : report.rows)
    if (row.name() == name) return row;
  throw std::out_of_range(name);
}

// The or of two words: an exchange of either node's value takes the answer of the source along.
TEST(Interchange, OfATrueProgramFollowsTheSource) {
  const Interchange all = among(or_inputs(0, kInputs), 1, /*unmapped=*/true);
  EXPECT_TRUE(all.exhaustive());
  const CheckResult result = exchanged(or_network(), or_interpretation(), all);
  for (const char* name : {"words", "some"}) {
    const auto& node = *std::ranges::find(result.nodes, name, &NodeResult::node);
    for (const Axiom axiom : {Axiom::II, Axiom::IA}) {
      EXPECT_EQ(node[axiom].estimate, (Estimate{kInputs * kInputs, 0})) << name;
      EXPECT_EQ(node[axiom].exchange->changing, (Estimate{2 * kYes * kNo, 0}));
      // Left alone, the network gives the base's answer.
      EXPECT_EQ(node[axiom].unrelated, (Estimate{kInputs * kInputs, 2 * kYes * kNo}));
      EXPECT_EQ(node[axiom].exchange->resampled, (Estimate{kInputs * kInputs, 0}));
    }
    EXPECT_EQ(node[Axiom::UM].estimate, (Estimate{kInputs * kInputs, 0}));
  }
  // Exchanged together, the later node decides: all that leads to the answer passes through it.
  ASSERT_EQ(result.pairs.size(), 1);
  EXPECT_EQ(result.pairs[0].node, "words+some");
  EXPECT_EQ(result.pairs[0][Axiom::II].estimate.failures, 0);
  EXPECT_EQ(result.pairs[0][Axiom::IA].estimate.failures, 0);
  // The output's value is the answer, so that nothing is to be learnt from it.
  EXPECT_TRUE(result.nodes.back().interchanged.empty());
}

TEST(Unmapped, PartsOfATrueProgramAreWhatAlphaDoesNotRead) {
  const CheckResult result =
      exchanged(or_network(), or_interpretation(), among(or_inputs(0, kInputs), 1, true));
  const auto parts = [&](size_t node) {
    std::vector<std::string> names;
    for (const auto& [name, estimate] : result.nodes[node][Axiom::UM].exchange->parts)
      names.push_back(name);
    return names;
  };
  EXPECT_THAT(parts(0), testing::ElementsAre("blocks.0.hook_resid_pre: 1 of 3 positions"));
  EXPECT_THAT(parts(1), testing::ElementsAre("blocks.0.hook_resid_mid[pos=2]",
                                             "blocks.0.mlp.hook_post[pos=2]: 1 of 2 neurons"));
}

// α and γ speak of a neuron that repeats the one that is used. Its value is right and writing it
// does no harm, but the answer does not come from it.
TEST(Interchange, SeesThatAValueIsNotUsed) {
  const auto network = or_network_with(1, 1e-3);
  Interpretation idle = or_interpretation();
  Node& some = node(idle, "some");
  some.sites =
      some.reads = {{.place = interp::hook::mlp_post(0), .positions = {2}, .neurons = {1}}};
  Operations all = operations();
  all.concretisations.add({"write_bit", "", [](const Operation&) -> circuits::Concretisation {
                             return [](const Value& value) {
                               return circuits::Activations{value.to(at::kFloat).unsqueeze(1)};
                             };
                           }});
  some.gamma = {.name = "write_bit", .tensors = {}};
  const circuits::Program program = circuits::compile(idle, all, network->places());
  const Interchange everything = among(or_inputs(0, kInputs), 1, true);
  const CheckResult result = check({*network, program, or_decision()}, or_inputs,
                                   {.inputs = kInputs, .interchange = &everything});
  const auto& unused = *std::ranges::find(result.nodes, "some", &NodeResult::node);
  for (const Axiom axiom : kAxioms)
    EXPECT_EQ(unused[axiom].estimate.failures, 0) << to_string(axiom);
  for (const Axiom axiom : {Axiom::II, Axiom::IA}) {
    EXPECT_EQ(unused[axiom].exchange->changing, (Estimate{2 * kYes * kNo, 2 * kYes * kNo}));
    EXPECT_EQ(unused[axiom].estimate, unused[axiom].unrelated);
  }
  // The neuron that is used leads around it.
  const AxiomResult& around = result.nodes.back()[Axiom::UM];
  EXPECT_EQ(around.exchange->parts.at("blocks.0.attn.hook_z[head=0]").failures, 2 * kYes * kNo);
  EXPECT_EQ(around.unrelated.failures, 0);
  const Report report =
      report_of(*network, idle, result, {{"some", Axiom::PR, 0.01}, {"some", Axiom::II, 0.01}});
  EXPECT_EQ(row(report, "some.II").verdict, Verdict::Violated);
}

// On inputs that all have one answer, every exchange agrees, and it says nothing.
TEST(Interchange, ThatChangesNothingIsNoEvidence) {
  const Tensor alike =
      or_inputs(0, kInputs)
          .index_select(
              0, torch::tensor(std::vector<int64_t>{1, 3, 5, 6, 7, 8, 9, 11, 13}, torch::kInt64));
  const auto tokens = [&](int64_t first, int64_t count) { return alike.narrow(0, first, count); };
  const CheckResult result =
      exchanged(or_network(), or_interpretation(), among(alike, 1, false), alike.size(0), tokens);
  const Report report = report_of(or_network(), or_interpretation(), result,
                                  {{"some", Axiom::II, 0.5}, {"words", Axiom::IA, 0.5}});
  for (const char* name : {"some.II", "words.IA"}) {
    EXPECT_EQ(row(report, name).estimate.failures, 0);
    EXPECT_EQ(row(report, name).exchange->changing.n, 0);
    EXPECT_EQ(row(report, name).verdict, Verdict::Undecided);
    EXPECT_THAT(row(report, name).because, HasSubstr("no better than chance"));
  }
}

// A second neuron counts, too, and speaks against the answer when both words are features.
TEST(Unmapped, FindsWhatMattersAllTheSame) {
  const auto leaky = or_network_with(1, -0.8);
  const CheckResult result =
      exchanged(*leaky, or_interpretation(), among(or_inputs(0, kInputs), 1, true));
  const AxiomResult& some = result.nodes[1][Axiom::UM];
  EXPECT_GT(some.estimate.failures, 0);
  const auto& parts = some.exchange->parts;
  EXPECT_EQ(parts.at("blocks.0.hook_resid_mid[pos=2]").failures, 0);
  EXPECT_EQ(parts.at("blocks.0.mlp.hook_post[pos=2]: 1 of 2 neurons"), some.estimate);
}

/// All that one pair of one-input batches says, by the definitions.
struct ByHand {
  const Experiment& experiment;
  const std::vector<std::pair<size_t, Tensor>>& exchanges;  // steps, each with its source
  Tensor base;

  std::vector<Value> on(const Tensor& tokens) const {
    return circuits::prefix_values(experiment.program, tokens);
  }
  int64_t decision(const std::vector<interp::Overwrite>& overwrites) const {
    return decide(experiment.decision,
                  experiment.network
                      .trace(base, {.record = {experiment.decision.site(experiment.network)},
                                    .overwrite = overwrites})
                      .front())
        .item<int64_t>();
  }
  int64_t expected() const {
    std::vector<Value> values = on(base);
    for (size_t i = 0; i < values.size(); ++i) {
      const circuits::Step& step = experiment.program.steps[i];
      const auto given = std::ranges::find(exchanges, i, &std::pair<size_t, Tensor>::first);
      if (given != exchanges.end()) {
        values[i] = on(given->second)[i];
        continue;
      }
      std::vector<Value> parents;
      for (const int parent : step.parents) parents.push_back(parent < 0 ? base : values[parent]);
      values[i] = step.h(parents);
    }
    return replaced_decision(experiment, experiment.program.output, base,
                             values[experiment.program.output])
        .item<int64_t>();
  }
  std::vector<interp::Overwrite> written(Axiom reading) const {
    std::vector<interp::Overwrite> all;
    for (const auto& [v, source] : exchanges) {
      const circuits::Step& step = experiment.program.steps[v];
      const auto& sites = reading == Axiom::II ? step.sites : step.reads;
      const std::vector<Tensor> values = reading == Axiom::II
                                             ? step.gamma(on(source)[v])
                                             : experiment.network.trace(source, {.record = sites});
      for (size_t i = 0; i < sites.size(); ++i) all.push_back({sites[i], values[i]});
    }
    return all;
  }
};

struct Wild {
  Interpretation interpretation = wild_interpretation();
  Program program =
      circuits::compile(interpretation, wild_operations(), interp::describe(random_config()));
  Experiment experiment{random_network(), program, wild_decision()};
  /// Any partner will do: input i has 7 i + 3 and 11 i + 5.
  Interchange interchange{.draw = [](int64_t, int64_t first, int64_t count) -> Exchanged {
    const auto of = [&](int64_t a, int64_t b) {
      std::vector<Tensor> rows;
      for (int64_t i = first; i < first + count; ++i) rows.push_back(digits((a * i + b) % 256, 1));
      return at::cat(rows);
    };
    return {.source = of(7, 3), .other = of(11, 5)};
  }};
};

TEST(Interchange, BruteForceCountsTheSame) {
  const Wild wild;
  const int64_t inputs = 50;
  int64_t changes = 0;
  const CheckResult result =
      check(wild.experiment, digits, {.inputs = inputs, .interchange = &wild.interchange});
  const auto compare = [&](const std::vector<size_t>& steps, const NodeResult& found) {
    for (const Axiom reading : {Axiom::II, Axiom::IA}) {
      Estimate failures{inputs, 0}, alone{inputs, 0}, changing;
      for (int64_t i = 0; i < inputs; ++i) {
        const Tensor sources[] = {digits((7 * i + 3) % 256, 1), digits((11 * i + 5) % 256, 1)};
        std::vector<std::pair<size_t, Tensor>> exchanges;
        for (size_t k = 0; k < steps.size(); ++k) exchanges.emplace_back(steps[k], sources[k]);
        const ByHand hand{wild.experiment, exchanges, digits(i, 1)};
        const ByHand left{wild.experiment, {}, digits(i, 1)};
        const bool fails = hand.decision(hand.written(reading)) != hand.expected();
        failures.failures += fails;
        alone.failures += hand.decision({}) != hand.expected();
        if (hand.expected() != left.expected()) changing += {1, fails ? 1 : 0};
      }
      EXPECT_EQ(found[reading].estimate, failures) << found.node << to_string(reading);
      EXPECT_EQ(found[reading].unrelated, alone) << found.node;
      EXPECT_EQ(found[reading].exchange->changing, changing) << found.node;
      changes += changing.n;
    }
  };
  const auto index = [&](const std::string& name) {
    return static_cast<size_t>(std::ranges::find(wild.program.steps, name, &circuits::Step::name) -
                               wild.program.steps.begin());
  };
  for (size_t v = 0; v < wild.program.steps.size(); ++v)
    if (v != wild.program.output) compare({v}, result.nodes[v]);
  EXPECT_FALSE(result.pairs.empty());
  for (const NodeResult& pair : result.pairs) {
    const size_t plus = pair.node.find('+');
    compare({index(pair.node.substr(0, plus)), index(pair.node.substr(plus + 1))}, pair);
  }
  EXPECT_GT(changes, 0);
}

/// The report of one part of a run over the wild inputs.
Report wild_part(const Wild& wild, const interp::Shard& shard, int64_t inputs) {
  Interchange interchange = wild.interchange;
  interchange.unmapped = true;
  const int64_t chunk = random_network().inputs_per_run();
  const CheckResult result = check(wild.experiment, digits,
                                   {.inputs = inputs,
                                    .ranges = interp::Ranges{range_of(shard, inputs, chunk)},
                                    .witnesses = 3,
                                    .interchange = &interchange});
  Report report = make_report(wild.interpretation, result, {{"early", Axiom::II, 0.9}}, 0.95,
                              random_network(), 3);
  report.part = {.shard = shard,
                 .inputs = inputs,
                 .chunk = chunk,
                 .counted = result.counted,
                 .witnesses = 3,
                 .output = "out",
                 .readings = result.readings};
  report.task = {{"name", "wild"}, {"settings", nlohmann::json::object()}};
  report.inputs_text = "some inputs";
  report.facts.data = {{"source", "digits"}};
  report.facts.seeds = nlohmann::json::object();
  conclude(report);
  return report;
}

TEST(Interchange, ShardsAddUpAndThreadsDoNotMatter) {
  const Wild wild;
  const int64_t inputs = 640;
  Report whole = wild_part(wild, {}, inputs);
  complete(whole);
  const Report merged = merge({{"one", wild_part(wild, {1, 3}, inputs)},
                               {"two", wild_part(wild, {2, 3}, inputs)},
                               {"three", wild_part(wild, {3, 3}, inputs)}});
  EXPECT_EQ(to_json(merged).dump(1), to_json(whole).dump(1));
  EXPECT_EQ(to_json(report_from_json(to_json(whole), "r")).dump(1), to_json(whole).dump(1));
  const interp::WithThreads one(1);
  Report again = wild_part(wild, {}, inputs);
  complete(again);
  EXPECT_EQ(to_json(again)["rows"].dump(), to_json(whole)["rows"].dump());
}

/// The same pairs, every one of them run: nothing is said of the sources beforehand.
Interchange pair_by_pair(const Interchange& all) {
  return {.draw = [draw = all.draw](int64_t round, int64_t first, int64_t count) -> Exchanged {
            const Exchanged drawn = draw(round, first, count);
            return {.source = drawn.source, .other = drawn.other};
          },
          .rounds = all.rounds,
          .rounds_of_pairs = all.rounds_of_pairs,
          .unmapped = all.unmapped};
}

void expect_equal_counts(const NodeResult& one, const NodeResult& other) {
  ASSERT_EQ(one.interchanged.size(), other.interchanged.size());
  for (const auto& [axiom, row] : one.interchanged) {
    const AxiomResult& same = other[axiom];
    const std::string name = one.node + "." + to_string(axiom);
    EXPECT_EQ(row.estimate, same.estimate) << name;
    EXPECT_EQ(row.unrelated, same.unrelated) << name;
    EXPECT_EQ(row.exchange->changing, same.exchange->changing) << name;
    EXPECT_EQ(row.exchange->resampled, same.exchange->resampled) << name;
    EXPECT_EQ(row.exchange->parts, same.exchange->parts) << name;
    ASSERT_EQ(row.witnesses.size(), same.witnesses.size()) << name;
    for (size_t i = 0; i < row.witnesses.size(); ++i) {
      EXPECT_EQ(row.witnesses[i].input, same.witnesses[i].input) << name;
      EXPECT_EQ(row.witnesses[i].sources, same.witnesses[i].sources) << name;
      EXPECT_EQ(row.witnesses[i].network, same.witnesses[i].network) << name;
    }
  }
}

// Where the sites are a complete cut, the decision is looked up by the source; the wild network has
// nodes with and without one.
TEST(Interchange, LooksUpWhatDependsOnTheSourceAlone) {
  const Wild wild;
  const int64_t inputs = 60;
  for (const bool unmapped : {false, true}) {
    const Interchange all = among(digits(100, inputs), 1, unmapped);
    ASSERT_TRUE(all.exhaustive());
    const Interchange each = pair_by_pair(all);
    const auto from = [](int64_t first, int64_t count) { return digits(100 + first, count); };
    const auto counted = [&](const Interchange& interchange) {
      return check(wild.experiment, from,
                   {.inputs = inputs, .witnesses = 3, .interchange = &interchange});
    };
    const CheckResult looked_up = counted(all), run = counted(each);
    int64_t failures = 0;
    for (size_t v = 0; v < run.nodes.size(); ++v) {
      expect_equal_counts(looked_up.nodes[v], run.nodes[v]);
      for (const auto& [axiom, row] : run.nodes[v].interchanged) failures += row.estimate.failures;
    }
    for (size_t i = 0; i < run.pairs.size(); ++i)
      expect_equal_counts(looked_up.pairs[i], run.pairs[i]);
    EXPECT_GT(failures, 0);
  }
  // The network's own word decides what is looked up, and both kinds occur.
  const ListedSources sources = list_sources(wild.experiment, digits(100, inputs));
  const interp::Site decision = wild.experiment.decision.site(random_network());
  int64_t cut = 0, open = 0;
  for (size_t v = 0; v < wild.program.steps.size(); ++v) {
    if (v == wild.program.output) continue;
    const bool is_cut = random_network().path_around(wild.program.steps[v].sites, decision).found ==
                        interp::Found::No;
    EXPECT_EQ(sources.by_gamma[v].defined(), is_cut);
    (is_cut ? cut : open) += 1;
  }
  EXPECT_GT(cut, 0);
  EXPECT_GT(open, 0);
}

/// Somebody else's network: no path around any site has been seen, which does not mean much.
class UnawareNetwork : public interp::Network {
 public:
  explicit UnawareNetwork(const interp::Network& inner) : inner_(inner) {}
  const interp::Places& places() const override { return inner_.places(); }
  c10::Device device() const override { return inner_.device(); }
  std::vector<Tensor> trace(const Tensor& tokens,
                            const interp::TraceRequest& request) const override {
    return inner_.trace(tokens, request);
  }
  interp::Around path_around(const std::vector<Site>&, const Site&) const override {
    return {interp::Found::No, {}};
  }
  interp::Found reaches(const std::vector<Site>&, const Site&) const override {
    return interp::Found::Yes;
  }

 private:
  const interp::Network& inner_;
};

TEST(Interchange, LooksNothingUpWhereACutWasOnlyTried) {
  const Wild wild;
  const int64_t inputs = 60;
  const Interchange all = among(digits(100, inputs), 1, false);
  const UnawareNetwork unaware(random_network());
  const auto from = [](int64_t first, int64_t count) { return digits(100 + first, count); };
  const CheckConfig options{.inputs = inputs, .witnesses = 3, .interchange = &all};
  const CheckResult known = check(wild.experiment, from, options),
                    tried = check({unaware, wild.program, wild.experiment.decision}, from, options);
  for (size_t v = 0; v < known.nodes.size(); ++v)
    expect_equal_counts(tried.nodes[v], known.nodes[v]);
}

// The last position has the same token in every input of the or-network, so that a base has nothing
// left once its two words are the source's, though these alone are no complete cut.
TEST(Interchange, LooksUpWhereTheRestIsAlikeInAllInputs) {
  const Interchange all = among(or_inputs(0, kInputs), 1, false);
  const CheckResult looked_up = exchanged(or_network(), or_interpretation(), all),
                    run = exchanged(or_network(), or_interpretation(), pair_by_pair(all));
  for (size_t v = 0; v < run.nodes.size(); ++v)
    expect_equal_counts(looked_up.nodes[v], run.nodes[v]);
  const circuits::Program program =
      circuits::compile(or_interpretation(), operations(), or_network().places());
  const ListedSources sources =
      list_sources({or_network(), program, or_decision()}, or_inputs(0, kInputs));
  EXPECT_TRUE(sources.by_activations.at(0).defined());
  EXPECT_EQ(
      or_network().path_around(program.steps.at(0).reads, or_decision().site(or_network())).found,
      interp::Found::Yes);
}

TEST(Interchange, OfManyInputsDrawsOneSourceForEachWhateverTheChunk) {
  const Tensor inputs = digits(0, 256).repeat({2, 1});  // more than kMostPairs pairs
  const Interchange drawn = among(inputs, 5, false);
  EXPECT_FALSE(drawn.exhaustive());
  EXPECT_EQ(drawn.rounds, 1);
  const Exchanged whole = drawn.draw(0, 0, 512), part = drawn.draw(0, 100, 50);
  EXPECT_TRUE(part.source.equal(whole.source.narrow(0, 100, 50)));
  EXPECT_TRUE(part.other.equal(whole.other.narrow(0, 100, 50)));
  EXPECT_FALSE(whole.source.equal(whole.other));
}

TEST(Interchange, RefusesWhatDoesNotFit) {
  Interchange shorter{.draw = [](int64_t, int64_t first, int64_t count) -> Exchanged {
    const Tensor tokens = or_inputs(first, count);
    return {.source = tokens.narrow(1, 0, 2), .other = tokens};
  }};
  EXPECT_THAT([&] { exchanged(or_network(), or_interpretation(), shorter); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("of the same length")));
  const CheckResult plain = check_or(or_interpretation());
  for (const Claim& claim : {Claim{"some", Axiom::II, 0.1}, Claim{"answer", Axiom::II, 0.1},
                             Claim{"some", Axiom::UM, 1}})
    EXPECT_THAT([&] { report_of(or_network(), or_interpretation(), plain, {claim}); },
                ThrowsMessage<std::invalid_argument>(HasSubstr("claim on " + claim.row())));
}

// Simulated truth: with an exchange that fails at a known rate, claims just below it hold falsely
// no more often than the confidence allows.
TEST(Interchange, VerdictsKeepTheirLevelOnDrawnPairs) {
  int64_t wrongly = 0;
  const int64_t runs = 400;
  CheckResult result =
      exchanged(or_network(), or_interpretation(), among(or_inputs(0, kInputs), 1, false));
  result.inputs = 400;
  result.pairs.clear();
  for (int64_t run = 0; run < runs; ++run) {
    AxiomResult row{.estimate = {}, .witnesses = {}, .exchange = Exchange{.drawn = true}};
    statistics::Engine engine(run);
    const int64_t failures = statistics::draw_binomial(engine, 400, 0.1);
    row.estimate = {400, failures};
    row.unrelated = {400, 200};
    for (NodeResult& node : result.nodes)
      for (auto& [axiom, counts] : node.interchanged) counts = row;
    const Report report =
        make_report(or_interpretation(), result, {{"some", Axiom::II, 0.1}}, 0.95, or_network(), 2);
    wrongly += interchange_test::row(report, "some.II").verdict == Verdict::Holds;
  }
  EXPECT_LE(wrongly, runs * 0.05);
}

}  // namespace interchange_test
}  // namespace assay::axioms
