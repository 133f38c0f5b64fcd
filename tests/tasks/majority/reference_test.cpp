// The shipped majority network and what is said of it, over all 28,060 strings: the counts of
// docs/majority.md.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <torch/types.h>

#include <filesystem>

#include "axioms/checker.h"
#include "axioms/proofs/prove.h"
#include "axioms/vacuity.h"
#include "circuits/interpretation/interpretation_file.h"
#include "circuits/interpretation/program.h"
#include "tasks/majority/strings.h"
#include "tasks/registry.h"
#include "tasks/subject.h"

namespace assay::tasks::majority {
namespace reference_test {

using at::Tensor;
using axioms::Axiom;
using circuits::Interpretation;
namespace fs = std::filesystem;

const fs::path kFolder = fs::path(ASSAY_SOURCE) / "tasks/majority/reference";
constexpr int64_t kStrings = 28'060;

const Subject& shipped() {
  static const Subject subject =
      load_subject(kFolder / "model.safetensors", kFolder / "difference.json");
  return subject;
}

const Tensor& all_strings() {
  static const Tensor tokens = shipped().task->need<FiniteDomain>().all().inputs.tokens;
  return tokens;
}

Derivation derived(const std::string& variant) {
  return shipped().task->need<Interpretations>().derive(*shipped().model.model,
                                                        {.variant = variant});
}

circuits::Program program_of(const Interpretation& interpretation) {
  return circuits::compile(interpretation, all_operations(), shipped().places());
}

/// @param program  must outlive it.
axioms::Experiment experiment(const circuits::Program& program) {
  return {*shipped().model.model, program, shipped().task->decision()};
}

Tensor some(int64_t first, int64_t n) {
  return all_strings().narrow(0, first, n);
}

/// Failures over all strings: PE and PR of `count`, PE of `answer`.
std::vector<int64_t> failures(const Interpretation& interpretation) {
  const circuits::Program program = program_of(interpretation);
  const auto result = axioms::check(experiment(program), some, {.inputs = kStrings});
  const auto count = [&](size_t node, Axiom axiom) {
    return std::llround(kStrings * result.nodes.at(node)[axiom].estimate.rate());
  };
  return {count(0, Axiom::PE), count(0, Axiom::PR), count(1, Axiom::PE)};
}

TEST(MajorityReference, DecidesEveryStringAndIsProvedTo) {
  const at::NoGradGuard no_grad;
  const Specification& known = shipped().task->need<Specification>();
  const proofs::Study study{.network = *shipped().model.model,
                            .interpretation = shipped().interpretation(),
                            .program = shipped().program,
                            .specified = known.domains.at(0),
                            .knowledge = known.knowledge,
                            .answers = shipped().task->answers()};
  const auto statements = proofs::prove(study, {});
  for (const proofs::Statement& statement : statements)
    EXPECT_EQ(statement.verdict, proofs::Verdict::Proved) << statement.words;
  EXPECT_EQ(statements.back().proof.at("inputs"), kStrings);
  EXPECT_GT(statements.back().proof.at("least_margin").get<double>(), 7);
  EXPECT_TRUE(statements.back().float32->shown);
}

TEST(MajorityReference, HoldsTheDifferenceExactlyAndOnlyTheNumberOfOnesIsRefuted) {
  const at::NoGradGuard no_grad;
  EXPECT_EQ(all_strings().size(0), kStrings);
  EXPECT_EQ(failures(shipped().interpretation()), (std::vector<int64_t>{0, 0, 0}));
  EXPECT_EQ(failures(derived("sign").interpretation), (std::vector<int64_t>{0, 0, 0}));
  EXPECT_EQ(failures(derived("ones").interpretation), (std::vector<int64_t>{0, 1'078, 1'078}));
}

// 1,078 by hand: nothing but the number of ones is known, and `1` is the answer from seven on. That
// is wrong for shorter strings with fewer ones that are a majority all the same, and for strings of
// 14 with seven ones, which are ties and do not exist.
TEST(MajorityReference, TheNumberOfOnesFailsWhereItMust) {
  const Tensor ones = all_strings().eq(kOne).sum(1);
  const Tensor wrong = ones.gt(6).logical_xor(answers(all_strings()).eq(kOne));
  EXPECT_EQ(wrong.sum().item<int64_t>(), 1'078);
  int64_t by_binomials = 0;
  for (int64_t length = 1; length <= 14; ++length) {
    int64_t choose = 1;  // C(length, k)
    for (int64_t k = 0; k <= length; choose = choose * (length - k) / (k + 1), ++k)
      if (2 * k != length && (k > 6) != (2 * k > length)) by_binomials += choose;
  }
  EXPECT_EQ(by_binomials, 1'078);
}

// "There are more ones" is the answer by another name. No axiom fails; that it says nothing is
// found by the tests for emptiness.
TEST(MajorityReference, TheSignAloneIsVacuous) {
  const at::NoGradGuard no_grad;
  const auto objections = [](const Interpretation& interpretation) {
    const circuits::Program program = program_of(interpretation);
    return axioms::vacuity(experiment(program), some, kStrings, /*exhaustive=*/true).objections;
  };
  EXPECT_TRUE(objections(shipped().interpretation()).empty());
  EXPECT_FALSE(objections(derived("sign").interpretation).empty());
}

/// The number that is read of each string, before it is rounded.
Tensor read(const Interpretation& interpretation) {
  const circuits::Node& count = interpretation.nodes[0];
  const Tensor stream =
      shipped().model.model->trace(all_strings(), {.record = {count.reads.at(0)}}).at(0);
  const auto& linear = count.alpha.tensors;
  return at::matmul(stream.select(1, 0).to(torch::kFloat64), linear.at("weight")) +
         linear.at("bias");
}

// The weights are not compared: some directions of the stream hold nothing but rounding, and what
// rounds differently (another processor) gets other weights there.
TEST(MajorityReference, TheShippedReadingsAreDerivedAgain) {
  const at::NoGradGuard no_grad;
  for (const char* variant : {"difference", "ones"}) {
    const auto file = circuits::load_interpretation(kFolder / fmt::format("{}.json", variant),
                                                    shipped().places());
    EXPECT_EQ(file.interpretation.model_sha256, shipped().model.sha256);
    const Derivation again = derived(variant);
    for (const Evidence& fact : again.evidence) EXPECT_TRUE(fact.supports) << fact.statement;
    const Tensor gap = read(again.interpretation) - read(file.interpretation);
    EXPECT_LT(gap.abs().max().item<double>(), 1e-3);
  }
}

}  // namespace reference_test
}  // namespace assay::tasks::majority
