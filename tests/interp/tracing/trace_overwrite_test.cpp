// Runs that overwrite some places and go on from there.

#include <gtest/gtest.h>
#include <torch/types.h>

#include <random>

#include "interp/network/network.h"
#include "tests/interp/naive_forward.h"
#include "tests/interp/networks.h"
#include "tests/interp/scratch.h"
#include "tests/interp/sites.h"
#include "tests/interp/traces.h"

namespace assay::interp {
namespace trace_overwrite_test {

using at::Tensor;

TEST(TraceOverwriteTest, AnyOverwritesGiveWhatTheNaiveForwardPassGives) {
  const at::NoGradGuard no_grad;
  std::mt19937_64 random(8);
  for (const TransformerConfig& config : assorted_configs()) {
    const auto model = random_model(config);
    for (const int64_t batch : kBatches) {
      const int64_t n_pos = config.n_ctx - 1;
      const Tensor tokens = random_tokens(config, batch, n_pos, random());
      for (int trial = 0; trial < 25; ++trial) {
        TraceRequest request;
        for (uint64_t i = 0; i < 1 + random() % 3; ++i) {
          const Site site = random_site(config, n_pos, random);
          const int64_t rows = random() % 3 ? batch : 1;  // a batch of 1 is broadcast
          request.overwrite.push_back(
              {site, random_value(shape_of_value(site, config, rows, n_pos), random)});
        }
        for (uint64_t i = 0; i < 1 + random() % 3; ++i)
          request.record.push_back(random_site(config, n_pos, random));
        request.record.push_back(
            {.place = hook::logits(), .positions = random_subset(n_pos, random)});
        SCOPED_TRACE(describe(request));
        const NaiveForward expected(config, weights_of(*model), tokens, request.overwrite);
        const auto found = model->trace(tokens, request);
        for (size_t i = 0; i < found.size(); ++i)
          ASSERT_TRUE(close(found[i], expected.at(request.record[i]), 1e-10))
              << to_string(request.record[i]) << " batch " << batch;
      }
    }
  }
}

TEST(TraceOverwriteTest, OverwritingASiteWithItsOwnValueChangesNothing) {
  const at::NoGradGuard no_grad;
  for (const TransformerConfig& config : assorted_configs()) {
    const auto model = random_model(config);
    for (const int64_t batch : {1, 70}) {
      const Tensor tokens = random_tokens(config, batch, config.n_ctx, 9);
      const Tensor logits = record(*model, tokens, whole(hook::logits()));
      const Site readout{.place = hook::logits(), .positions = {config.n_ctx - 1}};
      for (const Place& place : describe(config).all) {
        for (const Site& site : every_way_to_name(place, config)) {
          SCOPED_TRACE(to_string(site));
          const std::vector<Overwrite> itself = {{site, record(*model, tokens, site)}};
          EXPECT_TRUE(close(record(*model, tokens, whole(hook::logits()), itself), logits, 1e-10));
          EXPECT_TRUE(close(record(*model, tokens, readout, itself),
                            logits.narrow(1, config.n_ctx - 1, 1), 1e-10));
          EXPECT_TRUE(record(*model, tokens, site, itself).equal(itself[0].value));
        }
      }
    }
  }
}

TEST(TraceOverwriteTest, AnOverwrittenPatternNeedNotSumToOne) {
  const at::NoGradGuard no_grad;
  std::mt19937_64 random(21);
  for (const TransformerConfig& config : assorted_configs()) {
    const auto model = random_model(config);
    const Tensor tokens = random_tokens(config, 3, config.n_ctx, 22);
    const Site readout{.place = hook::logits(), .positions = {config.n_ctx - 1}};
    for (int64_t layer = 0; layer < config.n_layers(); ++layer) {
      for (const int64_t batch : {1, 3}) {
        const Site pattern = whole(hook::pattern(layer));
        const std::vector<Overwrite> overwrites = {
            {pattern, random_value(shape_of_value(pattern, config, batch, config.n_ctx), random)}};
        const NaiveForward expected(config, weights_of(*model), tokens, overwrites);
        for (const Site& site : {readout, whole(hook::logits())})
          EXPECT_TRUE(close(record(*model, tokens, site, overwrites), expected.at(site), 1e-10))
              << to_string(pattern) << " seen by " << to_string(site);
      }
    }
  }
}

TEST(TraceOverwriteTest, TheLaterOfTwoOverwritesWins) {
  const TransformerConfig config = assorted_configs()[0];
  const auto model = random_model(config);
  const Tensor tokens = random_tokens(config, 2, 6, 10);
  const Site post = whole(hook::mlp_post(0)), neuron{.place = hook::mlp_post(0), .neurons = {3}};
  const Tensor ones = at::ones({1, 6, 9}, at::kDouble), twos = 2 * at::ones({1, 6, 1}, at::kDouble);
  Tensor mixed = at::ones({2, 6, 9}, at::kDouble);
  mixed.select(2, 3).fill_(2);
  EXPECT_TRUE(record(*model, tokens, post, {{post, ones}, {neuron, twos}}).equal(mixed));
  EXPECT_TRUE(
      record(*model, tokens, post, {{neuron, twos}, {post, ones}}).equal(at::ones_like(mixed)));
}

// --- complete and incomplete cuts

TEST(TraceOverwriteTest, ACompleteCutNeedsNoTokens) {
  const at::NoGradGuard no_grad;
  for (const TransformerConfig& config : assorted_configs()) {
    const auto model = random_model(config);
    const Tensor tokens = random_tokens(config, 3, config.n_ctx, 13);
    const int64_t last = config.n_layers() - 1, readout = config.n_ctx - 1;
    const Tensor logits = record(*model, tokens, whole(hook::logits())).narrow(1, readout, 1);
    const Site answer{.place = hook::logits(), .positions = {readout}};
    const std::vector<std::vector<Site>> cuts = {
        {whole(hook::embed()), whole(hook::pos_embed())},
        {whole(hook::embed())},  // positions alone say nothing about the tokens
        {whole(hook::resid_pre(0))},
        {whole(hook::resid_post(0))},
        {{.place = hook::resid_mid(last), .positions = {readout}},
         {.place = hook::mlp_post(last), .positions = {readout}}},
        {{.place = hook::resid_post(last), .positions = {readout}}},
        {answer}};
    for (const auto& cut : cuts) {
      std::vector<Overwrite> overwrites;
      for (const Site& site : cut) overwrites.push_back({site, record(*model, tokens, site)});
      EXPECT_TRUE(close(record(*model, {}, answer, overwrites), logits, 1e-10))
          << to_string(cut[0]);
    }
  }
}

TEST(TraceOverwriteTest, AllHeadsOrNeuronsTogetherAreAsGoodAsTheWholePlace) {
  const at::NoGradGuard no_grad;
  const TransformerConfig config = assorted_configs()[0];
  const auto model = random_model(config);
  const Tensor tokens = random_tokens(config, 3, 6, 14);
  const Site z = whole(hook::z(1)), post = whole(hook::mlp_post(0));
  std::vector<Overwrite> heads, neurons;
  for (int64_t head = 0; head < 2; ++head) {
    const Site site{.place = z.place, .head = head};
    heads.push_back({site, record(*model, tokens, site)});
  }
  for (const auto& some : {std::vector<int64_t>{0, 2, 4, 6, 8}, {1, 3, 5, 7}}) {
    const Site site{.place = post.place, .neurons = some};
    neurons.push_back({site, record(*model, tokens, site)});
  }
  EXPECT_TRUE(close(record(*model, {}, whole(hook::attn_out(1)), heads),
                    record(*model, tokens, whole(hook::attn_out(1))), 1e-12));
  EXPECT_TRUE(close(record(*model, {}, whole(hook::mlp_out(0)), neurons),
                    record(*model, tokens, whole(hook::mlp_out(0))), 1e-12));
}

TEST(TraceOverwriteTest, AnIncompleteCutWithoutTokensIsRefused) {
  const TransformerConfig config = assorted_configs()[0];
  const auto model = random_model(config);
  const std::string missing =
      "trace: the overwritten sites are no complete cut before what is recorded, so tokens are "
      "needed, and none were given";
  const auto refusal = [&](const std::vector<Site>& sites) {
    std::vector<Overwrite> overwrites;
    for (const Site& site : sites)
      overwrites.push_back({site, at::zeros(shape_of_value(site, config, 2, 6), at::kDouble)});
    return message_of([&] { record(*model, {}, whole(hook::logits()), overwrites); });
  };
  EXPECT_EQ(refusal({}), missing);
  EXPECT_EQ(refusal({whole(hook::pos_embed())}), missing);
  EXPECT_EQ(refusal({{.place = hook::resid_pre(0), .positions = {0, 1, 2, 3, 5}}}), missing);
  EXPECT_EQ(refusal({whole(hook::z(1))}), missing);
  EXPECT_EQ(refusal({{.place = hook::mlp_post(1), .neurons = {1}}}), missing);
  EXPECT_EQ(refusal({whole(hook::resid_post(1))}), "");
}

}  // namespace trace_overwrite_test
}  // namespace assay::interp
