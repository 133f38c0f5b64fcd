// What is proved of the shipped networks holds on 100,000 random inputs (or states, or on all there
// are), as the network runs. The statement about nodes has the same test in proofs_test.cpp.

#include <gmock/gmock.h>
#include <torch/types.h>

#include <filesystem>

#include "axioms/proofs/prove.h"
#include "axioms/proofs/suffix.h"
#include "tasks/registry.h"
#include "tasks/subject.h"

namespace assay::tasks {
namespace proofs_soundness_test {

using at::Tensor;
using proofs::Statement;
using proofs::Verdict;
namespace fs = std::filesystem;

constexpr int64_t kDraws = 100'000, kAtOnce = 5'000;

struct Shipped {
  Subject subject;
  const Specification& known;

  Shipped(const std::string& folder, const std::string& name)
      : subject(load_subject(fs::path(ASSAY_SOURCE) / "tasks" / folder / "model.safetensors",
                             fs::path(ASSAY_SOURCE) / "tasks" / folder / (name + ".json"))),
        known(subject.task->need<Specification>()) {}

  proofs::Study study(size_t domain = 0) const {
    return {.network = *subject.model.model,
            .interpretation = subject.interpretation(),
            .program = subject.program,
            .specified = known.domains.at(domain),
            .knowledge = known.knowledge,
            .answers = subject.task->answers()};
  }
  Verdict verdict(const char* statement, size_t domain = 0) const {
    return proofs::prove(study(domain), {.statements = {statement}, .attack_seconds = 0})
        .at(0)
        .verdict;
  }
};

TEST(ProofsSoundnessSlow, AProvedProgramIsRightOnWhateverIsDrawn) {
  const Shipped shipped("two_sat/reference", "trees");
  for (size_t domain = 0; domain < shipped.known.domains.size(); ++domain) {
    ASSERT_EQ(shipped.verdict(proofs::kProgram, domain), Verdict::Proved);
    const proofs::Study study = shipped.study(domain);
    for (int64_t first = 0; first < kDraws; first += kAtOnce) {
      const Tensor tokens = study.domain().drawn(7, first, kAtOnce);
      EXPECT_TRUE(study.program_answers(tokens).equal(study.right(tokens)));
    }
  }
}

TEST(ProofsSoundnessSlow, AProvedSuffixDecidesEveryStateThatIsDrawn) {
  const at::NoGradGuard no_grad;
  const Shipped shipped("two_sat/reference", "trees");
  ASSERT_EQ(shipped.verdict(proofs::kSuffix), Verdict::Proved);
  const circuits::Node& node = shipped.subject.interpretation().nodes.at(1);
  const interp::Transformer& network = *shipped.subject.model.model;
  const auto suffix = proofs::affine_suffix(network, shipped.subject.interpretation(), node, 40);
  at::manual_seed(2);
  for (int64_t first = 0; first < kDraws; first += kAtOnce) {
    const Tensor bits = at::rand({kAtOnce, 48}).lt(at::rand({kAtOnce, 1}).pow(4));
    const auto written = shipped.subject.program.steps[1].gamma(bits);
    interp::TraceRequest request{.record = {interp::logits_site(network, 40)}};
    for (size_t i = 0; i < 2; ++i) request.overwrite.push_back({node.sites[i], written[i]});
    const Tensor logits = network.trace({}, request).at(0).select(1, 0);
    const Tensor difference = logits.select(1, suffix.on) - logits.select(1, suffix.off);
    EXPECT_TRUE(difference.gt(0).equal(bits.any(1)));
  }
}

TEST(ProofsSoundnessSlow, AProvedOutputIsRightOnEveryInputInFloat32) {
  const at::NoGradGuard no_grad;
  for (const auto& [folder, name] :
       {std::pair{"modular_addition/reference", "downstream"}, {"dyck/reference", "depth-token"}}) {
    const Shipped shipped(folder, name);
    ASSERT_EQ(shipped.verdict(proofs::kOutput), Verdict::Proved);
    const proofs::Study study = shipped.study();
    const Tensor tokens = study.domain().listed(0, static_cast<int64_t>(study.domain().inputs()));
    EXPECT_TRUE(study.network_answers(tokens).equal(study.right(tokens)));
  }
}

// 40 + 40² + 40³ formulas. All of them can be satisfied: it takes four clauses to contradict.
TEST(ProofsSoundnessSlow, EveryShortFormulaIsDecidedRightly) {
  const at::NoGradGuard no_grad;
  const Shipped shipped("two_sat/variable", "trees");
  const proofs::Study study = shipped.study(2);
  EXPECT_EQ(study.domain().name, "up-to-3");
  ASSERT_EQ(study.domain().inputs(), 65'640);
  const Truth& truth = shipped.subject.task->need<Truth>();
  for (int64_t first = 0; first < 65'640; first += 4'376) {
    const Tensor tokens = study.domain().listed(first, 4'376), right = study.right(tokens);
    EXPECT_TRUE(truth.answers(tokens).equal(right));
    EXPECT_TRUE(study.network_answers(tokens).equal(right));
    EXPECT_TRUE(study.program_answers(tokens).equal(right));
  }
}

}  // namespace proofs_soundness_test
}  // namespace assay::tasks
