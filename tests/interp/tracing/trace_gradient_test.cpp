// Traces are differentiable, in the weights and in what overwrites.

#include <gtest/gtest.h>
#include <torch/autograd.h>
#include <torch/types.h>

#include <functional>
#include <random>

#include "interp/network/network.h"
#include "interp/tracing/plan.h"
#include "tests/interp/blocks.h"
#include "tests/interp/networks.h"
#include "tests/interp/sites.h"
#include "tests/interp/traces.h"

namespace assay::interp {
namespace trace_gradient_test {

using at::Tensor;

/// d loss / d x by central differences at a few elements, against the gradient found.
void expect_derivatives(const Tensor& x, const Tensor& gradient,
                        const std::function<double()>& loss, const std::string& name,
                        std::mt19937_64& random) {
  const at::NoGradGuard no_grad;
  const Tensor flat = x.detach().view({-1});
  for (int sample = 0; sample < 2; ++sample) {
    const auto i = static_cast<int64_t>(random() % flat.numel());
    double* element = flat.data_ptr<double>() + i;
    const double before = *element, h = 1e-6;
    *element = before + h;
    const double above = loss();
    *element = before - h;
    const double below = loss();
    *element = before;
    const double expected = (above - below) / (2 * h);
    const double found = gradient.defined() ? gradient.reshape({-1})[i].item<double>() : 0;
    EXPECT_NEAR(found, expected, 1e-6 * (1 + std::abs(expected))) << name << "[" << i << "]";
  }
}

void expect_gradients_of_parameters(const TransformerConfig& config, const TraceRequest& request,
                                    const Tensor& tokens) {
  const auto model = random_model(config, 15);
  const auto loss = [&] {
    Tensor sum = at::zeros({}, at::kDouble);
    for (const Tensor& value : model->trace(tokens, request)) {
      const Tensor weights = at::arange(value.numel(), at::kDouble).sin().view(value.sizes());
      sum = sum + (value * weights).tanh().sum() / static_cast<double>(value.size(0));
    }
    return sum;
  };
  const auto parameters = model->parameters();
  const auto gradients = torch::autograd::grad({loss()}, parameters, {}, {}, false, true);
  std::mt19937_64 random(16);
  const auto names = model->named_parameters().keys();
  for (size_t p = 0; p < parameters.size(); ++p)
    expect_derivatives(
        parameters[p], gradients[p], [&] { return loss().item<double>(); }, names[p], random);
}

TEST(TraceGradientTest, GradientsOfParametersEqualFiniteDifferences) {
  for (const TransformerConfig& config : assorted_configs()) {
    const int64_t last = config.n_layers() - 1;
    const Site readout{.place = hook::logits(), .positions = {config.n_ctx - 1}};
    const Site neurons{.place = hook::mlp_post(last), .positions = {config.n_ctx - 1}};
    for (const int64_t batch : kBatches) {
      const Tensor tokens = random_tokens(config, batch, config.n_ctx, 17);
      expect_gradients_of_parameters(config, {.record = {readout, neurons}, .overwrite = {}},
                                     tokens);
      if (batch < 70)
        expect_gradients_of_parameters(config, {.record = {whole(hook::logits())}, .overwrite = {}},
                                       tokens);
    }
  }
}

TEST(TraceGradientTest, GradientsOfParametersEqualFiniteDifferencesWhateverTheBlocks) {
  for (const auto& [name, config] : networks_of_blocks()) {
    SCOPED_TRACE(name);
    const auto model = random_model(config);
    const Tensor tokens = random_tokens(config, 3, config.n_ctx, 17);
    const Site readout = logits_site(*model, config.n_ctx - 1);
    for (const Site& site : {readout, whole(hook::logits())})
      expect_gradients_of_parameters(config, {.record = {site}, .overwrite = {}}, tokens);
  }
}

TEST(TraceGradientTest, TheGradientTestsTakeEveryReassociatedPath) {
  const auto reads = [](const TransformerConfig& config, const std::string& place) {
    const Site readout{.place = hook::logits(), .positions = {config.n_ctx - 1}};
    const Places places = describe(config);
    return Plan(places, {readout}, {}, config.n_ctx).find(places.at(place))->reads;
  };
  const auto configs = assorted_configs();
  for (const auto hook : {hook::attn_scores, hook::z}) {
    EXPECT_EQ(reads(configs[0], hook(1)), Reads::ThroughMlp);
    EXPECT_EQ(reads(configs[1], hook(1)), Reads::Absorbed);  // norms stand in the way of W_out
    EXPECT_EQ(reads(configs[3], hook(0)), Reads::Absorbed);
    EXPECT_EQ(reads(configs[4], hook(2)), Reads::ThroughMlp);
    EXPECT_EQ(reads(configs[4], hook(1)), Reads::Formed);
  }
  for (const size_t i : {0, 1, 4}) {
    const Places places = describe(configs[i]);
    const Plan plan(places, {whole(hook::logits())}, {}, configs[i].n_ctx);
    for (const auto hook : {hook::resid_pre, hook::attn_scores, hook::attn_out})
      EXPECT_TRUE(plan.find(places.at(hook(0)))->folded);
  }
}

TEST(TraceGradientTest, GradientsOfOverwrittenValuesEqualFiniteDifferences) {
  std::mt19937_64 random(18);
  std::vector<TransformerConfig> configs = assorted_configs();
  for (const auto& [name, config] : networks_of_blocks()) configs.push_back(config);
  for (const TransformerConfig& config : configs) {
    const auto model = random_model(config, 19);
    const Tensor tokens = random_tokens(config, 3, config.n_ctx, 20);
    for (const Place& place : describe(config).all) {
      if (place.by == Primitive::Scores || place.name == hook::logits()) continue;
      for (const Site& site : every_way_to_name(place, config)) {
        const Tensor value = record(*model, tokens, site)
                                 .detach()
                                 .clone(at::MemoryFormat::Contiguous)
                                 .requires_grad_(true);
        const auto loss = [&] {
          return (record(*model, tokens, whole(hook::logits()), {{site, value}}) / 3).sin().sum();
        };
        const Tensor gradient = torch::autograd::grad({loss()}, {value}, {}, {}, false, true)[0];
        expect_derivatives(
            value, gradient, [&] { return loss().item<double>(); }, to_string(site), random);
      }
    }
  }
}

}  // namespace trace_gradient_test
}  // namespace assay::interp
