// Files that leave open how their network computes, and logits that tell whether they were read as
// the network that they are. The real binary runs.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <nlohmann/json.hpp>

#include "interp/adapters/model_file.h"
#include "interp/files/safetensors.h"
#include "tests/interp/naive_forward.h"
#include "tests/interp/networks.h"
#include "tests/interp/scratch.h"
#include "tests/tools/run_assay.h"
#include "tools/expectation.h"
#include "tools/self_check.h"

namespace assay::tools {
namespace model_reading_test {

using interp::TransformerConfig;
using nlohmann::json;
using testing::HasSubstr;

/// Bidirectional, with the exact GELU and without norms: what was read as causal and ReLU.
TransformerConfig unusual() {
  return {.d_vocab = 7,
          .n_ctx = 6,
          .d_model = 12,
          .d_mlp = 9,
          .n_heads = {2, 1},
          .d_head = {4, 5},
          .activation = interp::Activation::GeluExact,
          .attention_biases = true,
          .unembed_bias = true,
          .causal = false};
}

constexpr const char* kSaid =
    "--activation gelu_exact --norm none --attention bidirectional --positions learned "
    "--scores scaled --blocks sequential";

class ModelReading : public interp::Scratch {
 protected:
  /// tl.safetensors without a configuration, expected.safetensors by the naive forward pass.
  ModelReading() {
    const at::NoGradGuard no_grad;
    interp::Transformer model(unusual());
    interp::randomise(model, 3);
    interp::TensorMap weights = interp::weights_of(model);
    const at::Tensor tokens = interp::random_tokens(unusual(), 3, 6, 4);
    const interp::NaiveForward reference(unusual(), weights, tokens);
    interp::write_safetensors(
        at("expected.safetensors"),
        {.tensors = {{"tokens", tokens},
                     {"logits", reference.values.at("logits").to(at::kFloat)}}});
    for (const char* block : {"blocks.0.", "blocks.1."}) {
      weights[block + std::string("attn.mask")] = at::ones({6, 6}, at::kBool).tril();
      weights[block + std::string("attn.IGNORE")] = at::scalar_tensor(-1e5);
    }
    interp::write_safetensors(at("tl.safetensors"), {.tensors = weights});
  }
  Finished run(const std::string& arguments) const { return run_assay(arguments, at("")); }
};

TEST_F(ModelReading, NothingIsGuessedAndExpectedLogitsTell) {
  expect_refusal(run("inspect tl.safetensors"),
                 {"tl.safetensors", "nothing is guessed", "d_vocab 7", "activation (relu",
                  "attention (causal, bidirectional)", "tl.config.json", "--activation"});
  const std::string inspect = "inspect tl.safetensors --expect expected.safetensors ";
  const Finished good = run(inspect + kSaid + " --json good.json");
  EXPECT_EQ(good.code, 0) << good.error;
  EXPECT_THAT(good.out, testing::StartsWith("expected logits"));
  const json report = json::parse(content_of(at("good.json")));
  EXPECT_EQ(report["settings"]["activation"], (json{{"value", "gelu_exact"}, {"from", "option"}}));
  EXPECT_EQ(report["settings"]["d_mlp"], (json{{"value", 9}, {"from", "tensors"}}));
  EXPECT_TRUE(report["expected_logits"]["agrees"]);
  EXPECT_EQ(report["expected_logits"]["same_argmax"], 18);
  EXPECT_LT(report["expected_logits"]["relative"], 1e-5);

  // Said wrongly: the identities hold, since they share the reading; the logits do not.
  const Finished bad = run(inspect + kSaid + " --activation gelu_tanh --quiet");
  EXPECT_EQ(bad.code, 2) << "an option stands once";
  const Finished tanh = run(inspect +
                            "--activation gelu_tanh --norm none --attention bidirectional "
                            "--positions learned --scores scaled --blocks sequential --quiet");
  EXPECT_EQ(tanh.code, 1);
  EXPECT_EQ(tanh.out, "");
  EXPECT_THAT(tanh.error, HasSubstr("read as another network than the one that gave them"));
}

TEST_F(ModelReading, WhatConvertWritesSaysItByItself) {
  const Finished converted = run(std::string("convert tl.safetensors own.safetensors ") + kSaid);
  EXPECT_EQ(converted.code, 0) << converted.error;
  EXPECT_THAT(converted.out, HasSubstr("taken from"));
  EXPECT_THAT(converted.out, testing::ContainsRegex("attention +bidirectional +option"));
  EXPECT_THAT(converted.out, testing::ContainsRegex("d_model +12 +tensors"));
  const Finished inspected = run("inspect own.safetensors --expect expected.safetensors");
  EXPECT_EQ(inspected.code, 0) << inspected.error;
  EXPECT_THAT(inspected.out, testing::ContainsRegex("activation +gelu_exact +the file's"));
  expect_refusal(run("inspect own.safetensors --attention causal"),
                 {"attention: causal according to option, bidirectional according to the file's"});
}

/// Finite weights whose products are not.
TEST_F(ModelReading, LogitsThatAreNotFiniteAreSaidAloud) {
  const at::NoGradGuard no_grad;
  interp::Transformer model(unusual());
  interp::initialise(model, {.seed = 1});
  EXPECT_EQ(inputs_without_finite_logits(model, 0), 0);
  model.W_E()[5].fill_(1e30);  // one token
  model.W_U().fill_(1e30);
  interp::save_model(model, at("huge.safetensors"));
  EXPECT_GE(inputs_without_finite_logits(model, 0), 1);
  const auto identities = check_identities(model, 0);
  EXPECT_FALSE(std::ranges::all_of(identities, [](const Identity& identity) {
    return std::isfinite(identity.largest_error) && std::isfinite(identity.largest_value);
  }));
  const Finished inspected = run("inspect huge.safetensors --quiet");
  EXPECT_EQ(inspected.code, 1);
  EXPECT_THAT(inspected.error, HasSubstr("NaN or infinite"));
}

TEST_F(ModelReading, ExpectationsAreChecked) {
  const auto refusal = [&](const interp::TensorMap& tensors) {
    interp::write_safetensors(at("e"), {.tensors = tensors});
    return interp::message_of([&] { read_expectation(at("e"), ""); });
  };
  const at::Tensor tokens = at::zeros({2, 3}, at::kLong), logits = at::zeros({2, 3, 7});
  EXPECT_EQ(refusal({{"tokens", tokens}, {"logits", logits}}), "");
  EXPECT_EQ(refusal({{"tokens", tokens}, {"logits", at::zeros({2, 7})}}), "");
  EXPECT_THAT(refusal({{"tokens", tokens}}), HasSubstr("found no 'logits'"));
  EXPECT_THAT(refusal({{"tokens", logits}, {"logits", logits}}), HasSubstr("expected integers"));
  EXPECT_THAT(refusal({{"tokens", tokens}, {"logits", at::zeros({2, 4, 7})}}),
              HasSubstr("expected floating point [2, 3, vocab]"));
  EXPECT_THAT(refusal({{"tokens", tokens}, {"logits", logits / 0}}), HasSubstr("NaN or infinite"));

  const interp::Transformer model(unusual());  // all weights 0: logits 0
  const Expectation zero{tokens, logits.to(at::kDouble)};
  EXPECT_TRUE(compare(model, zero).holds());
  EXPECT_FALSE(compare(model, {tokens, logits.to(at::kDouble) + 1e-4}).holds());
  EXPECT_THROW(compare(model, {tokens, at::zeros({2, 3, 8}, at::kDouble)}), std::invalid_argument);
  EXPECT_THROW(compare(model, {tokens + 7, logits.to(at::kDouble)}), std::invalid_argument);
}

}  // namespace model_reading_test
}  // namespace assay::tools
