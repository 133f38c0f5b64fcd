// What a trace refuses, and what it then says.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "interp/network/network.h"
#include "interp/training/answers.h"
#include "tests/interp/networks.h"
#include "tests/interp/scratch.h"
#include "tests/interp/sites.h"
#include "tests/interp/traces.h"

namespace assay::interp {
namespace trace_refusal_test {

using at::Tensor;
using testing::HasSubstr;

TEST(TraceRefusalTest, TokensThatDoNotFitAreRefused) {
  const auto model = random_model(assorted_configs()[0]);
  const auto refusal = [&](const Tensor& tokens) {
    return message_of([&] { record(*model, tokens, whole(hook::logits())); });
  };
  EXPECT_EQ(refusal(at::zeros({6}, at::kLong)),
            "tokens: expected int64 [batch, pos], got Long [6]");
  EXPECT_EQ(refusal(at::zeros({2, 6})), "tokens: expected int64 [batch, pos], got Float [2, 6]");
  EXPECT_EQ(refusal(at::zeros({2, 7}, at::kLong)), "tokens: 7 positions, but the model has only 6");
  EXPECT_EQ(refusal(at::zeros({0, 6}, at::kLong)), "tokens: the batch is empty");
  EXPECT_EQ(refusal(at::full({1, 6}, 5, at::kLong)), "tokens: token 5 is out of range [0, 5)");
  EXPECT_EQ(refusal(at::full({1, 6}, -1, at::kLong)), "tokens: token -1 is out of range [0, 5)");
}

TEST(TraceRefusalTest, ValuesOfTheWrongShapeAreRefused) {
  const auto model = random_model(assorted_configs()[0]);
  const Tensor tokens = at::zeros({3, 5}, at::kLong);
  const auto refusal = [&](const Site& site, const std::vector<int64_t>& sizes) {
    return message_of([&] {
      record(*model, tokens, whole(hook::logits()), {{site, at::zeros(sizes, at::kDouble)}});
    });
  };
  EXPECT_EQ(refusal(whole(hook::resid_mid(0)), {3, 6, 12}),
            "overwriting 'blocks.0.hook_resid_mid': expected shape [3, 5, 12], got [3, 6, 12]");
  EXPECT_EQ(refusal(whole(hook::resid_mid(0)), {2, 5, 12}),
            "overwriting 'blocks.0.hook_resid_mid': expected shape [3, 5, 12], got [2, 5, 12]");
  EXPECT_EQ(refusal(whole(hook::resid_mid(0)), {1, 5}),
            "overwriting 'blocks.0.hook_resid_mid': expected shape [1, 5, 12], got [1, 5]");
  EXPECT_EQ(refusal(whole(hook::resid_mid(0)), {}),
            "overwriting 'blocks.0.hook_resid_mid': expected shape [3, 5, 12], got []");
  EXPECT_EQ(refusal({.place = hook::pattern(1), .positions = {2}, .head = 1}, {3, 1, 6}),
            "overwriting 'blocks.1.attn.hook_pattern[pos=2;head=1]': expected shape [3, 1, 5], got "
            "[3, 1, 6]");
  EXPECT_EQ(refusal({.place = hook::mlp_pre(1), .neurons = {1, 2}}, {3, 5, 9}),
            "overwriting 'blocks.1.mlp.hook_pre[neuron=1,2]': expected shape [3, 5, 2], got "
            "[3, 5, 9]");
  EXPECT_EQ(refusal(whole(hook::resid_mid(0)), {1, 5, 12}), "");
}

TEST(TraceRefusalTest, SitesThatTheModelOrTheSequenceLacksAreRefused) {
  const auto model = random_model(assorted_configs()[0]);
  const Tensor tokens = at::zeros({3, 5}, at::kLong), value = at::zeros({3, 1, 12}, at::kDouble);
  const auto refusal = [&](const TraceRequest& request) {
    return message_of([&] { model->trace(tokens, request); });
  };
  EXPECT_THAT(refusal({.record = {whole(hook::ln1(0))}, .overwrite = {}}),
              HasSubstr("unknown site 'blocks.0.ln1.hook_normalized': this model has hook_embed"));
  EXPECT_THAT(refusal({.record = {}, .overwrite = {{whole(hook::q(2)), value}}}),
              HasSubstr("unknown site 'blocks.2.attn.hook_q'"));
  const Site beyond{.place = hook::resid_mid(0), .positions = {5}};
  const std::string message =
      "site 'blocks.0.hook_resid_mid[pos=5]': position 5 is outside the 5 tokens given";
  EXPECT_EQ(refusal({.record = {beyond}, .overwrite = {}}), message);
  EXPECT_EQ(refusal({.record = {whole(hook::logits())}, .overwrite = {{beyond, value}}}), message);
}

TEST(TraceRefusalTest, ValuesOfAnotherTypeOrNoneAreRefused) {
  const auto model = random_model(assorted_configs()[0]);
  const Tensor tokens = at::zeros({3, 5}, at::kLong);
  const auto refusal = [&](const Tensor& value) {
    return message_of([&] {
      record(*model, tokens, whole(hook::logits()), {{whole(hook::resid_mid(0)), value}});
    });
  };
  EXPECT_EQ(refusal(at::zeros({3, 5, 12}, at::kLong)),
            "overwriting 'blocks.0.hook_resid_mid': expected Double values, got Long");
  EXPECT_EQ(refusal({}), "overwriting 'blocks.0.hook_resid_mid': no value given");
}

// Every weight is finite, what they give is not: no argmax and no difference means anything then.
TEST(TraceRefusalTest, LogitsThatAreNotFiniteAreNoAnswer) {
  const auto model = random_model(assorted_configs()[0]);
  const at::NoGradGuard no_grad;
  model->W_E()[3].fill_(1e300);
  const Tensor tokens = torch::tensor({{1, 2, 4}, {2, 3, 0}}, at::kLong);
  const std::string message = "the logits for the tokens [2 3 0] are not finite: NaN or infinity";
  EXPECT_NO_THROW(logits_at(*model, tokens.narrow(0, 0, 1), 2));
  EXPECT_EQ(message_of([&] { logits_at(*model, tokens, 2); }), message);
  EXPECT_EQ(message_of([&] { answer_logits(*model, {tokens, {}, {}}, 2); }), message);
  const Tensor labels = torch::tensor({{1, -1, 1}, {-1, -1, 1}}, at::kLong);
  EXPECT_EQ(message_of([&] { answer_logits(*model, {tokens, labels, {}}, 2); }), message);
}

}  // namespace trace_refusal_test
}  // namespace assay::interp
