#include "tasks/modular_addition/recipe.h"

#include <gmock/gmock.h>

#include <cmath>
#include <stdexcept>

namespace assay::tasks::modular_addition {
namespace recipe_test {

using testing::ElementsAre;
using testing::ThrowsMessage;

TEST(ModularAdditionRecipe, OfThePaperHasThePapersNumbers) {
  const Recipe paper = recipe("paper", Pairs({.p = 113, .train_fraction = 0.3}));
  EXPECT_EQ(paper.model.d_vocab, 114);
  EXPECT_EQ(paper.model.n_ctx, 3);
  EXPECT_EQ(paper.model.d_model, 128);
  EXPECT_EQ(paper.model.d_mlp, 512);
  EXPECT_THAT(paper.model.n_heads, ElementsAre(4));
  EXPECT_THAT(paper.model.d_head, ElementsAre(32));
  EXPECT_EQ(paper.model.activation, interp::Activation::Relu);
  EXPECT_EQ(paper.model.norm, interp::Norm::None);
  EXPECT_FALSE(paper.model.attention_biases);
  EXPECT_TRUE(paper.model.mlp_biases);
  EXPECT_FALSE(paper.model.unembed_bias);
  EXPECT_EQ(paper.training.batch, 3830);  // all training pairs
  EXPECT_EQ(paper.training.warmup, 10);
  EXPECT_EQ(paper.training.beta1, 0.9);
  EXPECT_EQ(paper.training.beta2, 0.98);
  EXPECT_TRUE(std::isinf(paper.training.gradient_clip));
  ASSERT_EQ(paper.training.phases.size(), 1u);
  const interp::Phase& phase = paper.training.phases[0];
  EXPECT_EQ(phase.steps, 40000);
  EXPECT_EQ(phase.learning_rate, 1e-3);
  EXPECT_EQ(phase.final_learning_rate, phase.learning_rate);  // constant
  EXPECT_EQ(phase.weight_decay, 1);
}

TEST(ModularAdditionRecipe, ThatMemorisesHasNoWeightDecay) {
  for (const interp::Phase& phase : recipe("memorise", Pairs({.p = 113})).training.phases)
    EXPECT_EQ(phase.weight_decay, 0);
}

TEST(ModularAdditionRecipe, ABatchIsNeverMoreThanAPass) {
  for (const char* preset : {"quick", "memorise"}) {
    EXPECT_EQ(recipe(preset, Pairs({.p = 7})).training.batch, 14);
    EXPECT_EQ(recipe(preset, Pairs({.p = 113})).training.batch, 512);
  }
}

TEST(ModularAdditionRecipe, ListsThePresetsThatExist) {
  EXPECT_THAT([] { recipe("best", Pairs({.p = 7})); },
              ThrowsMessage<std::invalid_argument>("unknown preset 'best' of modular-addition; "
                                                   "there are quick, paper, memorise"));
  for (const Preset& preset : presets()) EXPECT_NO_THROW(recipe(preset.name, Pairs({.p = 7})));
}

}  // namespace recipe_test
}  // namespace assay::tasks::modular_addition
