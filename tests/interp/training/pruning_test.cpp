#include "interp/training/pruning.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "tests/interp/naive_forward.h"
#include "tests/interp/networks.h"
#include "tests/interp/scratch.h"
#include "tests/interp/training/toy_training.h"

namespace assay::interp {
namespace pruning_test {

using at::Tensor;

/// Neurons of the last block whose weights in, bias and weights out are all zero.
std::vector<int64_t> dead_neurons(const Transformer& model) {
  const std::string mlp = fmt::format("blocks.{}.mlp.", model.config().n_layers() - 1);
  const Tensor W_in = model.weight(mlp + "W_in"), W_out = model.weight(mlp + "W_out"),
               b_in = model.weight(mlp + "b_in");
  std::vector<int64_t> dead;
  for (int64_t n = 0; n < W_out.size(0); ++n)
    if (W_out[n].eq(0).all().item<bool>() && W_in.select(1, n).eq(0).all().item<bool>() &&
        b_in[n].item<float>() == 0)
      dead.push_back(n);
  return dead;
}

TEST(PruningTest, PruningRemovesWholeNeurons) {
  auto model = fresh_model();
  model->weight("blocks.0.mlp.b_in").detach().fill_(1);
  EXPECT_EQ(prune_neurons(*model, 1, {}), 24);
  EXPECT_EQ(prune_neurons(*model, 1, {3, 20}), 22);
  EXPECT_EQ(dead_neurons(*model), (std::vector<int64_t>{3, 20}));
  EXPECT_EQ(prune_neurons(*model, 1, {3}), 22);
  EXPECT_EQ(model->weight("blocks.0.mlp.W_out").eq(0).sum().item<int64_t>(),
            0);  // the other block keeps all
}

TEST(PruningTest, APhaseKeepsTheNeuronsThatMoveTheAnswerMostAndTheRestStaysRemoved) {
  for (const Activation activation : {Activation::Relu, Activation::Gelu}) {
    TransformerConfig network = toy_sizes();
    network.activation = activation;
    TrainingConfig config = two_phases();
    config.phases = {{.steps = 6, .learning_rate = 3e-3}};
    auto before = fresh_model(1, network);
    run(*before, config);
    // Largest activation times largest distance of an answer's logit from the mean of the answers.
    const LabelledBatch sample = same_or_not(1)(0, config.held_out);
    const TensorMap weights = weights_of(*before);
    const Tensor hidden = NaiveForward(network, weights, sample.tokens)
                              .values.at("blocks.1.mlp.hook_post")
                              .select(1, 2);
    std::vector<std::pair<double, int64_t>> neurons;
    for (int64_t n = 0; n < 24; ++n) {
      const Tensor logits =
          at::matmul(weights.at("blocks.1.mlp.W_out")[n], weights.at("unembed.W_U"));
      const double no = logits[0].item<double>(), yes = logits[1].item<double>();
      neurons.emplace_back(hidden.select(1, n).abs().max().item<double>() * std::abs(yes - no) / 2,
                           n);
    }
    std::sort(neurons.begin(), neurons.end());
    std::vector<int64_t> weakest;
    for (size_t i = 0; i < 24 - 9; ++i) weakest.push_back(neurons[i].second);
    std::sort(weakest.begin(), weakest.end());

    config.phases.push_back(
        {.steps = 12, .learning_rate = 1e-2, .weight_decay = 0.1, .keep_neurons = 9});
    auto model = fresh_model(1, network);
    std::vector<int64_t> living;
    run(*model, config,
        {.on_progress = [&](const auto& progress) { living.push_back(progress.neurons); }});
    EXPECT_EQ(dead_neurons(*model), weakest);
    for (size_t step = 0; step < living.size(); ++step) EXPECT_EQ(living[step], step < 6 ? 24 : 9);
  }
}

TEST(PruningTest, LabelsByPositionChooseAsTheReadoutDoes) {
  const auto model = fresh_model();
  EXPECT_EQ(weakest_neurons(*model, 2, 10, labelled_by_position(1), 100),
            weakest_neurons(*model, 2, 10, same_or_not(1), 100));
  const auto unlabelled = [](int64_t first, int64_t count) {
    LabelledBatch batch = labelled_by_position(1)(first, count);
    batch.labels.fill_(kUnlabelled);
    return batch;
  };
  EXPECT_EQ(message_of([&] { weakest_neurons(*model, 2, 10, unlabelled, 100); }),
            "pruning: none of 100 inputs has a label to choose neurons by");
}

TEST(PruningTest, KeepingMoreNeuronsThanThereAreKeepsAll) {
  TrainingConfig config = two_phases();
  config.phases = {{.steps = 1, .keep_neurons = 1000}};
  auto model = fresh_model();
  EXPECT_EQ(run(*model, config).last.neurons, 24);
}

}  // namespace pruning_test
}  // namespace assay::interp
