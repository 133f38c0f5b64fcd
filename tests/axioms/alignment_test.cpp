// The search for a node's place: it finds the one that is known, and claims nothing of a network
// that computes something else.

#include "axioms/alignment.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include "axioms/alignment_fields.h"
#include "axioms/interchange.h"
#include "circuits/interpretation/value_operations.h"
#include "interp/network/network.h"
#include "tests/axioms/or_network.h"
#include "tests/axioms/wild_interpretation.h"
#include "tests/interp/scratch.h"

namespace assay::axioms {
namespace alignment_test {

using circuits::code_of;
using circuits::ValueCode;
using interp::message_of;
using testing::HasSubstr;

AlignmentConfig quick() {
  return {.sites = 2, .dimensions = {1, 2}, .steps = 4};
}

Tensor drawn_words(int64_t n) {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(3);
  return or_inputs(0, kInputs).index_select(0, at::randint(0, kInputs, {n}, generator, at::kLong));
}

/// The interpretation of or_network() with the place of one node hidden.
Interpretation hidden(const std::string& name = "some") {
  Interpretation interpretation = or_interpretation();
  Node& free = node(interpretation, name);
  free.sites = free.reads = {};
  free.alpha = {.name = circuits::kUnknown, .tensors = {}};
  free.gamma = {.name = circuits::kUnknown, .tensors = {}};
  return interpretation;
}

Alignment align_with(const Transformer& network, const Interpretation& interpretation,
                     const std::string& name) {
  const Program program =
      circuits::compile(interpretation, operations(), interp::describe(or_config()));
  return align({network, program, or_decision()}, interpretation, name, drawn_words(800), quick());
}

TEST(AlignmentTest, FindsThePlaceThatWasHidden) {
  const Alignment alignment = align_with(or_network(), hidden(), "some");
  ASSERT_TRUE(alignment.is_found()) << interp::write_record(alignment).dump(1);
  const AlignmentCandidate& best = alignment.candidates.front();
  EXPECT_EQ(best.site.positions, std::vector<int64_t>{2});  // where the question is answered
  EXPECT_EQ(best.exchanged.failures, 0);
  EXPECT_EQ(best.exchanged.n, 200);
  // The number of words found is 0, 1 or 2, and the value whether it is above 0: corr² = 0.75.
  EXPECT_NEAR(best.explained, .75, .05);
  EXPECT_GT(best.untouched.failures, 20);

  // What was found can be validated, and holds on every input.
  Interpretation found = hidden();
  node(found, "some") = alignment.found;
  const CheckResult result = check_or(found);
  for (const NodeResult& checked : result.nodes)
    if (checked.node == "some") {
      for (const Axiom axiom : kAxioms)
        EXPECT_EQ(checked[axiom].estimate.failures, 0) << to_string(axiom);
    }
}

// No position holds both words.
TEST(AlignmentTest, FindsAValueThatSeveralPositionsHold) {
  const Interpretation free = hidden("words");
  const Program program = circuits::compile(free, operations(), interp::describe(or_config()));
  AlignmentConfig config = quick();
  config.dimensions = {4};
  const Alignment alignment =
      align({or_network(), program, or_decision()}, free, "words", drawn_words(800), config);
  ASSERT_TRUE(alignment.is_found()) << interp::write_record(alignment).dump(1);
  EXPECT_EQ(alignment.width, 2 * kWords);
  const AlignmentCandidate& best = alignment.candidates.front();
  EXPECT_EQ(best.site.positions, (std::vector<int64_t>{0, 1}));
  EXPECT_GT(best.explained, .99);
  EXPECT_EQ(best.exchanged.failures, 0);
  for (const ProbedSite& probed : alignment.sites)
    if (probed.site.positions.size() == 1) {
      EXPECT_LT(probed.explained, .6);
    }

  Interpretation found = free;
  node(found, "words") = alignment.found;
  const CheckResult result = check_or(found);
  for (const NodeResult& checked : result.nodes)
    for (const Axiom axiom : kAxioms)
      EXPECT_EQ(checked[axiom].estimate.failures, 0) << checked.node << to_string(axiom);
}

// What the search counts is what validation counts: the neuron that alpha reads, as a direction.
TEST(AlignmentTest, ADirectionIsExchangedAsInterchangeExchangesANeuron) {
  Interpretation wrong = or_interpretation();
  node(wrong, "some").h.parameters = {{"yes", {1}}};
  const Program program = circuits::compile(wrong, operations(), interp::describe(or_config()));
  const Experiment experiment{or_network(), program, or_decision()};
  const Interchange all = among(or_inputs(0, kInputs), 1, false);
  const CheckResult result = check(experiment, or_inputs, {.inputs = kInputs, .interchange = &all});
  const Subspace neuron{{.place = interp::hook::mlp_post(0), .positions = {2}},
                        {at::tensor({1.f, 0.f}).unsqueeze(1)}};
  statistics::Estimate counted;
  for (int64_t round = 0; round < all.rounds; ++round)
    counted += count_exchanged(experiment, 1, neuron, or_inputs(0, kInputs),
                               all.draw(round, 0, kInputs).source);
  ASSERT_EQ(result.nodes[1].node, "some");
  EXPECT_EQ(counted, result.nodes[1][Axiom::IA].estimate);
  EXPECT_GT(counted.failures, 0);
  EXPECT_LT(counted.failures, counted.n);
}

TEST(AlignmentTest, ClaimsNothingOfANetworkThatComputesSomethingElse) {
  int found = 0;
  for (int64_t seed = 0; seed < 10; ++seed) {
    const at::NoGradGuard no_grad;
    Transformer network(or_config());
    auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
    for (Tensor& weights : network.parameters()) weights.normal_(0, .5, generator);
    found += align_with(network, hidden(), "some").is_found();
  }
  EXPECT_EQ(found, 0);
}

TEST(AlignmentTest, DependsOnTheSeedAndTheInputsAlone) {
  const auto once = interp::write_record(align_with(or_network(), hidden(), "some"));
  EXPECT_EQ(interp::write_record(align_with(or_network(), hidden(), "some")).dump(), once.dump());
  auto again = interp::read_record<Alignment>(once, "a");
  conclude(again);
  EXPECT_EQ(interp::write_record(again).dump(), once.dump());
}

TEST(AlignmentTest, WhatCannotBeLookedForIsRefused) {
  const auto refusal = [](const std::string& name, const Interpretation& interpretation) {
    return message_of([&] { align_with(or_network(), interpretation, name); });
  };
  EXPECT_THAT(refusal("answer", hidden()), HasSubstr("the output's place"));
  EXPECT_THAT(refusal("none", hidden()), HasSubstr("there is no node 'none'"));
  Interpretation constant = hidden();
  node(constant, "some").h.parameters = {{"yes", {0, 1, 2, 3, 4}}};
  EXPECT_THAT(refusal("some", constant), HasSubstr("the same on all inputs"));
  // A free node cannot be validated.
  EXPECT_THAT(message_of([] { check_or(hidden()); }), HasSubstr("assay align looks for places"));
}

TEST(ValueCode, GivesBackWhatItWrote) {
  const Tensor truths = at::tensor({1, 0, 0, 1, 1, 1}, at::kLong).to(at::kBool).view({3, 2}),
               numbers = at::tensor({.5, -2., 1e-3}, at::kDouble),
               names = at::tensor({7, -3, 7}, at::kLong),
               lists = at::tensor({1, 2, 3, 4, 5, 6}, at::kLong).view({3, 2});
  for (const auto& [value, kind] : std::vector<std::pair<Tensor, std::string>>{
           {truths, "truth"}, {numbers, "number"}, {names, "category"}, {lists, "category"}}) {
    const ValueCode code = code_of(value);
    EXPECT_EQ(code.kind, kind);
    EXPECT_TRUE(code.decode(code.encode(value)).equal(value));
  }
  EXPECT_EQ(code_of(lists).per_element(), 6);
  EXPECT_EQ(code_of(at::arange(600, at::kLong).view({300, 2})).kind, "number");
  EXPECT_TRUE(code_of(names).decode(code_of(names).encode(names) * .4 + .1).equal(names));
}

TEST(ValueCode, OperationsWithBadNumbersAreRefused) {
  const Operations known = circuits::generic_operations();
  const auto refusal = [&](const Operation& operation) {
    return message_of([&] { circuits::make(known.abstractions, operation); });
  };
  Operation read{.name = "read_value",
                 .parameters = {{"kind", "truth"}, {"shape", {2}}},
                 .tensors = {{"weight", at::ones({3, 2})}, {"bias", at::zeros({2})}}};
  EXPECT_NO_THROW(circuits::make(known.abstractions, read));
  read.parameters["kind"] = "colour";
  EXPECT_THAT(refusal(read), HasSubstr("kind 'colour', expected truth, number or category"));
  read.parameters["kind"] = "category";
  EXPECT_THAT(refusal(read), HasSubstr("'values' is missing"));
  read.parameters["kind"] = "number";
  read.parameters["shape"] = {3};
  EXPECT_THAT(refusal(read), HasSubstr("'bias'"));
  Operation write{.name = "write_value",
                  .parameters = {{"kind", "number"}, {"positions", 2}},
                  .tensors = {{"weight", at::ones({3, 5})}, {"bias", at::zeros({5})}}};
  EXPECT_THAT(message_of([&] { circuits::make(known.concretisations, write); }),
              HasSubstr("2 positions do not share out 5 numbers"));
}

}  // namespace alignment_test
}  // namespace assay::axioms
