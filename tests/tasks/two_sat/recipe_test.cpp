#include "tasks/two_sat/recipe.h"

#include <gmock/gmock.h>

#include <cmath>
#include <stdexcept>

#include "interp/training/training.h"

namespace assay::tasks::two_sat {
namespace recipe_test {

using testing::ElementsAre;
using testing::ThrowsMessage;

TEST(Recipe, ListsThePresetsThatExist) {
  EXPECT_THAT(
      [] { recipe("best", 5, 10); },
      ThrowsMessage<std::invalid_argument>(
          "unknown preset 'best' of two-sat; there are reference, variable, fast, demo, paper"));
  for (const Preset& preset : presets()) EXPECT_NO_THROW(recipe(preset.name, 5, 10));
}

TEST(Recipe, OfThePaperHasThePapersNumbers) {
  const Recipe paper = recipe("paper", 5, 10);
  EXPECT_EQ(paper.model.d_vocab, 16);
  EXPECT_EQ(paper.model.n_ctx, 41);
  EXPECT_EQ(paper.model.d_model, 128);
  EXPECT_EQ(paper.model.d_mlp, 512);
  EXPECT_THAT(paper.model.n_heads, ElementsAre(1, 4));
  EXPECT_THAT(paper.model.d_head, ElementsAre(128, 32));
  EXPECT_EQ(paper.model.activation, interp::Activation::Relu);
  EXPECT_EQ(paper.model.norm, interp::Norm::None);
  EXPECT_FALSE(paper.model.attention_biases);
  EXPECT_TRUE(paper.model.mlp_biases);
  EXPECT_FALSE(paper.model.unembed_bias);
  EXPECT_EQ(paper.initialisation.embedding_scale, 1);
  EXPECT_EQ(paper.initialisation.writer_scale, 1);
  EXPECT_EQ(paper.training.readout, 40);
  EXPECT_EQ(paper.training.batch, 10'000);
  EXPECT_EQ(paper.training.warmup, 10 * 120);
  EXPECT_EQ(paper.training.beta1, 0.9);
  EXPECT_EQ(paper.training.beta2, 0.98);
  EXPECT_TRUE(std::isinf(paper.training.gradient_clip));
  ASSERT_EQ(paper.training.phases.size(), 1U);
  const interp::Phase& phase = paper.training.phases[0];
  EXPECT_EQ(phase.steps, 1000 * 120);
  EXPECT_EQ(phase.learning_rate, 1e-3);
  EXPECT_EQ(phase.final_learning_rate, phase.learning_rate);  // constant
  EXPECT_EQ(phase.weight_decay, 1);
  EXPECT_EQ(phase.keep_neurons, 0);
}

TEST(Recipe, ThatPrunesKeepsFewerNeuronsFromPhaseToPhaseAndEndsAtRest) {
  for (const char* preset : {"reference", "demo"}) {
    const Recipe made = recipe(preset, 3, 6);
    const auto& phases = made.training.phases;
    ASSERT_GE(phases.size(), 2U);
    EXPECT_EQ(phases[0].keep_neurons, 0);
    int64_t kept = made.model.d_mlp;
    for (size_t i = 1; i < phases.size(); ++i) {
      EXPECT_LT(phases[i].keep_neurons, kept);
      EXPECT_GT(phases[i].keep_neurons, 0);
      kept = phases[i].keep_neurons;
    }
    EXPECT_EQ(phases.back().final_learning_rate, 0);
    EXPECT_GT(made.training.steps(), phases[0].steps);
  }
}

}  // namespace recipe_test
}  // namespace assay::tasks::two_sat
