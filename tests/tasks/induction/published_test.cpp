// The unique-copy networks of arXiv 2602.08857 as they are: GPT-2 folders of the public repository
// lacoco-lab/decompiling_transformers, whose folder share/saved_models ASSAY_DECOMPILED names.
// Their tokens are laid out as ours for an alphabet of 150.

#include <gmock/gmock.h>
#include <torch/types.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "axioms/checker.h"
#include "circuits/interpretation/program.h"
#include "interp/adapters/model_file.h"
#include "tasks/induction/rows.h"
#include "tasks/registry.h"

namespace assay::tasks::induction {
namespace induction_published_test {

using at::Tensor;
using axioms::Axiom;
namespace fs = std::filesystem;

constexpr int64_t kInputs = 2048;
const Rows kPublished{.symbols = 150};

class InductionPublished : public testing::Test {
 protected:
  void SetUp() override {
    const char* folder = std::getenv("ASSAY_DECOMPILED");
    if (!folder) GTEST_SKIP() << "ASSAY_DECOMPILED is not set";
    folder_ = folder;
  }
  interp::LoadedModel load(const std::string& name) const {
    return interp::load_model(folder_ / name);
  }

 private:
  fs::path folder_;
};

/// Failures of PE or PR on `tokens` at the node `copied` of a variant derived from the network.
int64_t failures(const interp::LoadedModel& loaded, const std::string& variant,
                 const Tensor& tokens, Axiom axiom) {
  const at::NoGradGuard no_grad;
  const auto task = make_task("induction", {{"symbols", kPublished.symbols}});
  const Derivation derivation =
      task->need<Interpretations>().derive(*loaded.model, {.variant = variant});
  const circuits::Program program =
      circuits::compile(derivation.interpretation, all_operations(), loaded.model->places());
  const auto result =
      axioms::check({*loaded.model, program, task->decision()},
                    [&](int64_t first, int64_t n) { return tokens.narrow(0, first, n); },
                    {.inputs = tokens.size(0)});
  for (size_t node = 0; node < result.nodes.size(); ++node)
    if (program.steps[node].name == "copied") return result.nodes[node][axiom].estimate.failures;
  ADD_FAILURE() << "no node of this name";
  return -1;
}

TEST_F(InductionPublished, TheTrainedNetworkIsValidatedAsItIs) {
  const interp::LoadedModel loaded = load("unique_copy-@2l1h64d3lr01drop");
  const Tensor tokens = kPublished.sample(Part::Test, 1, 0, kInputs).tokens;
  for (const Axiom axiom : {Axiom::PE, Axiom::PR}) {
    EXPECT_LT(failures(loaded, "induction", tokens, axiom), kInputs / 50);
    EXPECT_LT(failures(loaded, "offset", repeated(tokens), axiom), kInputs / 50);
    EXPECT_GT(failures(loaded, "offset", tokens, axiom), kInputs * 4 / 5);
  }
}

// Networks for several right answers are of a class of their own, with the same forward pass.
TEST_F(InductionPublished, NetworksWithAnotherLossAreRead) {
  for (const char* name : {"bce_D2-@1l1h16d3lr00drop", "bin_majority-@1l1h16d3lr01drop"})
    EXPECT_EQ(load(name).model->config().d_model, 16) << name;
}

}  // namespace induction_published_test
}  // namespace assay::tasks::induction
