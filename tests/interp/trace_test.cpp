#include "interp/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/types.h>

#include <algorithm>
#include <random>

#include "interp/model_file.h"
#include "interp/plan.h"
#include "tests/interp/naive_forward.h"
#include "tests/interp/scratch.h"
#include "tests/interp/tiny_gpt2.h"

namespace assay::interp {
namespace {

using at::Tensor;
using testing::HasSubstr;

// A batch of 1 has a table row per position, 3 inputs repeat few pairs, and 70 repeat them all.
constexpr int64_t kBatches[] = {1, 3, 70};

Tensor random_tokens(const TransformerConfig& config, int64_t batch, int64_t n_pos, uint64_t seed) {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  return at::randint(config.d_vocab, {batch, n_pos}, generator, at::kLong);
}

Tensor random_value(const std::vector<int64_t>& shape, std::mt19937_64& random) {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(random());
  return at::normal(0.0, 1.0, shape, generator).to(at::kDouble);
}

/// A double-precision model: differences are then mistakes, not rounding.
std::shared_ptr<Transformer> random_model(const TransformerConfig& config, uint64_t seed = 1) {
  auto model = std::make_shared<Transformer>(config);
  randomise(*model, seed);
  model->to(at::kDouble);
  return model;
}

testing::AssertionResult close(const Tensor& found, const Tensor& expected, double tolerance) {
  if (found.sizes() != expected.sizes())
    return testing::AssertionFailure()
           << "shape " << found.sizes() << ", expected " << expected.sizes();
  const Tensor difference =
      at::where(found.to(at::kDouble).eq(expected), 0.0, found.to(at::kDouble) - expected).abs();
  const Tensor allowed = tolerance * (1 + expected.abs());
  if (difference.le(allowed.nan_to_num()).all().item<bool>()) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "differs by " << difference.max().item<double>();
}

Tensor record(const Transformer& model, const Tensor& tokens, const Site& site,
              const std::vector<Overwrite>& overwrites = {}) {
  return trace(model, tokens, {.record = {site}, .overwrite = overwrites})[0];
}

Site whole(const Place& place) {
  return {.place = place};
}
Site whole(Hook hook, int64_t layer = 0) {
  return {.place = {hook, layer}};
}

std::vector<int64_t> random_subset(int64_t n, std::mt19937_64& random) {
  std::vector<int64_t> chosen;
  for (int64_t i = 0; i < n; ++i)
    if (random() % 2) chosen.push_back(i);
  if (chosen.empty()) chosen.push_back(static_cast<int64_t>(random() % n));
  return chosen;
}

Site random_site(const TransformerConfig& config, int64_t n_pos, std::mt19937_64& random) {
  const auto all = places(config);
  Site site{.place = all[random() % all.size()]};
  if (random() % 3) site.positions = random_subset(n_pos, random);
  if (has_heads(site.place.hook) && random() % 2)
    site.head = static_cast<int64_t>(random() % config.n_heads[site.place.layer]);
  const bool neurons = site.place.hook == Hook::MlpPre || site.place.hook == Hook::MlpPost;
  if (neurons && random() % 2) site.neurons = random_subset(config.d_mlp, random);
  return site;
}

/// The shape of a site's value in a sequence of n_pos tokens.
std::vector<int64_t> shape_of_value(const Site& site, const TransformerConfig& config,
                                    int64_t batch, int64_t n_pos) {
  TransformerConfig shorter = config;
  shorter.n_ctx = n_pos;
  auto sizes = shape(site, shorter);
  sizes[0] = batch;
  return sizes;
}

std::string describe(const TraceRequest& request) {
  std::string text = "record";
  for (const Site& site : request.record) text += " " + to_string(site);
  if (!request.overwrite.empty()) text += " overwrite";
  for (const Overwrite& overwrite : request.overwrite) text += " " + to_string(overwrite.site);
  return text;
}

// --- every place
// -----------------------------------------------------------------------------------

TEST(TraceTest, EveryPlaceEqualsTheNaiveForwardPass) {
  const at::NoGradGuard no_grad;
  for (const TransformerConfig& config : assorted_configs()) {
    const auto model = random_model(config);
    for (const int64_t batch : kBatches) {
      for (const int64_t n_pos : {config.n_ctx, config.n_ctx - 2, int64_t{1}}) {
        const Tensor tokens = random_tokens(config, batch, n_pos, 2);
        const NaiveForward expected(config, weights_of(*model), tokens);
        TraceRequest everything;
        for (const Place& place : places(config)) everything.record.push_back(whole(place));
        const auto found = trace(*model, tokens, everything);
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
      for (const Place& place : places(config)) {
        const Tensor found = record(model, tokens, whole(place));
        EXPECT_EQ(found.scalar_type(), at::kFloat);
        EXPECT_TRUE(close(found, expected.at(whole(place)), 1e-5)) << to_string(place);
      }
    }
  }
}

TEST(TraceTest, LogitsAtOnePositionAreThoseOfTheWholeRun) {
  const at::NoGradGuard no_grad;
  for (const TransformerConfig& config : assorted_configs()) {
    const auto model = random_model(config);
    const Tensor tokens = random_tokens(config, 3, config.n_ctx, 5);
    const Tensor all = NaiveForward(config, weights_of(*model), tokens).at(whole(Hook::Logits));
    for (int64_t pos = 0; pos < config.n_ctx; ++pos)
      EXPECT_TRUE(close(logits_at(*model, tokens, pos), all.select(1, pos), 1e-10));
  }
}

TEST(TraceTest, ATinyGpt2GivesTheLogitsOfItsRawTensors) {
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
  const TransformerConfig config{.d_vocab = 11,
                                 .n_ctx = 5,
                                 .d_model = 6,
                                 .d_mlp = 24,
                                 .n_heads = {2, 2},
                                 .d_head = {3, 3},
                                 .activation = Activation::Gelu,
                                 .norm = Norm::Pre,
                                 .norm_eps = 2e-5,
                                 .attention_biases = true};
  std::string folder = (std::filesystem::temp_directory_path() / "assay_gpt2_XXXXXX").string();
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  write_gpt2(folder, raw);
  const auto model = load_model(folder).model;
  std::filesystem::remove_all(folder);
  const Tensor tokens = random_tokens(config, 4, 5, 6);
  EXPECT_TRUE(close(record(*model, tokens, whole(Hook::Logits)),
                    NaiveForward(config, weights, tokens).at(whole(Hook::Logits)), 1e-4));
}

// --- any request
// -----------------------------------------------------------------------------------

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
          const auto found = trace(*model, tokens, request);
          ASSERT_EQ(found.size(), request.record.size());
          for (size_t i = 0; i < found.size(); ++i)
            ASSERT_TRUE(close(found[i], expected.at(request.record[i]), 1e-10))
                << to_string(request.record[i]) << " batch " << batch;
        }
      }
    }
  }
}

TEST(TraceTest, AnyOverwritesGiveWhatTheNaiveForwardPassGives) {
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
            {.place = {Hook::Logits, 0}, .positions = random_subset(n_pos, random)});
        SCOPED_TRACE(describe(request));
        const NaiveForward expected(config, weights_of(*model), tokens, request.overwrite);
        const auto found = trace(*model, tokens, request);
        for (size_t i = 0; i < found.size(); ++i)
          ASSERT_TRUE(close(found[i], expected.at(request.record[i]), 1e-10))
              << to_string(request.record[i]) << " batch " << batch;
      }
    }
  }
}

/// Every place, whole and narrowed in each way it can be.
std::vector<Site> every_way_to_name(const Place& place, const TransformerConfig& config) {
  std::vector<Site> sites = {{.place = place},
                             {.place = place, .positions = {1, 3}},
                             {.place = place, .positions = {config.n_ctx - 1}}};
  if (has_heads(place.hook)) {
    sites.push_back({.place = place, .head = 0});
    sites.push_back({.place = place, .positions = {0, 2}, .head = config.n_heads[place.layer] - 1});
  }
  if (place.hook == Hook::MlpPre || place.hook == Hook::MlpPost) {
    sites.push_back({.place = place, .neurons = {0, 4}});
    sites.push_back({.place = place, .positions = {2, 3}, .neurons = {1}});
  }
  return sites;
}

TEST(TraceTest, OverwritingASiteWithItsOwnValueChangesNothing) {
  const at::NoGradGuard no_grad;
  for (const TransformerConfig& config : assorted_configs()) {
    const auto model = random_model(config);
    for (const int64_t batch : {1, 70}) {
      const Tensor tokens = random_tokens(config, batch, config.n_ctx, 9);
      const Tensor logits = record(*model, tokens, whole(Hook::Logits));
      const Site readout{.place = {Hook::Logits, 0}, .positions = {config.n_ctx - 1}};
      for (const Place& place : places(config)) {
        for (const Site& site : every_way_to_name(place, config)) {
          SCOPED_TRACE(to_string(site));
          const std::vector<Overwrite> itself = {{site, record(*model, tokens, site)}};
          EXPECT_TRUE(close(record(*model, tokens, whole(Hook::Logits), itself), logits, 1e-10));
          EXPECT_TRUE(close(record(*model, tokens, readout, itself),
                            logits.narrow(1, config.n_ctx - 1, 1), 1e-10));
          EXPECT_TRUE(record(*model, tokens, site, itself).equal(itself[0].value));
        }
      }
    }
  }
}

TEST(TraceTest, AnOverwrittenPatternNeedNotSumToOne) {
  const at::NoGradGuard no_grad;
  std::mt19937_64 random(21);
  for (const TransformerConfig& config : assorted_configs()) {
    const auto model = random_model(config);
    const Tensor tokens = random_tokens(config, 3, config.n_ctx, 22);
    const Site readout{.place = {Hook::Logits, 0}, .positions = {config.n_ctx - 1}};
    for (int64_t layer = 0; layer < config.n_layers(); ++layer) {
      for (const int64_t batch : {1, 3}) {
        const Site pattern = whole(Hook::Pattern, layer);
        const std::vector<Overwrite> overwrites = {
            {pattern, random_value(shape_of_value(pattern, config, batch, config.n_ctx), random)}};
        const NaiveForward expected(config, weights_of(*model), tokens, overwrites);
        for (const Site& site : {readout, whole(Hook::Logits)})
          EXPECT_TRUE(close(record(*model, tokens, site, overwrites), expected.at(site), 1e-10))
              << to_string(pattern) << " seen by " << to_string(site);
      }
    }
  }
}

TEST(TraceTest, TheLaterOfTwoOverwritesWins) {
  const TransformerConfig config = assorted_configs()[0];
  const auto model = random_model(config);
  const Tensor tokens = random_tokens(config, 2, 6, 10);
  const Site post = whole(Hook::MlpPost), neuron{.place = {Hook::MlpPost, 0}, .neurons = {3}};
  const Tensor ones = at::ones({1, 6, 9}, at::kDouble), twos = 2 * at::ones({1, 6, 1}, at::kDouble);
  Tensor mixed = at::ones({2, 6, 9}, at::kDouble);
  mixed.select(2, 3).fill_(2);
  EXPECT_TRUE(record(*model, tokens, post, {{post, ones}, {neuron, twos}}).equal(mixed));
  EXPECT_TRUE(
      record(*model, tokens, post, {{neuron, twos}, {post, ones}}).equal(at::ones_like(mixed)));
}

TEST(TraceTest, NothingRecordedIsNothingDone) {
  EXPECT_TRUE(trace(*random_model(assorted_configs()[0]), {}, {}).empty());
}

TEST(TraceTest, ARunLeavesModelTokensAndValuesAsTheyWere) {
  const at::NoGradGuard no_grad;
  for (const TransformerConfig& config : assorted_configs()) {
    const auto model = random_model(config);
    TensorMap before;
    for (const auto& [name, weight] : weights_of(*model)) before[name] = weight.clone();
    const Tensor tokens = random_tokens(config, 3, config.n_ctx, 11), same_tokens = tokens.clone();
    for (const Place& place : places(config)) {
      const Tensor value = record(*model, tokens, whole(place)).clone(), same = value.clone();
      record(*model, tokens, whole(Hook::Logits), {{whole(place), value}});
      EXPECT_TRUE(value.equal(same)) << to_string(place);
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
    const Tensor scores = record(*model, tokens, whole(Hook::AttnScores, layer));
    EXPECT_TRUE(scores.masked_select(later).eq(-infinity).all().item<bool>());
    const Tensor pattern = record(*model, tokens, whole(Hook::Pattern, layer));
    EXPECT_TRUE(pattern.masked_select(later).eq(0).all().item<bool>());
    EXPECT_TRUE(
        close(pattern.sum(-1), at::ones({3, config.n_heads[layer], 6}, at::kDouble), 1e-12));
  }
}

// --- complete and incomplete cuts
// ------------------------------------------------------------------

TEST(TraceTest, ACompleteCutNeedsNoTokens) {
  const at::NoGradGuard no_grad;
  for (const TransformerConfig& config : assorted_configs()) {
    const auto model = random_model(config);
    const Tensor tokens = random_tokens(config, 3, config.n_ctx, 13);
    const int64_t last = config.n_layers() - 1, readout = config.n_ctx - 1;
    const Tensor logits = record(*model, tokens, whole(Hook::Logits)).narrow(1, readout, 1);
    const Site answer{.place = {Hook::Logits, 0}, .positions = {readout}};
    const std::vector<std::vector<Site>> cuts = {
        {whole(Hook::Embed), whole(Hook::PosEmbed)},
        {whole(Hook::Embed)},  // positions alone say nothing about the tokens
        {whole(Hook::ResidPre)},
        {whole(Hook::ResidPost)},
        {{.place = {Hook::ResidMid, last}, .positions = {readout}},
         {.place = {Hook::MlpPost, last}, .positions = {readout}}},
        {{.place = {Hook::ResidPost, last}, .positions = {readout}}},
        {answer}};
    for (const auto& cut : cuts) {
      std::vector<Overwrite> overwrites;
      for (const Site& site : cut) overwrites.push_back({site, record(*model, tokens, site)});
      EXPECT_TRUE(close(record(*model, {}, answer, overwrites), logits, 1e-10))
          << to_string(cut[0]);
    }
  }
}

TEST(TraceTest, AllHeadsOrNeuronsTogetherAreAsGoodAsTheWholePlace) {
  const at::NoGradGuard no_grad;
  const TransformerConfig config = assorted_configs()[0];
  const auto model = random_model(config);
  const Tensor tokens = random_tokens(config, 3, 6, 14);
  const Site z = whole(Hook::Z, 1), post = whole(Hook::MlpPost);
  std::vector<Overwrite> heads, neurons;
  for (int64_t head = 0; head < 2; ++head) {
    const Site site{.place = z.place, .head = head};
    heads.push_back({site, record(*model, tokens, site)});
  }
  for (const auto& some : {std::vector<int64_t>{0, 2, 4, 6, 8}, {1, 3, 5, 7}}) {
    const Site site{.place = post.place, .neurons = some};
    neurons.push_back({site, record(*model, tokens, site)});
  }
  EXPECT_TRUE(close(record(*model, {}, whole(Hook::AttnOut, 1), heads),
                    record(*model, tokens, whole(Hook::AttnOut, 1)), 1e-12));
  EXPECT_TRUE(close(record(*model, {}, whole(Hook::MlpOut), neurons),
                    record(*model, tokens, whole(Hook::MlpOut)), 1e-12));
}

TEST(TraceTest, AnIncompleteCutWithoutTokensIsRefused) {
  const TransformerConfig config = assorted_configs()[0];
  const auto model = random_model(config);
  const std::string missing =
      "trace: the overwritten sites are no complete cut before what is recorded, so tokens are "
      "needed, and none were given";
  const auto refusal = [&](const std::vector<Site>& sites) {
    std::vector<Overwrite> overwrites;
    for (const Site& site : sites)
      overwrites.push_back({site, at::zeros(shape_of_value(site, config, 2, 6), at::kDouble)});
    return message_of([&] { record(*model, {}, whole(Hook::Logits), overwrites); });
  };
  EXPECT_EQ(refusal({}), missing);
  EXPECT_EQ(refusal({whole(Hook::PosEmbed)}), missing);
  EXPECT_EQ(refusal({{.place = {Hook::ResidPre, 0}, .positions = {0, 1, 2, 3, 5}}}), missing);
  EXPECT_EQ(refusal({whole(Hook::Z, 1)}), missing);
  EXPECT_EQ(refusal({{.place = {Hook::MlpPost, 1}, .neurons = {1}}}), missing);
  EXPECT_EQ(refusal({whole(Hook::ResidPost, 1)}), "");
}

// --- gradients
// -------------------------------------------------------------------------------------

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
    for (const Tensor& value : trace(*model, tokens, request)) {
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

TEST(TraceTest, GradientsOfParametersEqualFiniteDifferences) {
  for (const TransformerConfig& config : assorted_configs()) {
    const int64_t last = config.n_layers() - 1;
    const Site readout{.place = {Hook::Logits, 0}, .positions = {config.n_ctx - 1}};
    const Site neurons{.place = {Hook::MlpPost, last}, .positions = {config.n_ctx - 1}};
    for (const int64_t batch : kBatches) {
      const Tensor tokens = random_tokens(config, batch, config.n_ctx, 17);
      expect_gradients_of_parameters(config, {.record = {readout, neurons}, .overwrite = {}},
                                     tokens);
      if (batch < 70)
        expect_gradients_of_parameters(config, {.record = {whole(Hook::Logits)}, .overwrite = {}},
                                       tokens);
    }
  }
}

TEST(TraceTest, TheGradientTestsTakeEveryReassociatedPath) {
  const auto reads = [](const TransformerConfig& config, Hook hook, int64_t layer) {
    const Site readout{.place = {Hook::Logits, 0}, .positions = {config.n_ctx - 1}};
    return Plan(config, {readout}, {}, config.n_ctx).find({hook, layer})->reads;
  };
  const auto configs = assorted_configs();
  for (const Hook hook : {Hook::AttnScores, Hook::Z}) {
    EXPECT_EQ(reads(configs[0], hook, 1), Reads::ThroughMlp);
    EXPECT_EQ(reads(configs[1], hook, 1), Reads::Absorbed);  // norms stand in the way of W_out
    EXPECT_EQ(reads(configs[3], hook, 0), Reads::Absorbed);
    EXPECT_EQ(reads(configs[4], hook, 2), Reads::ThroughMlp);
    EXPECT_EQ(reads(configs[4], hook, 1), Reads::Formed);
  }
  for (const size_t i : {0, 1, 4}) {
    const Plan plan(configs[i], {whole(Hook::Logits)}, {}, configs[i].n_ctx);
    for (const Hook hook : {Hook::ResidPre, Hook::AttnScores, Hook::AttnOut})
      EXPECT_TRUE(plan.find({hook, 0})->folded);
  }
}

TEST(TraceTest, GradientsOfOverwrittenValuesEqualFiniteDifferences) {
  std::mt19937_64 random(18);
  for (const TransformerConfig& config : assorted_configs()) {
    const auto model = random_model(config, 19);
    const Tensor tokens = random_tokens(config, 3, config.n_ctx, 20);
    for (const Place& place : places(config)) {
      if (place.hook == Hook::AttnScores || place.hook == Hook::Logits) continue;
      for (const Site& site : every_way_to_name(place, config)) {
        const Tensor value = record(*model, tokens, site)
                                 .detach()
                                 .clone(at::MemoryFormat::Contiguous)
                                 .requires_grad_(true);
        const auto loss = [&] {
          return (record(*model, tokens, whole(Hook::Logits), {{site, value}}) / 3).sin().sum();
        };
        const Tensor gradient = torch::autograd::grad({loss()}, {value}, {}, {}, false, true)[0];
        expect_derivatives(
            value, gradient, [&] { return loss().item<double>(); }, to_string(site), random);
      }
    }
  }
}

// --- errors
// ----------------------------------------------------------------------------------------

TEST(TraceTest, TokensThatDoNotFitAreRefused) {
  const auto model = random_model(assorted_configs()[0]);
  const auto refusal = [&](const Tensor& tokens) {
    return message_of([&] { record(*model, tokens, whole(Hook::Logits)); });
  };
  EXPECT_EQ(refusal(at::zeros({6}, at::kLong)),
            "tokens: expected int64 [batch, pos], got Long [6]");
  EXPECT_EQ(refusal(at::zeros({2, 6})), "tokens: expected int64 [batch, pos], got Float [2, 6]");
  EXPECT_EQ(refusal(at::zeros({2, 7}, at::kLong)), "tokens: 7 positions, but the model has only 6");
  EXPECT_EQ(refusal(at::zeros({0, 6}, at::kLong)), "tokens: the batch is empty");
  EXPECT_EQ(refusal(at::full({1, 6}, 5, at::kLong)), "tokens: token 5 is out of range [0, 5)");
  EXPECT_EQ(refusal(at::full({1, 6}, -1, at::kLong)), "tokens: token -1 is out of range [0, 5)");
}

TEST(TraceTest, ValuesOfTheWrongShapeAreRefused) {
  const auto model = random_model(assorted_configs()[0]);
  const Tensor tokens = at::zeros({3, 5}, at::kLong);
  const auto refusal = [&](const Site& site, const std::vector<int64_t>& sizes) {
    return message_of([&] {
      record(*model, tokens, whole(Hook::Logits), {{site, at::zeros(sizes, at::kDouble)}});
    });
  };
  EXPECT_EQ(refusal(whole(Hook::ResidMid), {3, 6, 12}),
            "overwriting 'blocks.0.hook_resid_mid': expected shape [3, 5, 12], got [3, 6, 12]");
  EXPECT_EQ(refusal(whole(Hook::ResidMid), {2, 5, 12}),
            "overwriting 'blocks.0.hook_resid_mid': expected shape [3, 5, 12], got [2, 5, 12]");
  EXPECT_EQ(refusal(whole(Hook::ResidMid), {1, 5}),
            "overwriting 'blocks.0.hook_resid_mid': expected shape [1, 5, 12], got [1, 5]");
  EXPECT_EQ(refusal(whole(Hook::ResidMid), {}),
            "overwriting 'blocks.0.hook_resid_mid': expected shape [3, 5, 12], got []");
  EXPECT_EQ(refusal({.place = {Hook::Pattern, 1}, .positions = {2}, .head = 1}, {3, 1, 6}),
            "overwriting 'blocks.1.attn.hook_pattern[pos=2;head=1]': expected shape [3, 1, 5], got "
            "[3, 1, 6]");
  EXPECT_EQ(refusal({.place = {Hook::MlpPre, 1}, .neurons = {1, 2}}, {3, 5, 9}),
            "overwriting 'blocks.1.mlp.hook_pre[neuron=1,2]': expected shape [3, 5, 2], got "
            "[3, 5, 9]");
  EXPECT_EQ(refusal(whole(Hook::ResidMid), {1, 5, 12}), "");
}

TEST(TraceTest, SitesThatTheModelOrTheSequenceLacksAreRefused) {
  const auto model = random_model(assorted_configs()[0]);
  const Tensor tokens = at::zeros({3, 5}, at::kLong), value = at::zeros({3, 1, 12}, at::kDouble);
  const auto refusal = [&](const TraceRequest& request) {
    return message_of([&] { trace(*model, tokens, request); });
  };
  EXPECT_THAT(refusal({.record = {whole(Hook::Ln1)}, .overwrite = {}}),
              HasSubstr("unknown site 'blocks.0.ln1.hook_normalized': this model has hook_embed"));
  EXPECT_THAT(refusal({.record = {}, .overwrite = {{whole(Hook::Q, 2), value}}}),
              HasSubstr("unknown site 'blocks.2.attn.hook_q'"));
  const Site beyond{.place = {Hook::ResidMid, 0}, .positions = {5}};
  const std::string message =
      "site 'blocks.0.hook_resid_mid[pos=5]': position 5 is outside the 5 tokens given";
  EXPECT_EQ(refusal({.record = {beyond}, .overwrite = {}}), message);
  EXPECT_EQ(refusal({.record = {whole(Hook::Logits)}, .overwrite = {{beyond, value}}}), message);
}

TEST(TraceTest, ValuesOfAnotherTypeOrNoneAreRefused) {
  const auto model = random_model(assorted_configs()[0]);
  const Tensor tokens = at::zeros({3, 5}, at::kLong);
  const auto refusal = [&](const Tensor& value) {
    return message_of([&] {
      record(*model, tokens, whole(Hook::Logits), {{whole(Hook::ResidMid), value}});
    });
  };
  EXPECT_EQ(refusal(at::zeros({3, 5, 12}, at::kLong)),
            "overwriting 'blocks.0.hook_resid_mid': expected Double values, got Long");
  EXPECT_EQ(refusal({}), "overwriting 'blocks.0.hook_resid_mid': no value given");
}

}  // namespace
}  // namespace assay::interp
