// Every building block of a network, alone and in any combination, against the naive forward pass;
// and that no shortcut is taken where it would be wrong.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <random>

#include "interp/tracing/plan.h"
#include "tests/interp/blocks.h"
#include "tests/interp/naive_forward.h"
#include "tests/interp/networks.h"
#include "tests/interp/sites.h"
#include "tests/interp/traces.h"

namespace assay::interp {
namespace blocks_test {

using at::Tensor;

TraceRequest everything(const Places& places) {
  TraceRequest request;
  for (const Place& place : places.all) request.record.push_back(whole(place));
  return request;
}

void expect_naive_values(const TransformerConfig& config, uint64_t seed) {
  const auto model = random_model(config, seed);
  for (const int64_t batch : {int64_t{1}, int64_t{3}}) {
    for (const int64_t n_pos : {config.n_ctx, config.n_ctx - 2}) {
      const Tensor tokens = random_tokens(config, batch, n_pos, seed + 1);
      const NaiveForward expected(config, weights_of(*model), tokens);
      EXPECT_EQ(expected.values.size(), model->places().all.size());
      const TraceRequest all = everything(model->places());
      const auto found = model->trace(tokens, all);
      for (size_t i = 0; i < found.size(); ++i) {
        const Site& site = all.record[i];
        SCOPED_TRACE(fmt::format("{} batch {} pos {}", to_string(site), batch, n_pos));
        ASSERT_TRUE(close(found[i], expected.at(site), 1e-10));
        ASSERT_TRUE(close(record(*model, tokens, site), expected.at(site), 1e-10));
      }
    }
  }
}

TEST(BlocksTest, EveryPlaceOfEveryFamilyEqualsTheNaiveForwardPass) {
  const at::NoGradGuard no_grad;
  for (const auto& [name, config] : networks_of_blocks()) {
    SCOPED_TRACE(name);
    expect_naive_values(config, 3);
  }
}

TEST(BlocksTest, EveryPlaceOfAnyCombinationEqualsTheNaiveForwardPass) {
  const at::NoGradGuard no_grad;
  std::mt19937_64 random(31);
  for (int trial = 0; trial < 150; ++trial) {
    const TransformerConfig config = random_config(random);
    SCOPED_TRACE(to_json(config).dump());
    expect_naive_values(config, random());
    if (HasFatalFailure()) return;
  }
}

TEST(BlocksTest, AnyRequestOnAnyCombinationGivesWhatTheNaiveForwardPassGives) {
  const at::NoGradGuard no_grad;
  std::mt19937_64 random(32);
  for (int trial = 0; trial < 400; ++trial) {
    const TransformerConfig config = random_config(random);
    const auto model = random_model(config, random());
    const int64_t n_pos = config.n_ctx - static_cast<int64_t>(random() % 2);
    const int64_t batch = random() % 4 == 0 ? 40 : 2;
    const Tensor tokens = random_tokens(config, batch, n_pos, random());
    TraceRequest request;
    for (uint64_t i = 0; i < random() % 3; ++i) {
      const Site site = random_site(config, n_pos, random);
      const int64_t rows = random() % 3 ? batch : 1;
      request.overwrite.push_back(
          {site, random_value(shape_of_value(site, config, rows, n_pos), random)});
    }
    if (random() % 2)
      request.record.push_back(logits_site(*model, static_cast<int64_t>(random() % n_pos)));
    for (uint64_t i = request.record.size(); i < 1 + random() % 3; ++i)
      request.record.push_back(random_site(config, n_pos, random));
    SCOPED_TRACE(to_json(config).dump() + " " + describe(request));
    const NaiveForward expected(config, weights_of(*model), tokens, request.overwrite);
    const auto found = model->trace(tokens, request);
    for (size_t i = 0; i < found.size(); ++i)
      ASSERT_TRUE(close(found[i], expected.at(request.record[i]), 1e-10))
          << to_string(request.record[i]) << " batch " << batch;
  }
}

/// Where everything is recorded, somebody sees each place and no shortcut is taken.
TEST(BlocksTest, ShortcutsChangeNothingInSinglePrecision) {
  const at::NoGradGuard no_grad;
  std::mt19937_64 random(33);
  std::vector<NamedConfig> networks = networks_of_blocks();
  for (const TransformerConfig& config : assorted_configs()) networks.push_back({"plain", config});
  for (int i = 0; i < 100; ++i) networks.push_back({"random", random_config(random)});
  int absorbed = 0, through = 0, folded = 0, shared = 0, windowed = 0, biased = 0;
  for (auto& [name, config] : networks) {
    config.d_model *= 4;  // so that shortcuts pay
    config.n_ctx *= 2;
    Transformer model(config);
    randomise(model, random(), 0.2);
    const Places& places = model.places();
    const Tensor tokens = random_tokens(config, 5, config.n_ctx, random());
    const TraceRequest all = everything(places);
    const Plan without(places, all.record, {}, config.n_ctx);
    for (const Step& step : without.steps()) {
      EXPECT_EQ(step.reads, Reads::Formed);
      EXPECT_FALSE(step.folded);
    }
    const auto recorded = model.trace(tokens, all);
    const Tensor logits = recorded[places.logits];
    const Site readout = logits_site(model, config.n_ctx - 1), every = whole(hook::logits());
    for (const Site& site : {readout, every}) {
      const Plan plan(places, {site}, {}, config.n_ctx);
      for (const Step& step : plan.steps()) {
        absorbed += step.reads == Reads::Absorbed;
        through += step.reads == Reads::ThroughMlp;
        folded += step.folded;
        const Place& place = places[step.place];
        if (step.reads == Reads::Formed && !step.folded) continue;
        windowed += step.first_key > 0;
        biased += place.by == Primitive::Scores && config.positions == PositionEncoding::Alibi;
        shared += step.reads != Reads::Formed &&
                  places[place.reads[1].from].size(Axis::Head) < place.size(Axis::Head);
      }
      const bool one = !site.positions.empty();
      const Tensor expected = one ? logits.narrow(1, logits.size(1) - 1, 1) : logits;
      const double error = (record(model, tokens, site) - expected).abs().max().item<double>();
      EXPECT_LE(error, 1e-5 * logits.abs().max().item<double>())
          << name << " " << to_json(config).dump();
    }
  }
  EXPECT_GT(absorbed, 100);
  EXPECT_GT(through, 10);
  EXPECT_GT(folded, 100);
  for (const int seldom : {shared, windowed, biased}) EXPECT_GT(seldom, 10);
}

TEST(BlocksTest, RotatedKeysAreFormedAndValuesAreNot) {
  TransformerConfig config{.d_vocab = 16, .n_ctx = 41, .positions = PositionEncoding::Rotary};
  const auto step_of = [&](const std::string& place, const Site& recorded) {
    const Places places = describe(config);
    return *Plan(places, {recorded}, {}, config.n_ctx).find(places.at(place));
  };
  const Site readout = at_position(hook::logits(), 40);
  EXPECT_EQ(step_of(hook::attn_scores(1), readout).reads, Reads::Formed);
  EXPECT_EQ(step_of(hook::z(1), readout).reads, Reads::ThroughMlp);
  EXPECT_EQ(step_of(hook::k(1), readout).computed, positions_up_to(41));
  // The first block's single head sees few distinct inputs, but its keys turn with the position.
  EXPECT_FALSE(step_of(hook::attn_scores(0), whole(hook::logits())).folded);
  EXPECT_TRUE(step_of(hook::attn_out(0), whole(hook::logits())).folded);
  config.positions = PositionEncoding::None;
  EXPECT_EQ(step_of(hook::attn_scores(1), readout).reads, Reads::ThroughMlp);
  EXPECT_TRUE(step_of(hook::attn_scores(0), whole(hook::logits())).folded);
}

TEST(BlocksTest, ParallelBlocksAndPostNormsAreNotReadThrough) {
  for (const auto& [norm, blocks] :
       {std::pair{Norm::None, BlockForm::Parallel}, {Norm::Post, BlockForm::Sequential}}) {
    const TransformerConfig config{.d_vocab = 16, .n_ctx = 41, .norm = norm, .blocks = blocks};
    const Places places = describe(config);
    const Plan plan(places, {at_position(hook::logits(), 40)}, {}, config.n_ctx);
    EXPECT_EQ(plan.find(places.at(hook::attn_scores(1)))->reads, Reads::Absorbed);
    EXPECT_EQ(plan.find(places.at(hook::z(1)))->reads, Reads::Absorbed);
  }
}

TEST(BlocksTest, AWindowComputesNothingBeforeIt) {
  const TransformerConfig config{
      .d_vocab = 16, .n_ctx = 41, .n_heads = {2, 2}, .d_head = {8, 8}, .windows = {4, 3}};
  const Places places = describe(config);
  const Plan plan(places, {at_position(hook::logits(), 40)}, {}, config.n_ctx);
  EXPECT_EQ(plan.find(places.at(hook::resid_mid(0)))->computed, (Positions{38, 39, 40}));
  EXPECT_EQ(plan.find(places.at(hook::resid_pre(0)))->computed,
            (Positions{35, 36, 37, 38, 39, 40}));
}

/// Logits of the last position of two networks that have the weights in common whose names and
/// shapes they share.
double largest_change(const TransformerConfig& before, const TransformerConfig& after) {
  const auto one = random_model(before, 5), other = random_model(after, 5);
  for (const auto& weight : one->named_parameters()) {
    Tensor same = other->weight(weight.key());
    if (same.defined() && same.sizes() == weight.value().sizes()) same.copy_(weight.value());
  }
  const Tensor tokens = random_tokens(before, 3, before.n_ctx, 6);
  const auto logits = [&](const Transformer& model) {
    return logits_at(model, tokens, before.n_ctx - 1);
  };
  return (logits(*one) - logits(*other)).abs().max().item<double>();
}

TEST(BlocksTest, EverySwitchMatters) {
  const at::NoGradGuard no_grad;
  using Config = TransformerConfig;
  struct Switch {
    std::string network, name;
    void (*turn)(Config&);
  };
  const std::vector<Switch> switches = {
      {"llama", "silu", [](Config& c) { c.activation = Activation::Gelu; }},
      {"bert_mlm", "gelu_exact", [](Config& c) { c.activation = Activation::Gelu; }},
      {"opt_350m", "relu", [](Config& c) { c.activation = Activation::Silu; }},
      {"llama", "gated", [](Config& c) { c.gated_mlp = false; }},
      {"llama", "rms", [](Config& c) { c.norm = Norm::Pre; }},
      {"llama", "rms weights", [](Config& c) { c.norm = Norm::RmsUnweighted; }},
      {"gptj", "norm", [](Config& c) { c.norm = Norm::PreUnweighted; }},
      {"gpt_neo", "pre", [](Config& c) { c.norm = Norm::Post; }},
      {"gpt_neo", "any norm", [](Config& c) { c.norm = Norm::None; }},
      {"llama", "eps", [](Config& c) { c.norm_eps = 0.1; }},
      {"bert_mlm", "eps", [](Config& c) { c.norm_eps = 0.1; }},
      {"llama", "rotary", [](Config& c) { c.positions = PositionEncoding::None; }},
      {"gpt_neox", "rotary dims", [](Config& c) { c.rotary_dims = 0; }},
      {"llama", "base", [](Config& c) { c.rotary_base = 100; }},
      {"llama", "interleaved", [](Config& c) { c.rotary_interleaved = true; }},
      {"alibi", "alibi", [](Config& c) { c.positions = PositionEncoding::None; }},
      {"gpt_neo", "learned", [](Config& c) { c.positions = PositionEncoding::None; }},
      {"gpt_neo", "unscaled", [](Config& c) { c.scores = ScoreScale::Scaled; }},
      {"mistral", "windows", [](Config& c) { c.windows = {}; }},
      {"mistral", "wider",
       [](Config& c) {
         c.windows = {4, 3};
       }},
      {"bert_mlm", "bidirectional", [](Config& c) { c.causal = true; }},
      {"gptj", "one norm", [](Config& c) { c.blocks = BlockForm::Parallel; }},
      {"gpt_neox", "parallel", [](Config& c) { c.blocks = BlockForm::Sequential; }},
      {"gpt_neo", "MLP", [](Config& c) { c.d_mlp = 0; }},
      {"bert_mlm", "embedding norm", [](Config& c) { c.embedding_norm = false; }},
      {"bert_mlm", "head", [](Config& c) { c.head_dense = std::nullopt; }},
      {"bert_mlm", "head's function", [](Config& c) { c.head_dense = Activation::Gelu; }},
      {"bert_classifier", "tanh", [](Config& c) { c.head_dense = Activation::Relu; }},
      {"bert_mlm", "head norm", [](Config& c) { c.head_norm = false; }},
      {"bert_classifier", "pool", [](Config& c) { c.pool = Pooling::None; }},
      {"bert_classifier", "first", [](Config& c) { c.pool = Pooling::Mean; }},
      {"mean_of_positions", "mean", [](Config& c) { c.pool = Pooling::Sum; }},
      {"opt_350m", "projections", [](Config& c) { c.d_embed = 0; }},
      {"gptj", "bias", [](Config& c) { c.unembed_bias = false; }},
      {"gpt_neo", "attention biases", [](Config& c) { c.attention_biases = false; }},
      {"gpt_neo", "MLP biases", [](Config& c) { c.mlp_biases = false; }},
      {"llama", "grouped", [](Config& c) { c.n_kv_heads = {}; }},
  };
  for (const Switch& s : switches) {
    for (const auto& [name, config] : networks_of_blocks()) {
      if (name != s.network) continue;
      TransformerConfig turned = config;
      s.turn(turned);
      if (turned.positions != PositionEncoding::Rotary) {
        turned.rotary_base = TransformerConfig().rotary_base;
        turned.rotary_dims = 0;
        turned.rotary_interleaved = false;
      }
      EXPECT_GT(largest_change(config, turned), 1e-4) << s.network << ": " << s.name;
    }
  }
}

/// Logits of all positions.
Tensor logits_of(const TransformerConfig& config, const TensorMap& weights, const Tensor& tokens) {
  Transformer model(config);
  model.to(at::kDouble);
  for (const auto& weight : model.named_parameters()) {
    Tensor value = weight.value();
    value.copy_(weights.at(weight.key()));
  }
  return record(model, tokens, whole(hook::logits()));
}

TransformerConfig config_of(const std::string& network) {
  for (const auto& [name, config] : networks_of_blocks())
    if (name == network) return config;
  return {};
}

/// What a block is by definition, in terms of another.
TEST(BlocksTest, BlocksAreWhatTheyAreInTermsOfOthers) {
  const at::NoGradGuard no_grad;
  const auto expect_same = [](const TransformerConfig& one, const TransformerConfig& other,
                              const std::function<void(TensorMap&)>& change) {
    TensorMap weights = weights_of(*random_model(one, 7));
    const Tensor tokens = random_tokens(one, 3, one.n_ctx, 8);
    const Tensor expected = logits_of(one, weights, tokens);
    change(weights);
    EXPECT_TRUE(close(logits_of(other, weights, tokens), expected, 1e-10));
  };
  const auto nothing = [](TensorMap&) {};
  {
    SCOPED_TRACE("grouped heads are as many heads with the same weights");
    TransformerConfig one = config_of("llama"), other = one;
    other.n_kv_heads = {4, 4};
    expect_same(one, other, [](TensorMap& weights) {
      for (auto& [name, weight] : weights)
        if (name.ends_with("W_K") || name.ends_with("W_V"))
          weight = weight.index_select(0, torch::tensor({0, 0, 1, 1}, at::kLong));
    });
  }
  {
    SCOPED_TRACE("a window as long as the input is none");
    TransformerConfig one = config_of("gpt_neo"), other = one;
    one.windows = {6, 9};
    other.windows = {};
    expect_same(one, other, nothing);
  }
  {
    SCOPED_TRACE("a scale is a factor of W_Q and b_Q");
    TransformerConfig one = config_of("gpt_neo"), other = one;
    other.scores = ScoreScale::Scaled;
    expect_same(one, other, [](TensorMap& weights) {
      for (auto& [name, weight] : weights)
        if (name.ends_with("_Q")) weight = weight * 2;  // √d_head
    });
  }
  {
    SCOPED_TRACE("norms without weights are norms with trivial ones");
    TransformerConfig one = config_of("windows_and_one_head"), other = one;
    other.norm = Norm::Pre;
    expect_same(one, other, [](TensorMap& weights) {
      for (const char* norm :
           {"blocks.0.ln1", "blocks.0.ln2", "blocks.1.ln1", "blocks.1.ln2", "ln_final"}) {
        weights[std::string(norm) + ".w"] = at::ones({12}, at::kDouble);
        weights[std::string(norm) + ".b"] = at::zeros({12}, at::kDouble);
      }
    });
  }
  {
    SCOPED_TRACE("one norm is two with the same weights");
    TransformerConfig one = config_of("gptj"), other = one;
    other.blocks = BlockForm::Parallel;
    expect_same(one, other, [](TensorMap& weights) {
      for (const std::string block : {"blocks.0.", "blocks.1."})
        for (const char* part : {".w", ".b"})
          weights[block + "ln2" + part] = weights.at(block + "ln1" + part);
    });
  }
  {
    SCOPED_TRACE("projections around the stream are products of the embeddings");
    TransformerConfig one = config_of("opt_350m"), other = one;
    other.d_embed = 0;
    expect_same(one, other, [](TensorMap& weights) {
      weights["embed.W_E"] = at::matmul(weights["embed.W_E"], weights["embed.W_project"]);
      weights["unembed.W_U"] = at::matmul(weights["unembed.W_project"], weights["unembed.W_U"]);
    });
  }
  {
    SCOPED_TRACE("the sum over positions is their number times the mean");
    TransformerConfig one = config_of("mean_of_positions"), other = one;
    one.head_dense = other.head_dense = std::nullopt;
    one.pool = Pooling::Sum;
    expect_same(one, other, [](TensorMap& weights) {
      weights["unembed.W_U"] = weights["unembed.W_U"] * 6;  // positions
    });
  }
}

TEST(BlocksTest, RotaryScoresDependOnDistancesAlone) {
  const at::NoGradGuard no_grad;
  for (const std::string network : {"llama", "gptj", "gpt_neox"}) {
    const TransformerConfig config = config_of(network);
    const auto model = random_model(config, 9);
    // The same token everywhere: the first block's queries and keys differ by position alone.
    const Tensor tokens = at::full({1, config.n_ctx}, 2, at::kLong);
    const Tensor scores = record(*model, tokens, whole(hook::attn_scores(0)))[0];
    for (int64_t query = 1; query < config.n_ctx; ++query)
      for (int64_t key = 1; key <= query; ++key)
        EXPECT_TRUE(close(scores.select(1, query).select(1, key),
                          scores.select(1, query - 1).select(1, key - 1), 1e-12));
    EXPECT_FALSE(close(scores.select(1, 3).select(1, 3), scores.select(1, 3).select(1, 2), 1e-3));
  }
}

}  // namespace blocks_test
}  // namespace assay::interp
