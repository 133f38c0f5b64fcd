// The shipped Dyck network, and which readings of it hold: every count over all 1,024 strings. What
// docs/dyck.md says.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <torch/types.h>

#include <filesystem>

#include "axioms/checker.h"
#include "axioms/proofs/prove.h"
#include "circuits/interpretation/interpretation_file.h"
#include "circuits/interpretation/program.h"
#include "tasks/dyck/strings.h"
#include "tasks/registry.h"
#include "tasks/subject.h"

namespace assay::tasks::dyck {
namespace reference_test {

using at::Tensor;
using axioms::Axiom;
using circuits::Interpretation;
namespace fs = std::filesystem;

const fs::path kFolder = fs::path(ASSAY_SOURCE) / "tasks/dyck/reference";

const Subject& shipped() {
  static const Subject subject =
      load_subject(kFolder / "model.safetensors", kFolder / "depth-token.json");
  return subject;
}

interp::LabelledBatch all_strings() {
  return shipped().task->need<FiniteDomain>().all().inputs;
}

Interpretation derived(const std::string& variant) {
  return shipped()
      .task->need<Interpretations>()
      .derive(*shipped().model.model, {.variant = variant, .part = Part::Train})
      .interpretation;
}

/// Failures of node `scan` over all strings.
struct Failures {
  int64_t pe, pr;
};
Failures failures(const Interpretation& interpretation) {
  const Tensor tokens = all_strings().tokens;
  const auto result = axioms::check(
      {*shipped().model.model,
       circuits::compile(interpretation, all_operations(), shipped().places()),
       shipped().task->decision()},
      [&](int64_t first, int64_t n) { return tokens.narrow(0, first, n); }, {.inputs = 1024});
  const auto count = [&](Axiom axiom) {
    return std::llround(1024 * result.nodes.at(0)[axiom].estimate.rate());
  };
  return {count(Axiom::PE), count(Axiom::PR)};
}

Tensor decisions(const interp::TraceRequest& request) {
  const Tensor logits = shipped().model.model->trace(all_strings().tokens, request).at(0);
  return logits.select(1, 0).argmax(1);
}

TEST(DyckReference, DecidesEveryStringAndIsProvedTo) {
  const at::NoGradGuard no_grad;
  const Specification& known = shipped().task->need<Specification>();
  const proofs::Study study{.network = *shipped().model.model,
                            .interpretation = shipped().interpretation(),
                            .program = shipped().program,
                            .specified = known.domains.at(0),
                            .knowledge = known.knowledge,
                            .answers = shipped().task->answers()};
  for (const proofs::Statement& statement : proofs::prove(study, {}))
    EXPECT_EQ(statement.verdict, proofs::Verdict::Proved) << statement.words;
}

TEST(DyckReference, EachAxiomFindsAnotherFalseReading) {
  const at::NoGradGuard no_grad;
  const Failures truth = failures(shipped().interpretation()), depth = failures(derived("depth")),
                 now = failures(derived("violation-token")),
                 ever = failures(derived("violated-token"));
  EXPECT_EQ(truth.pe, 0);
  EXPECT_EQ(truth.pr, 0);
  EXPECT_EQ(depth.pe, 0);
  EXPECT_EQ(depth.pr, 42);
  EXPECT_EQ(now.pe, 0);
  EXPECT_EQ(now.pr, 1);
  EXPECT_EQ(ever.pe, 245);
  EXPECT_EQ(ever.pr, 0);
}

/// The facts that are read of each prefix, [pos, input, facts], before they are rounded.
Tensor read(const Interpretation& interpretation) {
  const circuits::Node& scan = interpretation.nodes[0];
  const Tensor stream =
      shipped().model.model->trace(all_strings().tokens, {.record = {scan.reads.at(0)}}).at(0);
  const auto& linear = scan.alpha.tensors;
  return at::baddbmm(linear.at("bias").unsqueeze(1), stream.transpose(0, 1).to(torch::kFloat64),
                     linear.at("weight"));
}

// The weights are not compared: some directions of the stream hold nothing but rounding, and what
// rounds differently (another processor) gets other weights there.
TEST(DyckReference, TheShippedReadingsAreDerivedAgain) {
  const at::NoGradGuard no_grad;
  for (const char* variant : {"depth-token", "depth"}) {
    const auto file = circuits::load_interpretation(kFolder / fmt::format("{}.json", variant),
                                                    shipped().places());
    EXPECT_EQ(file.interpretation.model_sha256, shipped().model.sha256);
    const Interpretation again = derived(variant);
    EXPECT_LT((read(again) - read(file.interpretation)).abs().max().item<double>(), 1e-3);
  }
}

// "Block 1 is not needed" is false: without what it writes no balanced string is accepted.
TEST(DyckReference, BlockOneIsNeeded) {
  const at::NoGradGuard no_grad;
  const interp::Site logits{.place = interp::hook::logits(), .positions = {0}};
  const Tensor labels = all_strings().labels;
  EXPECT_TRUE(decisions({.record = {logits}}).equal(labels));
  const auto without = [&](const std::string& place) {
    const Tensor zeros = at::zeros({1024, 10, 32});
    return decisions({.record = {logits}, .overwrite = {{{.place = place}, zeros}}});
  };
  const Tensor without_attention = without(interp::hook::attn_out(1)).ne(labels);
  const Tensor balanced = labels.eq(kBalanced);
  EXPECT_TRUE(without_attention.masked_select(balanced).all().item<bool>());
  EXPECT_EQ(without_attention.sum().item<int64_t>(), 42);
  EXPECT_EQ(without(interp::hook::mlp_out(1)).ne(labels).sum().item<int64_t>(), 122);
}

}  // namespace reference_test
}  // namespace assay::tasks::dyck
