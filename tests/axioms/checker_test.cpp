#include "axioms/checker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <mutex>
#include <set>

#include "circuits/cut.h"
#include "interp/trace.h"
#include "interp/transformer.h"
#include "tests/interp/naive_forward.h"
#include "tests/interp/scratch.h"
#include "tests/interp/with_threads.h"

namespace assay::axioms {
namespace {

using at::Tensor;
using circuits::Interpretation;
using circuits::Node;
using circuits::Operation;
using circuits::Operations;
using circuits::Program;
using interp::Hook;
using interp::message_of;
using interp::Site;
using interp::Transformer;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// --- a network whose function we can state
// ---------------------------------------------------------
//
// "Does 1 or 3 stand at position 0 or 1?" Tokens 0 … 4 at positions 0 and 1, token 5 (the question)
// at position 2, where tokens 0 ("no") and 1 ("yes") answer.
//   residual stream: dimensions 0 … 5 hold the token, 6 its feature (1 for tokens 1 and 3), 7 the
//   number of features seen, 8 what the MLP writes.
//   attention: W_Q = W_K = 0, so position 2 looks at three positions alike: 3 · mean = the number.
//   MLP: neuron 0 = relu(number), neuron 1 nothing. Logits: "yes" = neuron 0, "no" = 1/2.

constexpr int64_t kWords = 5, kInputs = kWords * kWords;

interp::TransformerConfig or_config() {
  return {.d_vocab = 6,
          .n_ctx = 3,
          .d_model = 9,
          .d_mlp = 2,
          .n_heads = {1},
          .d_head = {1},
          .unembed_bias = true};
}

const Transformer& or_network() {
  static const auto model = [] {
    const at::NoGradGuard no_grad;
    auto network = std::make_shared<Transformer>(or_config());
    for (int64_t token = 0; token < 6; ++token) network->W_E[token][token] = 1;
    for (const int64_t token : {1, 3}) network->W_E[token][6] = 1;
    network->blocks[0]->attn->W_V[0][6][0] = 1;
    network->blocks[0]->attn->W_O[0][0][7] = 3;
    network->blocks[0]->mlp->W_in[7][0] = 1;
    network->blocks[0]->mlp->W_out[0][8] = 1;
    network->W_U[8][1] = 1;
    network->b_U[0] = 0.5;
    return network;
  }();
  return *model;
}

/// All 25 inputs, again and again: input i is (i / 5 % 5, i % 5, the question).
Tensor or_inputs(int64_t first, int64_t count) {
  const Tensor i = at::arange(first, first + count, at::kLong);
  const Tensor left = at::floor_divide(i, kWords).remainder(kWords), right = i.remainder(kWords);
  return at::stack({left, right, at::full_like(i, 5)}, 1);
}

/// h of the middle node: is one of `yes` among the parent's values? bool [batch, 1]
Operations operations() {
  Operations all = circuits::generic_operations();
  all.functions["among"] = [](const Operation& operation) -> circuits::Function {
    const auto yes = operation.parameters.at("yes").get<std::vector<int64_t>>();
    return [yes](const std::vector<Tensor>& parents) {
      Tensor found = at::zeros({parents[0].size(0), 1}, at::kBool);
      for (const int64_t token : yes)
        found = found.logical_or(parents[0].flatten(1).eq(token).any(1, true));
      return found;
    };
  };
  return all;
}

/// tokens -> the two tokens -> is one of them 1 or 3? -> the answer. True of or_network().
Interpretation or_interpretation() {
  const at::NoGradGuard no_grad;
  const Tensor embeddings = or_network().W_E.detach();
  const Tensor labels = at::arange(6, at::kLong).unsqueeze(1), prototypes = embeddings;
  const Site stream{.place = {Hook::ResidPre, 0}};
  const Site words{.place = {Hook::ResidPre, 0}, .positions = {0, 1}};
  const Site mid{.place = {Hook::ResidMid, 0}, .positions = {2}};
  const Site hidden{.place = {Hook::MlpPost, 0}, .positions = {2}};
  const Site neuron{.place = {Hook::MlpPost, 0}, .positions = {2}, .neurons = {0}};
  const Site logits{.place = {Hook::Logits, 0}, .positions = {2}};
  const Operation equal{.name = "equal", .tensors = {}};
  Interpretation interpretation;
  interpretation.output = "answer";
  interpretation.nodes = {
      {.name = "answer",
       .parents = {"some"},
       .sites = {logits},
       .reads = {logits},
       .h = {.name = "any", .tensors = {}},
       .alpha = {.name = "argmax_of", .parameters = {{"tokens", {0, 1}}}, .tensors = {}},
       .gamma = {.name = "write_answer",
                 .parameters = {{"tokens", {0, 1}}, {"d_vocab", 6}},
                 .tensors = {}},
       .equality = equal},
      {.name = "words",
       .parents = {circuits::kTokens},
       .sites = {stream},
       .reads = {words},
       .h = {.name = "tokens_at", .parameters = {{"positions", {{0}, {1}}}}, .tensors = {}},
       .alpha = {.name = "nearest_prototype",
                 .tensors = {{"labels", labels}, {"prototypes", prototypes}}},
       .gamma = {.name = "write_prototypes",
                 .parameters = {{"positions", {0, 1}}},
                 .tensors = {{"labels", labels},
                             {"prototypes", prototypes},
                             {"mean", embeddings[5].repeat({3, 1})}}},
       .equality = equal},
      {.name = "some",
       .parents = {"words"},
       .sites = {mid, hidden},
       .reads = {neuron},
       .h = {.name = "among", .parameters = {{"yes", {1, 3}}}, .tensors = {}},
       .alpha = {.name = "threshold", .tensors = {{"thresholds", at::full({1}, 0.5)}}},
       .gamma = {.name = "write_levels",
                 .parameters = {{"neurons", {0}}},
                 .tensors = {{"on", at::ones({1})},
                             {"mean", at::zeros({2})},
                             {"stream", embeddings[5]}}},
       .equality = equal},
  };
  return interpretation;
}

Node& node(Interpretation& interpretation, const std::string& name) {
  for (Node& candidate : interpretation.nodes)
    if (candidate.name == name) return candidate;
  throw std::out_of_range(name);
}

CheckResult check_or(const Interpretation& interpretation,
                     CheckConfig config = {.inputs = kInputs}) {
  return check(or_network(), circuits::compile(interpretation, operations(), or_config()),
               or_inputs, config);
}

/// Failures of words, some and answer, each as PE, CE, PR, CR.
using Failures = std::vector<std::vector<int64_t>>;
Failures failures(const CheckResult& result) {
  Failures all;
  for (const NodeResult& node : result.nodes) {
    all.emplace_back();
    for (const Axiom axiom : kAxioms) all.back().push_back(node[axiom].estimate.failures);
  }
  return all;
}

TEST(CheckerTest, ATrueInterpretationHasNoFailures) {
  const CheckResult result = check_or(or_interpretation());
  EXPECT_TRUE(result.complete);
  EXPECT_EQ(result.inputs, 25);
  ASSERT_THAT(result.nodes, SizeIs(3));
  EXPECT_EQ(result.nodes[0].node, "words");  // in topological order, not as listed
  EXPECT_EQ(result.nodes[1].node, "some");
  EXPECT_EQ(result.nodes[2].node, "answer");
  for (const NodeResult& node : result.nodes) {
    EXPECT_EQ(node.inherited, 0);
    for (const Axiom axiom : kAxioms) {
      EXPECT_EQ(node[axiom].estimate, (Estimate{.n = 25, .failures = 0}));
      EXPECT_THAT(node[axiom].witnesses, IsEmpty());
    }
  }
}

TEST(CheckerTest, TheTrueInterpretationConsistsOfCompleteCuts) {
  for (const Node& node : or_interpretation().nodes)
    EXPECT_THAT(circuits::path_around(node.sites, or_config(), 2), IsEmpty()) << node.name;
}

TEST(CheckerTest, ABrokenAbstractionFailsEquivalenceAtItsNodeOnly) {
  Interpretation broken = or_interpretation();
  // α takes 0 for 2 and 2 for 0. Without either: 3 · 3 pairs; so 25 - 9 = 16 fail. Neither is 1 or
  // 3, so the next node's component, which starts from these values, does not notice.
  node(broken, "words").alpha.tensors["labels"] =
      torch::tensor({{2}, {1}, {0}, {3}, {4}, {5}}, torch::kLong);
  EXPECT_EQ(failures(check_or(broken)), (Failures{{16, 16, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 0}}));
}

TEST(CheckerTest, AnAbstractionThatMattersMisleadsTheNextComponent) {
  Interpretation broken = or_interpretation();
  // α takes 1 for 2 and 2 for 1: again 16 pairs contain one of them. Whether 1 or 3 occurs is then
  // answered wrongly where there is no 3 and exactly one of "a 1 occurs", "a 2 occurs" is true:
  // of the 4 · 4 pairs without 3, (4² - 3²) contain 1 and as many contain 2, two contain both:
  // (7 - 2) · 2 = 10 fail CE and, since γ writes the wrong level, CR.
  node(broken, "words").alpha.tensors["labels"] =
      torch::tensor({{0}, {2}, {1}, {3}, {4}, {5}}, torch::kLong);
  EXPECT_EQ(failures(check_or(broken)), (Failures{{16, 16, 0, 0}, {0, 10, 0, 10}, {0, 0, 0, 0}}));
}

TEST(CheckerTest, ABrokenConcretisationFailsReplaceabilityAtItsNodeOnly) {
  Interpretation broken = or_interpretation();
  // γ writes 0 where it should write 1. The answer changes where 1 occurs and 3 does not: 4² - 3².
  Tensor prototypes = or_network().W_E.detach().clone();
  prototypes[1].copy_(prototypes[0]);
  node(broken, "words").gamma.tensors["prototypes"] = prototypes;
  EXPECT_EQ(failures(check_or(broken)), (Failures{{0, 0, 7, 7}, {0, 0, 0, 0}, {0, 0, 0, 0}}));

  broken = or_interpretation();
  // An active neuron is written as 0.2 < 1/2, so "yes" is lost: 25 - 3² pairs have it.
  node(broken, "some").gamma.tensors["on"] = at::full({1}, 0.2);
  EXPECT_EQ(failures(check_or(broken)), (Failures{{0, 0, 0, 0}, {0, 0, 16, 16}, {0, 0, 0, 0}}));
}

TEST(CheckerTest, ABrokenFunctionFailsEverythingAtItsNodeAndPrefixesAfterIt) {
  Interpretation broken = or_interpretation();
  // h forgets 3: wrong where 3 occurs and 1 does not: 4² - 3² = 7.
  node(broken, "some").h.parameters["yes"] = {1};
  const CheckResult result = check_or(broken);
  EXPECT_EQ(failures(result), (Failures{{0, 0, 0, 0}, {7, 7, 7, 7}, {7, 0, 7, 0}}));
  EXPECT_EQ(result.nodes[1].inherited, 0);
  EXPECT_EQ(result.nodes[2].inherited, 7);
}

TEST(CheckerTest, ABrokenFirstFunctionIsInheritedByAllThatFollows) {
  Interpretation broken = or_interpretation();
  // The second word is read at position 0 too. Words differ unless both are alike: 25 - 5 = 20. The
  // answer then depends on the first alone and is wrong where it is no 1 or 3 and the second is:
  // 3 · 2 = 6.
  node(broken, "words").h.parameters["positions"] = {{0}, {0}};
  const CheckResult result = check_or(broken);
  EXPECT_EQ(failures(result), (Failures{{20, 20, 6, 6}, {6, 0, 6, 0}, {6, 0, 6, 0}}));
  EXPECT_EQ(result.nodes[1].inherited, 6);
}

TEST(CheckerTest, EqualityDecidesWhichValuesAreTheSame) {
  Interpretation turned = or_interpretation();
  // h reads the words in the other order; as sets of tokens they stay the same.
  node(turned, "words").h.parameters["positions"] = {{1, 0}};
  node(turned, "words").alpha.tensors["labels"] = at::arange(6, at::kLong).unsqueeze(1);
  auto all = operations();
  all.abstractions["as_pair"] = [](const Operation&) -> circuits::Abstraction {
    return [](const circuits::Activations& x) {
      return x[0].narrow(2, 0, 6).argmax(2).unsqueeze(1);  // [batch, 1, 2]
    };
  };
  all.concretisations["as_pair"] = [](const Operation&) -> circuits::Concretisation {
    return [](const Tensor& value) -> circuits::Activations {
      const Tensor question = at::full({value.size(0), 1}, 5, at::kLong);
      return {at::embedding(or_network().W_E.detach(), at::cat({value.flatten(1), question}, 1))};
    };
  };
  node(turned, "words").alpha = {.name = "as_pair", .tensors = {}};
  node(turned, "words").gamma = {.name = "as_pair", .tensors = {}};
  const auto words_failures = [&](const std::string& equality) {
    node(turned, "words").equality.name = equality;
    return failures(check(or_network(), circuits::compile(turned, all, or_config()), or_inputs,
                          {.inputs = kInputs}))[0];
  };
  EXPECT_THAT(words_failures("equal"), ElementsAre(20, 20, 0, 0));  // but for the pairs of one word
  EXPECT_THAT(words_failures("equal_up_to_order"), ElementsAre(0, 0, 0, 0));
}

TEST(CheckerTest, DownstreamEqualityIsTheSameDecisionByNetworkAndInterpretation) {
  auto all = operations();
  all.concretisations["nothing"] = [](const Operation&) -> circuits::Concretisation {
    return [](const Tensor& value) -> circuits::Activations {
      const Tensor tokens = torch::tensor({0, 0, 5}, torch::kLong).repeat({value.size(0), 1});
      return {at::embedding(or_network().W_E.detach(), tokens)};
    };
  };
  const auto words_failures = [&](Interpretation i, const std::vector<int64_t>& reads,
                                  const std::string& equality) {
    node(i, "words").alpha.tensors["labels"] = torch::tensor(reads, torch::kLong).unsqueeze(1);
    node(i, "words").equality.name = equality;
    return failures(check(or_network(), circuits::compile(i, all, or_config()), or_inputs,
                          {.inputs = kInputs}))[0];
  };
  // 1 and 2 are taken for each other: 25 - 9 pairs have either; in 5 + 5 pairs, those without a 3
  // that have a 1 and no 2 or the other way round, this changes the answer.
  const std::vector<int64_t> swap_1_2 = {0, 2, 1, 3, 4, 5}, swap_3_4 = {0, 1, 2, 4, 3, 5};
  const Interpretation whole = or_interpretation();
  EXPECT_THAT(words_failures(whole, swap_1_2, "equal"), ElementsAre(16, 16, 0, 0));
  EXPECT_THAT(words_failures(whole, swap_1_2, "downstream"), ElementsAre(10, 10, 0, 0));
  // The network alone tells 3 from 4 …
  Interpretation deaf = whole;
  node(deaf, "some").h.parameters["yes"] = {1};
  EXPECT_THAT(words_failures(deaf, swap_3_4, "downstream"), ElementsAre(10, 10, 0, 0));
  // … or the interpretation alone, as nothing of it is written: 16 pairs lose their "yes".
  Interpretation mute = whole;
  node(mute, "words").gamma = {.name = "nothing", .tensors = {}};
  EXPECT_THAT(words_failures(mute, swap_3_4, "downstream"), ElementsAre(10, 10, 16, 16));
}

// --- counting
// --------------------------------------------------------------------------------------

TEST(CheckerTest, CountsGrowWithTheInputsAcrossChunks) {
  Interpretation broken = or_interpretation();
  node(broken, "some").h.parameters["yes"] = {1};
  for (const int64_t times : {1, 5, 12, 13})  // 125 = a chunk less 3; 300 and 325 are three chunks
    EXPECT_EQ(failures(check_or(broken, {.inputs = 25 * times})),
              (Failures{{0, 0, 0, 0},
                        {7 * times, 7 * times, 7 * times, 7 * times},
                        {7 * times, 0, 7 * times, 0}}));
}

TEST(CheckerTest, TheReplacedRunOfTheComponentIsMadeOnlyWhereItDiffers) {
  auto all = operations();
  std::vector<int64_t> runs;  // inputs in each run that replaces the middle node
  all.concretisations["counted"] = [&](const Operation& operation) {
    const auto write = circuits::generic_operations().concretisations.at("write_levels")(operation);
    return [&runs, write](const Tensor& value) {
      runs.push_back(value.size(0));
      return write(value);
    };
  };
  Interpretation interpretation = or_interpretation();
  node(interpretation, "some").gamma.name = "counted";
  const auto run = [&] {
    runs.clear();
    check(or_network(), circuits::compile(interpretation, all, or_config()), or_inputs,
          {.inputs = kInputs});
    return runs;
  };
  EXPECT_THAT(run(), ElementsAre(25));
  node(interpretation, "words").alpha.tensors["labels"] =
      torch::tensor({{0}, {2}, {1}, {3}, {4}, {5}}, torch::kLong);
  EXPECT_THAT(run(), ElementsAre(25, 10));  // see above
}

TEST(CheckerTest, WitnessesAreTheFirstFailingInputs) {
  Interpretation broken = or_interpretation();
  node(broken, "some").h.parameters["yes"] = {1};
  const CheckResult result = check_or(broken, {.inputs = 300, .witnesses = 9});
  // Where 3 occurs and 1 does not: (0,3) = 3, (2,3) = 13, (3,0) = 15, (3,2), (3,3), (3,4), (4,3).
  for (const Axiom axiom : kAxioms) {
    std::vector<int64_t> inputs;
    for (const Witness& witness : result.nodes[1][axiom].witnesses) inputs.push_back(witness.input);
    EXPECT_THAT(inputs, ElementsAre(3, 13, 15, 17, 18, 19, 23, 28, 38));
  }
  const Witness& value = result.nodes[1][Axiom::PE].witnesses[2];
  EXPECT_THAT(value.tokens, ElementsAre(3, 0, 5));
  EXPECT_EQ(value.network, nlohmann::json({1}));
  EXPECT_EQ(value.interpretation, nlohmann::json({0}));
  const Witness& decision = result.nodes[1][Axiom::PR].witnesses[0];
  EXPECT_THAT(decision.tokens, ElementsAre(0, 3, 5));
  EXPECT_EQ(decision.network, 1);
  EXPECT_EQ(decision.interpretation, 0);
  EXPECT_THAT(check_or(broken, {.inputs = 25}).nodes[1][Axiom::PE].witnesses, SizeIs(1));
  EXPECT_THAT(check_or(broken, {.inputs = 25, .witnesses = 0}).nodes[1][Axiom::PE].witnesses,
              IsEmpty());
}

TEST(CheckerTest, ProgressIsReportedAndNothingIsCheckedTwice) {
  std::mutex mutex;
  std::set<int64_t> seen;
  int64_t asked = 0, done = 0;
  const auto inputs = [&](int64_t first, int64_t count) {
    const std::lock_guard lock(mutex);
    asked += count;
    for (int64_t i = 0; i < count; ++i) seen.insert(first + i);
    return or_inputs(first, count);
  };
  const CheckConfig config{.inputs = 1000, .on_progress = [&](int64_t so_far, int64_t of) {
                             EXPECT_GT(so_far, done);
                             EXPECT_EQ(of, 1000);
                             done = so_far;
                           }};
  check(or_network(), circuits::compile(or_interpretation(), operations(), or_config()), inputs,
        config);
  EXPECT_EQ(done, 1000);
  EXPECT_EQ(asked, 1000);
  EXPECT_THAT(seen, SizeIs(1000));
}

TEST(CheckerTest, AStopFlagLeavesWhatIsCountedSoFar) {
  Interpretation broken = or_interpretation();
  node(broken, "some").h.parameters["yes"] = {1};
  for (const int threads : {1, 2}) {
    const interp::WithThreads with_threads(threads);
    std::atomic<bool> stop = false;
    const CheckResult partial =
        check_or(broken, {.inputs = 10000,
                          .on_progress = [&](int64_t done, int64_t) { stop = done >= 300; },
                          .stop = &stop});
    EXPECT_FALSE(partial.complete);
    EXPECT_GE(partial.inputs, 384);                        // three chunks of 128
    EXPECT_LE(partial.inputs, 384 + 128 * (threads - 1));  // and what others had begun
    EXPECT_EQ(partial.nodes[1][Axiom::PE].estimate.n, partial.inputs);
    if (threads == 1) {
      EXPECT_EQ(partial.nodes[1][Axiom::PE].estimate,
                check_or(broken, {.inputs = 384}).nodes[1][Axiom::PE].estimate);
    }
  }
}

TEST(CheckerTest, StoppedBeforehandNothingIsCounted) {
  const std::atomic<bool> stop = true;
  const CheckResult nothing = check_or(or_interpretation(), {.inputs = 100, .stop = &stop});
  EXPECT_FALSE(nothing.complete);
  EXPECT_EQ(nothing.inputs, 0);
  EXPECT_EQ(nothing.nodes[1][Axiom::PE].estimate, Estimate{});
}

TEST(CheckerTest, MisfitsAreRefusedByTheNameOfTheNode) {
  const auto refusal = [](const std::function<void(Interpretation&)>& change) {
    Interpretation changed = or_interpretation();
    change(changed);
    return message_of([&] { check_or(changed); });
  };
  EXPECT_EQ(refusal([](Interpretation& i) {
              node(i, "words").h.parameters["positions"] = {{0, 1}};
            }),
            "node 'words': alpha gives values of shape [25, 2, 1], but h of shape [25, 1, 2]");
  EXPECT_EQ(refusal([](Interpretation& i) { node(i, "some").sites.pop_back(); }),
            "node 'some': gamma writes 2 tensors for 1 sites");
}

// --- invariants, on an interpretation that has nothing to do with the network
// ----------------------

interp::TransformerConfig random_config() {
  return {.d_vocab = 4, .n_ctx = 4, .d_model = 10, .d_mlp = 8, .n_heads = {1, 2}, .d_head = {6, 4}};
}

const Transformer& random_network() {
  static const auto model = [] {
    auto network = std::make_shared<Transformer>(random_config());
    interp::randomise(*network, 5, 0.6);
    return network;
  }();
  return *model;
}

/// Input i spells i in base 4: all 256 inputs.
Tensor digits(int64_t first, int64_t count) {
  const Tensor i = at::arange(first, first + count, at::kLong);
  std::vector<Tensor> tokens;
  for (const int64_t power : {64, 16, 4, 1})
    tokens.push_back(at::floor_divide(i, power).remainder(4));
  return at::stack(tokens, 1);
}

/// h: a weighted sum of all parents' numbers, modulo 3. α: how many of three thresholds the sum of
/// all activations exceeds, at most 2. γ: one random vector per value. One number per input.
Operations wild_operations() {
  Operations all = circuits::generic_operations();
  all.functions["mix"] = [](const Operation& operation) -> circuits::Function {
    const auto seed = operation.parameters.at("seed").get<int64_t>();
    return [seed](const std::vector<Tensor>& parents) {
      Tensor sum = at::full({parents[0].size(0)}, seed, at::kLong);
      for (const Tensor& parent : parents) {
        const Tensor flat = parent.unsqueeze(-1).flatten(1).to(at::kLong);
        sum = sum * 5 + (flat * (at::arange(flat.size(1), at::kLong) * seed + 1)).sum(1);
      }
      return at::remainder(sum, 3);
    };
  };
  all.abstractions["count"] = [](const Operation&) -> circuits::Abstraction {
    return [](const circuits::Activations& activations) {
      Tensor sum = at::zeros({activations[0].size(0)});
      for (const Tensor& x : activations) sum = sum + x.flatten(1).sum(1);
      return sum.gt(-0.5).to(at::kLong) + sum.gt(0.5).to(at::kLong);
    };
  };
  all.concretisations["by_value"] = [](const Operation& operation) -> circuits::Concretisation {
    std::vector<Tensor> tables;
    for (const auto& [name, table] : operation.tensors) tables.push_back(table);
    return [tables](const Tensor& value) {
      circuits::Activations activations;
      for (const Tensor& table : tables) activations.push_back(table.index_select(0, value));
      return activations;
    };
  };
  return all;
}

/// Two first nodes, one that joins them, one after it, and the output, which reads all but one.
Interpretation wild_interpretation() {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(9);
  const auto config = random_config();
  const auto wild = [&](const std::string& name, int seed, std::vector<std::string> parents,
                        const std::vector<Site>& sites) {
    Node node{.name = name,
              .parents = std::move(parents),
              .sites = sites,
              .reads = sites,
              .h = {.name = "mix", .parameters = {{"seed", seed}}, .tensors = {}},
              .alpha = {.name = "count", .tensors = {}},
              .gamma = {.name = "by_value", .tensors = {}},
              .equality = {.name = "equal", .tensors = {}}};
    for (size_t i = 0; i < sites.size(); ++i) {
      auto shape = interp::shape(sites[i], config);
      shape[0] = 3;
      node.gamma.tensors[std::to_string(i)] = at::normal(0.0, 1.0, shape, generator);
    }
    return node;
  };
  const Site logits{.place = {Hook::Logits, 0}, .positions = {3}};
  Interpretation interpretation;
  interpretation.output = "out";
  interpretation.nodes = {
      wild("early", 1, {circuits::kTokens}, {{.place = {Hook::Z, 0}, .positions = {1, 3}}}),
      wild("late", 2, {circuits::kTokens},
           {{.place = {Hook::ResidMid, 1}, .positions = {3}},
            {.place = {Hook::MlpPost, 0}, .neurons = {1, 4}}}),
      wild("join", 3, {"early", "late"}, {{.place = {Hook::ResidPre, 1}, .positions = {0, 2}}}),
      wild("after", 4, {"join", circuits::kTokens}, {{.place = {Hook::Pattern, 1}, .head = 1}}),
      wild("out", 7, {"after", "early"}, {logits})};
  node(interpretation, "out").alpha = {
      .name = "argmax_of", .parameters = {{"tokens", {0, 1, 2}}}, .tensors = {}};
  node(interpretation, "out").gamma = {
      .name = "write_answer", .parameters = {{"tokens", {0, 1, 2}}, {"d_vocab", 4}}, .tensors = {}};
  return interpretation;
}

Program wild_program() {
  return circuits::compile(wild_interpretation(), wild_operations(), random_config());
}

/// Every failing input of every node and axiom.
const CheckResult& wild_result() {
  static const CheckResult result =
      check(random_network(), wild_program(), digits, {.inputs = 256, .witnesses = 256});
  return result;
}

const NodeResult& wild_node(const std::string& name) {
  for (const NodeResult& node : wild_result().nodes)
    if (node.node == name) return node;
  throw std::out_of_range(name);
}

std::set<int64_t> failing(const std::string& name, Axiom axiom) {
  std::set<int64_t> inputs;
  for (const Witness& witness : wild_node(name)[axiom].witnesses) inputs.insert(witness.input);
  return inputs;
}

TEST(CheckerTest, TheWildInterpretationFailsSomewhereButNotEverywhere) {
  for (const NodeResult& node : wild_result().nodes)
    for (const Axiom axiom : kAxioms) {
      EXPECT_GT(node[axiom].estimate.failures, 0) << node.node << to_string(axiom);
      EXPECT_LT(node[axiom].estimate.failures, 256) << node.node << to_string(axiom);
      EXPECT_EQ(node[axiom].estimate.n, 256);
    }
}

TEST(CheckerTest, AtAFirstNodePrefixAndComponentAreTheSame) {
  for (const char* name : {"early", "late"}) {
    EXPECT_EQ(failing(name, Axiom::PE), failing(name, Axiom::CE));
    EXPECT_EQ(failing(name, Axiom::PR), failing(name, Axiom::CR));
    EXPECT_EQ(wild_node(name).inherited, 0);
  }
}

TEST(CheckerTest, APrefixFailsOnlyWhereItsComponentOrAParentFails) {
  const std::map<std::string, std::vector<std::string>> parents = {
      {"join", {"early", "late"}}, {"after", {"join"}}, {"out", {"after", "early"}}};
  for (const auto& [name, its_parents] : parents) {
    std::set<int64_t> cause = failing(name, Axiom::CE);
    for (const std::string& parent : its_parents) cause.merge(failing(parent, Axiom::PE));
    int64_t inherited = 0;
    for (const int64_t input : failing(name, Axiom::PE)) {
      EXPECT_TRUE(cause.contains(input)) << name << " " << input;
      inherited += !failing(name, Axiom::CE).contains(input);
    }
    EXPECT_EQ(wild_node(name).inherited, inherited);
    EXPECT_GT(inherited, 0);
  }
}

// One input at a time, one run per question, nothing shared.
struct BruteForce {
  const Program program = wild_program();
  const Tensor tokens;

  Tensor actual(size_t v) const {
    return program.steps[v].alpha(interp::trace(
        random_network(), tokens, {.record = program.steps[v].reads, .overwrite = {}}));
  }
  Tensor prefix(size_t v) const {
    std::vector<Tensor> parents;
    for (const int parent : program.steps[v].parents)
      parents.push_back(parent < 0 ? tokens : prefix(parent));
    return program.steps[v].h(parents);
  }
  Tensor component(size_t v) const {
    std::vector<Tensor> parents;
    for (const int parent : program.steps[v].parents)
      parents.push_back(parent < 0 ? tokens : actual(parent));
    return program.steps[v].h(parents);
  }
  int64_t decision(size_t v, const Tensor& value) const {
    const auto& output = program.steps[program.output];
    interp::TraceRequest request{.record = output.reads, .overwrite = {}};
    const auto activations = program.steps[v].gamma(value);
    for (size_t i = 0; i < activations.size(); ++i)
      request.overwrite.push_back({program.steps[v].sites[i], activations[i]});
    return output.alpha(interp::trace(random_network(), tokens, request)).item<int64_t>();
  }
  bool fails(size_t v, Axiom axiom) const {
    switch (axiom) {
      case Axiom::PE:
        return !actual(v).equal(prefix(v));
      case Axiom::CE:
        return !actual(v).equal(component(v));
      case Axiom::PR:
        return decision(v, prefix(v)) != actual(program.output).item<int64_t>();
      case Axiom::CR:
        return decision(v, component(v)) != actual(program.output).item<int64_t>();
    }
    return false;
  }
};

TEST(CheckerTest, BruteForceFindsTheSameFailures) {
  const at::NoGradGuard no_grad;
  std::vector<std::array<std::set<int64_t>, 4>> expected(wild_result().nodes.size());
  for (int64_t input = 0; input < 256; input += 3) {
    const BruteForce one{.tokens = digits(input, 1)};
    for (size_t v = 0; v < expected.size(); ++v)
      for (size_t axiom = 0; axiom < 4; ++axiom)
        if (one.fails(v, kAxioms[axiom])) expected[v][axiom].insert(input);
  }
  for (size_t v = 0; v < expected.size(); ++v) {
    const NodeResult& found = wild_result().nodes[v];
    for (size_t axiom = 0; axiom < 4; ++axiom) {
      std::set<int64_t> every_third = failing(found.node, kAxioms[axiom]);
      EXPECT_EQ(found.axioms[axiom].estimate.failures, every_third.size());
      std::erase_if(every_third, [](int64_t input) { return input % 3 != 0; });
      EXPECT_EQ(every_third, expected[v][axiom]) << found.node << " " << to_string(kAxioms[axiom]);
    }
  }
}

TEST(CheckerTest, AtTheOutputPrefixEquivalenceCountsWrongAnswers) {
  const at::NoGradGuard no_grad;
  const Program program = wild_program();
  std::set<int64_t> wrong;
  for (int64_t input = 0; input < 256; ++input) {
    const BruteForce one{.tokens = digits(input, 1)};
    const Tensor logits = interp::logits_at(random_network(), one.tokens, 3)[0].narrow(0, 0, 3);
    if (logits.argmax().item<int64_t>() != one.prefix(program.output).item<int64_t>())
      wrong.insert(input);
  }
  EXPECT_EQ(failing("out", Axiom::PE), wrong);
  EXPECT_EQ(failing("out", Axiom::PR), wrong);  // γ of the output writes its answer
}

TEST(CheckerTest, CountsAndWitnessesDependOnNoThreadAndNoRepetition) {
  const auto run = [](int threads) {
    const interp::WithThreads with_threads(threads);
    const CheckResult result =
        check(random_network(), wild_program(), digits, {.inputs = 2000, .witnesses = 5});

    std::vector<int64_t> numbers;
    for (const NodeResult& node : result.nodes) {
      numbers.push_back(node.inherited);
      for (const AxiomResult& axiom : node.axioms) {
        numbers.insert(numbers.end(), {axiom.estimate.n, axiom.estimate.failures});
        for (const Witness& witness : axiom.witnesses) {
          numbers.push_back(witness.input);
          numbers.insert(numbers.end(), witness.tokens.begin(), witness.tokens.end());
        }
      }
    }
    return numbers;
  };
  const auto once = run(1);
  EXPECT_EQ(run(1), once);
  EXPECT_EQ(run(2), once);
  EXPECT_EQ(run(3), once);
}

TEST(CheckerTest, AnExceptionInAnyChunkIsPassedOn) {
  const auto inputs = [](int64_t first, int64_t count) {
    if (first == 256) throw std::runtime_error("input 256 is broken");
    return digits(first, count).remainder(4);
  };
  for (const int threads : {1, 2}) {
    const interp::WithThreads with_threads(threads);
    EXPECT_EQ(
        message_of([&] { check(random_network(), wild_program(), inputs, {.inputs = 1000}); }),
        "input 256 is broken");
  }
}

}  // namespace
}  // namespace assay::axioms
