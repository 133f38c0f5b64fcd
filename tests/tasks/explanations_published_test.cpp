// Replacing explanations of the published 2-SAT network (arXiv 2407.13594): how well the sampled
// ones agree with the exact occlusion of single literals, at 1,000 rows.

#include <gmock/gmock.h>
#include <torch/types.h>

#include <cstdlib>
#include <filesystem>
#include <vector>

#include "interp/adapters/model_file.h"
#include "interp/attribution/method.h"
#include "interp/attribution/same_type_replacer.h"
#include "interp/doubles.h"
#include "interp/statistics/ranks.h"
#include "tasks/explaining.h"
#include "tasks/registry.h"

namespace assay::tasks {
namespace explanations_published_test {

using interp::doubles_of;
using interp::attribution::explain;
using interp::attribution::Explanation;
using interp::attribution::OwnToken;
using interp::attribution::Problem;
using interp::attribution::Replacer;
using interp::attribution::SameTypeReplacer;
using interp::attribution::Target;
using interp::attribution::TargetKind;

constexpr int64_t kFormulas = 30;  // half of them satisfiable

class ExplanationsOfThePublished : public testing::Test {
 protected:
  void SetUp() override {
    const char* folder = std::getenv("ASSAY_PUBLISHED");
    if (!folder) GTEST_SKIP() << "ASSAY_PUBLISHED is not set";
    model_ = interp::load_model(std::filesystem::path(folder) / "sat2_published/900.pth");
  }

  /// The probability of the right answer, explained by literals or by tokens.
  Problem problem(int64_t index, const std::string& features, const Replacer& replacer) const {
    const interp::LabelledBatch input = task_->sample(Part::Test, /*seed=*/1, index, 1);
    const Target target{.kind = TargetKind::Probability, .token = input.labels.item<int64_t>()};
    return problem_of(*task_, *model_.model, input.tokens[0],
                      {.features = features,
                       .target = target,
                       .replacer = &replacer,
                       .seed = static_cast<uint64_t>(index)});
  }

  /// Indices of as many formulas of either answer.
  std::vector<int64_t> formulas() const {
    const at::Tensor labels = task_->sample(Part::Test, 1, 0, 200).labels;
    std::map<int64_t, int64_t> left;
    for (const int64_t answer : task_->answers()) left[answer] = kFormulas / 2;
    std::vector<int64_t> indices;
    for (int64_t i = 0; i < 200; ++i)
      if (left[labels[i].item<int64_t>()]-- > 0) indices.push_back(i);
    return indices;
  }

  std::unique_ptr<Task> task_ = make_task("two-sat");
  interp::LoadedModel model_;
};

TEST_F(ExplanationsOfThePublished, ReagentAgreesWithExactOcclusion) {
  const auto conditional = task_->replacer("conditional");
  double raw = 0, marginal = 0;
  for (const int64_t index : formulas()) {
    const Problem literals = problem(index, "literal", *conditional);
    const std::vector<double> exact = doubles_of(explain("occlusion", literals).scores);
    const Explanation reagent = explain("reagent:small-vocab", literals);
    EXPECT_LE(reagent.rows, 1000);
    raw += statistics::spearman(doubles_of(reagent.readings.at("raw")), exact) / kFormulas;
    marginal += statistics::spearman(doubles_of(reagent.scores), exact) / kFormulas;
  }
  RecordProperty("raw", std::to_string(raw));
  RecordProperty("marginal", std::to_string(marginal));
  EXPECT_GE(raw, 0.45);
  EXPECT_GE(marginal, 0.55);
}

// Any token by any, itself included, at any position, and the stop rule of a vocabulary of
// thousands.
TEST_F(ExplanationsOfThePublished, InseqsDefaultsStopBeforeTheyKnowAnything) {
  const auto conditional = task_->replacer("conditional");
  const SameTypeReplacer uniform =
      interp::attribution::uniform_replacer(task_->d_vocab(), OwnToken::Allowed);
  double raw = 0;
  for (const int64_t index : formulas()) {
    const Problem tokens = problem(index, "token", uniform);
    const std::vector<double> scores = doubles_of(explain("reagent:inseq", tokens).scores);
    std::vector<double> of_literals;
    for (int64_t i = 0; i < 40; ++i)
      if (i % 4 == 1 || i % 4 == 2) of_literals.push_back(scores[i]);
    const std::vector<double> exact =
        doubles_of(explain("occlusion", problem(index, "literal", *conditional)).scores);
    raw += statistics::spearman(of_literals, exact) / kFormulas;
  }
  RecordProperty("raw", std::to_string(raw));
  EXPECT_LE(raw, 0.2);
}

}  // namespace explanations_published_test
}  // namespace assay::tasks
