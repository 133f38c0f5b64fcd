#include "interp/network/network.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <limits>
#include <random>

#include "interp/adapters/model_file.h"
#include "tests/interp/adapters/tiny_gpt2.h"
#include "tests/interp/naive_forward.h"
#include "tests/interp/networks.h"
#include "tests/interp/scratch.h"
#include "tests/interp/sites.h"
#include "tests/interp/traces.h"

namespace assay::interp {
namespace trace_test {

using at::Tensor;

TEST(TraceTest, EveryPlaceEqualsTheNaiveForwardPass) {
  const at::NoGradGuard no_grad;
  for (const TransformerConfig& config : assorted_configs()) {
    const auto model = random_model(config);
    for (const int64_t batch : kBatches) {
      for (const int64_t n_pos : {config.n_ctx, config.n_ctx - 2, int64_t{1}}) {
        const Tensor tokens = random_tokens(config, batch, n_pos, 2);
        const NaiveForward expected(config, weights_of(*model), tokens);
        TraceRequest everything;
        for (const Place& place : describe(config).all) everything.record.push_back(whole(place));
        const auto found = model->trace(tokens, everything);
        for (size_t i = 0; i < found.size(); ++i) {
          const Site& site = everything.record[i];
          SCOPED_TRACE(fmt::format("{} batch {} pos {}", to_string(site), batch, n_pos));
          EXPECT_TRUE(close(found[i], expected.at(site), 1e-10));
          EXPECT_TRUE(close(record(*model, tokens, site), expected.at(site), 1e-10));
        }
      }
    }
  }
}

TEST(TraceTest, SinglePrecisionStaysWithinRounding) {
  const at::NoGradGuard no_grad;
  for (const TransformerConfig& config : assorted_configs()) {
    Transformer model(config);
    randomise(model, 3, 0.3);
    for (const int64_t batch : kBatches) {
      const Tensor tokens = random_tokens(config, batch, config.n_ctx, 4);
      const NaiveForward expected(config, weights_of(model), tokens);
      for (const Place& place : describe(config).all) {
        const Tensor found = record(model, tokens, whole(place));
        EXPECT_EQ(found.scalar_type(), at::kFloat);
        EXPECT_TRUE(close(found, expected.at(whole(place)), 1e-5)) << place.name;
      }
    }
  }
}

TEST(TraceTest, LogitsAtOnePositionAreThoseOfTheWholeRun) {
  const at::NoGradGuard no_grad;
  for (const TransformerConfig& config : assorted_configs()) {
    const auto model = random_model(config);
    const Tensor tokens = random_tokens(config, 3, config.n_ctx, 5);
    const Tensor all = NaiveForward(config, weights_of(*model), tokens).at(whole(hook::logits()));
    for (int64_t pos = 0; pos < config.n_ctx; ++pos)
      EXPECT_TRUE(close(logits_at(*model, tokens, pos), all.select(1, pos), 1e-10));
  }
}

class TraceFileTest : public Scratch {};

TEST_F(TraceFileTest, ATinyGpt2GivesTheLogitsOfItsRawTensors) {
  const at::NoGradGuard no_grad;
  // Separate from interp/layouts: columns of c_attn are q, k, v, each head by head.
  const TensorMap raw = tiny_gpt2_tensors();
  TensorMap weights = {{"embed.W_E", raw.at("wte.weight")},
                       {"pos_embed.W_pos", raw.at("wpe.weight")},
                       {"unembed.W_U", raw.at("wte.weight").t()},
                       {"ln_final.w", raw.at("ln_f.weight")},
                       {"ln_final.b", raw.at("ln_f.bias")}};
  for (int layer = 0; layer < 2; ++layer) {
    const std::string to = fmt::format("blocks.{}.", layer), from = fmt::format("h.{}.", layer);
    for (const char* norm : {"1", "2"}) {
      weights[to + "ln" + norm + ".w"] = raw.at(from + "ln_" + norm + ".weight");
      weights[to + "ln" + norm + ".b"] = raw.at(from + "ln_" + norm + ".bias");
    }
    const auto packed = raw.at(from + "attn.c_attn.weight").split(6, 1);
    const auto biases = raw.at(from + "attn.c_attn.bias").split(6);
    for (int side = 0; side < 3; ++side) {
      const char letter = "QKV"[side];
      weights[fmt::format("{}attn.W_{}", to, letter)] = at::stack(packed[side].split(3, 1));
      weights[fmt::format("{}attn.b_{}", to, letter)] = at::stack(biases[side].split(3));
    }
    weights[to + "attn.W_O"] = at::stack(raw.at(from + "attn.c_proj.weight").split(3, 0));
    weights[to + "attn.b_O"] = raw.at(from + "attn.c_proj.bias");
    weights[to + "mlp.W_in"] = raw.at(from + "mlp.c_fc.weight");
    weights[to + "mlp.b_in"] = raw.at(from + "mlp.c_fc.bias");
    weights[to + "mlp.W_out"] = raw.at(from + "mlp.c_proj.weight");
    weights[to + "mlp.b_out"] = raw.at(from + "mlp.c_proj.bias");
  }
  write_gpt2(at("gpt2"), raw);
  const auto model = load_model(at("gpt2")).model;
  const Tensor tokens = random_tokens(tiny_gpt2_sizes(), 4, 5, 6);
  EXPECT_TRUE(close(record(*model, tokens, whole(hook::logits())),
                    NaiveForward(tiny_gpt2_sizes(), weights, tokens).at(whole(hook::logits())),
                    1e-4));
}

/// LibTorch multiplies matrices in another way where a factor requires a gradient; the same weights
/// must give the same bits all the same.
TEST(TraceTest, WhetherWeightsRequireAGradientChangesNoBit) {
  for (TransformerConfig config : assorted_configs()) {
    config.d_model *= 8;  // small products are computed without the BLAS
    const auto model = std::make_shared<Transformer>(config);
    randomise(*model, 23, 0.2);
    for (const int64_t batch : kBatches) {
      const Tensor tokens = random_tokens(config, batch, config.n_ctx, 24);
      for (const Place& place : describe(config).all) {
        const Site last{.place = place.name, .positions = {config.n_ctx - 1}};
        for (const Site& site : {whole(place), last}) {
          const auto with = [&](bool required, bool recorded) {
            const at::AutoGradMode mode(recorded);
            for (const Tensor& weight : model->parameters()) weight.requires_grad_(required);
            return record(*model, tokens, site).detach();
          };
          const Tensor plain = with(false, false);
          EXPECT_TRUE(with(true, false).equal(plain)) << to_string(site) << " batch " << batch;
          EXPECT_TRUE(with(true, true).equal(plain)) << to_string(site) << " batch " << batch;
        }
      }
    }
  }
}

TEST(TraceTest, AnyRequestGivesTheSameValuesAsRecordingEverything) {
  const at::NoGradGuard no_grad;
  std::mt19937_64 random(7);
  for (const TransformerConfig& config : assorted_configs()) {
    const auto model = random_model(config);
    for (const int64_t batch : kBatches) {
      for (const int64_t n_pos : {config.n_ctx, config.n_ctx - 1}) {
        const Tensor tokens = random_tokens(config, batch, n_pos, random());
        const NaiveForward expected(config, weights_of(*model), tokens);
        for (int trial = 0; trial < 40; ++trial) {
          TraceRequest request;
          for (uint64_t i = 0; i < 1 + random() % 4; ++i)
            request.record.push_back(random_site(config, n_pos, random));
          SCOPED_TRACE(describe(request));
          const auto found = model->trace(tokens, request);
          ASSERT_EQ(found.size(), request.record.size());
          for (size_t i = 0; i < found.size(); ++i)
            ASSERT_TRUE(close(found[i], expected.at(request.record[i]), 1e-10))
                << to_string(request.record[i]) << " batch " << batch;
        }
      }
    }
  }
}

TEST(TraceTest, NothingRecordedIsNothingDone) {
  EXPECT_TRUE(random_model(assorted_configs()[0])->trace({}, {}).empty());
}

TEST(TraceTest, ARunLeavesModelTokensAndValuesAsTheyWere) {
  const at::NoGradGuard no_grad;
  for (const TransformerConfig& config : assorted_configs()) {
    const auto model = random_model(config);
    TensorMap before;
    for (const auto& [name, weight] : weights_of(*model)) before[name] = weight.clone();
    const Tensor tokens = random_tokens(config, 3, config.n_ctx, 11), same_tokens = tokens.clone();
    for (const Place& place : describe(config).all) {
      const Tensor value = record(*model, tokens, whole(place)).clone(), same = value.clone();
      record(*model, tokens, whole(hook::logits()), {{whole(place), value}});
      EXPECT_TRUE(value.equal(same)) << place.name;
    }
    EXPECT_TRUE(tokens.equal(same_tokens));
    for (const auto& [name, weight] : weights_of(*model))
      EXPECT_TRUE(weight.equal(before[name])) << name;
  }
}

TEST(TraceTest, KeysAfterTheQueryAreNeverSeen) {
  const at::NoGradGuard no_grad;
  const TransformerConfig config = assorted_configs()[0];
  const auto model = random_model(config);
  const Tensor tokens = random_tokens(config, 3, config.n_ctx, 12);
  const Tensor later = at::ones({6, 6}, at::kBool).triu(1);
  const double infinity = std::numeric_limits<double>::infinity();
  for (int64_t layer = 0; layer < 2; ++layer) {
    const Tensor scores = record(*model, tokens, whole(hook::attn_scores(layer)));
    EXPECT_TRUE(scores.masked_select(later).eq(-infinity).all().item<bool>());
    const Tensor pattern = record(*model, tokens, whole(hook::pattern(layer)));
    EXPECT_TRUE(pattern.masked_select(later).eq(0).all().item<bool>());
    EXPECT_TRUE(
        close(pattern.sum(-1), at::ones({3, config.n_heads[layer], 6}, at::kDouble), 1e-12));
  }
}

}  // namespace trace_test
}  // namespace assay::interp
