// The shipped induction network, three networks on the way to it, and what is said of them.
// docs/induction.md has the same figures over more rows.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <torch/types.h>

#include <filesystem>

#include "axioms/checker.h"
#include "axioms/vacuity.h"
#include "circuits/interpretation/interpretation_file.h"
#include "circuits/interpretation/program.h"
#include "interp/adapters/model_file.h"
#include "tasks/induction/rows.h"
#include "tasks/registry.h"
#include "tasks/subject.h"

namespace assay::tasks::induction {
namespace induction_reference_test {

using at::Tensor;
using axioms::Axiom;
namespace fs = std::filesystem;

const fs::path kFolder = fs::path(ASSAY_SOURCE) / "tasks/induction/reference";
constexpr int64_t kInputs = 4096;

Subject shipped(const std::string& variant) {
  return load_subject(kFolder / "model.safetensors", kFolder / fmt::format("{}.json", variant));
}

Tensor fresh_rows() {
  return Rows{}.sample(Part::Test, 1, 0, kInputs).tokens;
}

/// Failures on each of the rows, of one axiom at each node.
std::map<std::string, int64_t> failures(const interp::Network& network,
                                        const circuits::Program& program, const Task& task,
                                        const Tensor& tokens, Axiom axiom) {
  const auto result =
      axioms::check({network, program, task.decision()},
                    [&](int64_t first, int64_t n) { return tokens.narrow(0, first, n); },
                    {.inputs = tokens.size(0)});
  std::map<std::string, int64_t> counts;
  for (size_t node = 0; node < result.nodes.size(); ++node)
    counts[program.steps[node].name] = result.nodes[node][axiom].estimate.failures;
  return counts;
}

std::map<std::string, int64_t> failures(const Subject& subject, const Tensor& tokens, Axiom axiom) {
  return failures(*subject.model.model, subject.program, *subject.task, tokens, axiom);
}

double accuracy(const interp::Network& network, const Tensor& tokens) {
  const at::NoGradGuard no_grad;
  const interp::Site logits{.place = interp::hook::logits(), .positions = {kRow - 1}};
  const Tensor out = network.trace(tokens, {.record = {logits}}).at(0).select(1, 0);
  return out.argmax(1).eq(answers(tokens)).to(torch::kFloat64).mean().item<double>();
}

TEST(InductionReference, AnswersFreshRowsOfBothOrders) {
  const Subject subject = shipped("induction");
  const Tensor tokens = fresh_rows();
  EXPECT_GT(accuracy(*subject.model.model, tokens), .999);
  EXPECT_GT(accuracy(*subject.model.model, repeated(tokens)), .999);
}

TEST(InductionReference, FindsTheQueryAndCopiesWhatFollows) {
  const at::NoGradGuard no_grad;
  const Subject subject = shipped("induction");
  for (const Axiom axiom : {Axiom::PE, Axiom::PR})
    for (const auto& [node, count] : failures(subject, fresh_rows(), axiom))
      EXPECT_LT(count, kInputs / 200) << node;
}

TEST(InductionReference, HoldsPairsOfNeighboursBetweenTheBlocks) {
  const at::NoGradGuard no_grad;
  const Subject subject = shipped("pairs");
  for (const Axiom axiom : {Axiom::PE, Axiom::PR})
    for (const auto& [node, count] : failures(subject, fresh_rows(), axiom))
      EXPECT_LT(count, kInputs / 100) << node;
}

// A fixed place is right where the list is begun again in order. In other rows it is right for one
// query in nine.
TEST(InductionReference, CopyingFromAFixedPlaceIsRightInOneOrderOnly) {
  const at::NoGradGuard no_grad;
  const Subject subject = shipped("offset");
  const Tensor tokens = fresh_rows();
  const auto wrong = tokens.select(1, kFixed).ne(answers(tokens)).sum().item<int64_t>();
  EXPECT_NEAR(static_cast<double>(wrong) / kInputs, 8. / 9, .025);
  EXPECT_NEAR(failures(subject, tokens, Axiom::PE).at("copied"), wrong, kInputs / 100);
  EXPECT_NEAR(failures(subject, tokens, Axiom::PR).at("copied"), wrong, kInputs / 100);
  for (const Axiom axiom : {Axiom::PE, Axiom::PR})
    EXPECT_LT(failures(subject, repeated(tokens), axiom).at("copied"), kInputs / 200);
}

// 200 steps: nothing of the mechanism. 300: the last position attends where it should on most rows.
// 500: all of it.
TEST(InductionReference, TheVerdictTurnsWhereTheMechanismForms) {
  const at::NoGradGuard no_grad;
  const auto task = make_task("induction");
  const Tensor tokens = fresh_rows();
  const auto failing = [&](const char* file, const std::string& node, Axiom axiom) {
    const auto loaded = interp::load_model(kFolder / file);
    const Derivation derivation = task->need<Interpretations>().derive(*loaded.model, {});
    const circuits::Program program =
        circuits::compile(derivation.interpretation, all_operations(), loaded.model->places());
    return static_cast<double>(failures(*loaded.model, program, *task, tokens, axiom).at(node)) /
           kInputs;
  };
  EXPECT_GT(failing("step-000200.safetensors", "previous", Axiom::PE), .99);
  EXPECT_NEAR(failing("step-000200.safetensors", "copied", Axiom::PR), .886, .03);
  EXPECT_NEAR(failing("step-000300.safetensors", "copied", Axiom::PR), .196, .03);
  EXPECT_LT(failing("step-000500.safetensors", "previous", Axiom::PE), .01);
  EXPECT_LT(failing("step-000500.safetensors", "copied", Axiom::PR), .01);
}

TEST(InductionReference, TheReadingIsNotVacuous) {
  const at::NoGradGuard no_grad;
  const Subject subject = shipped("pairs");
  const Tensor tokens = fresh_rows();
  const auto vacuity = axioms::vacuity(
      subject.experiment(), [&](int64_t first, int64_t n) { return tokens.narrow(0, first, n); },
      tokens.size(0), /*exhaustive=*/false);
  for (const axioms::Objection& objection : vacuity.objections)
    ADD_FAILURE() << objection.node << " " << objection.kind << ": " << objection.reason;
  for (const axioms::Remark& remark : vacuity.untested)
    ADD_FAILURE() << remark.node << " untested: " << remark.text;
}

TEST(InductionReference, TheShippedReadingsAreOfThisNetwork) {
  for (const char* variant : {"induction", "pairs", "offset"}) {
    const Subject subject = shipped(variant);
    EXPECT_EQ(subject.interpretation().model_sha256, subject.model.sha256);
  }
}

}  // namespace induction_reference_test
}  // namespace assay::tasks::induction
