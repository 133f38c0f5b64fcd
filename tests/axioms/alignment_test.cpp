// The search for a node's place: it finds the one that is known, and claims nothing of a network
// that computes something else.

#include "axioms/alignment.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include "axioms/alignment_fields.h"
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

/// The interpretation of or_network() with the place of `some` hidden.
Interpretation hidden() {
  Interpretation interpretation = or_interpretation();
  Node& some = node(interpretation, "some");
  some.sites = some.reads = {};
  some.alpha = {.name = circuits::kUnknown, .tensors = {}};
  some.gamma = {.name = circuits::kUnknown, .tensors = {}};
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
           {truths, "truth"}, {numbers, "number"}, {names, "category"}}) {
    const ValueCode code = code_of(value);
    EXPECT_EQ(code.kind, kind);
    EXPECT_TRUE(code.decode(code.encode(value)).equal(value));
  }
  EXPECT_EQ(code_of(lists).kind, "number");
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
}

}  // namespace alignment_test
}  // namespace assay::axioms
