#include "tasks/modular_addition/evidence.h"

#include <ATen/CPUGeneratorImpl.h>
#include <gmock/gmock.h>
#include <torch/types.h>

#include <cmath>
#include <numbers>

#include "tests/tasks/modular_addition/small_model.h"

namespace assay::tasks::modular_addition {
namespace evidence_test {

using at::Tensor;

constexpr int64_t kP = 11;

double angle(int64_t k, int64_t n) {
  return 2 * std::numbers::pi * static_cast<double>(k * n) / kP;
}

/// f(a, b) of every pair, as a column [p², 1].
template <typename F>
Tensor column(const F& f) {
  Tensor values = at::empty({kP * kP, 1}, torch::kFloat64);
  for (int64_t a = 0; a < kP; ++a)
    for (int64_t b = 0; b < kP; ++b) values[a * kP + b][0] = f(a, b);
  return values;
}

Tensor noise(at::IntArrayRef sizes, uint64_t seed) {
  return at::normal(0.0, 1.0, sizes, at::make_generator<at::CPUGeneratorImpl>(seed))
      .to(torch::kFloat64);
}

TEST(AlongSums, KeepsSumsOfItsFrequenciesAndNothingElse) {
  const Tensor of_sum = column([](int64_t a, int64_t b) {
    return std::cos(angle(2, a + b)) + 3 * std::sin(angle(4, a + b));
  });
  const Tensor rest = column([](int64_t a, int64_t b) {
    return 5 + std::cos(angle(2, a - b)) + std::cos(angle(3, a + b)) + std::sin(angle(4, a));
  });
  EXPECT_TRUE(along_sums(of_sum, kP, {2, 4}).allclose(of_sum, 0, 1e-10));
  EXPECT_LT(along_sums(rest, kP, {2, 4}).abs().max().item<double>(), 1e-10);
  const Tensor any = noise({kP * kP, 3}, 1), once = along_sums(any, kP, {1, 5});
  EXPECT_TRUE(along_sums(once, kP, {1, 5}).allclose(once, 0, 1e-10));
}

TEST(ColumnFrequencies, OfSumsOfProductsByHand) {
  // Variances: cos·sin of two numbers 1/4, cos of one 1/2.
  const Tensor pure = column([](int64_t a, int64_t b) {
    return 7 + std::cos(angle(2, a)) * std::sin(angle(2, b)) + std::sin(angle(2, a));
  });
  const Tensor mixed = column([](int64_t a, int64_t b) {
    return std::cos(angle(3, a)) * std::cos(angle(3, b)) + std::cos(angle(5, b)) +
           std::cos(angle(1, a)) * std::cos(angle(4, b));
  });
  const Tensor constant = at::full({kP * kP, 1}, 3.0, torch::kFloat64);
  const ColumnFrequencies found = column_frequencies(at::cat({pure, mixed, constant}, 1), kP);
  EXPECT_NEAR(found.share[0].item<double>(), 1, 1e-9);
  EXPECT_EQ(found.frequency[0].item<int64_t>(), 2);
  EXPECT_NEAR(found.share[1].item<double>(), 0.5, 1e-9);  // 1/2 of 1/4 + 1/2 + 1/4
  EXPECT_EQ(found.frequency[1].item<int64_t>(), 5);
  EXPECT_EQ(found.share[2].item<double>(), 0);
}

// Against projections on the eight products of each frequency, one by one.
TEST(ColumnFrequencies, AreThoseOfTheBestProjection) {
  const Tensor values = noise({kP * kP, 4}, 3);
  const ColumnFrequencies found = column_frequencies(values, kP);
  const Tensor centred = values - values.mean(0);
  for (int64_t i = 0; i < 4; ++i) {
    double best = 0;
    for (int64_t k = 1; k <= (kP - 1) / 2; ++k) {
      double power = 0;
      for (int product = 1; product < 9; ++product) {
        const auto wave = [&](int kind, int64_t n) {
          return kind == 0 ? 1 : kind == 1 ? std::cos(angle(k, n)) : std::sin(angle(k, n));
        };
        const Tensor f = column(
            [&](int64_t a, int64_t b) { return wave(product / 3, a) * wave(product % 3, b); });
        const double along = at::dot(f.flatten(), centred.select(1, i)).item<double>();
        power += along * along / f.square().sum().item<double>();
      }
      best = std::max(best, power / centred.select(1, i).square().sum().item<double>());
    }
    EXPECT_NEAR(found.share[i].item<double>(), best, 1e-9);
  }
}

TEST(SharesOfLogits, ByHand) {
  // Logits 2 cos w_2(s - c) + cos w_3(s - c) + cos w_4(a - c): variances 4/2, 1/2 and 1/2. What all
  // c share does not count, and what all pairs share does not.
  Tensor logits = at::empty({kP * kP, kP}, torch::kFloat64);
  for (int64_t a = 0; a < kP; ++a)
    for (int64_t b = 0; b < kP; ++b)
      for (int64_t c = 0; c < kP; ++c)
        logits[a * kP + b][c] = 2 * std::cos(angle(2, a + b - c)) + std::cos(angle(3, a + b - c)) +
                                std::cos(angle(4, a - c)) + 10 * std::sin(angle(1, a * b)) +
                                7 * std::cos(angle(2, c));
  const auto differences = [&](const std::vector<int64_t>& frequencies) {
    return shares_of_logits(logits, kP, frequencies).differences;
  };
  EXPECT_NEAR(differences({2}), 2 / 3.0, 1e-9);
  EXPECT_NEAR(differences({2, 3}), 2.5 / 3, 1e-9);
  EXPECT_NEAR(differences({1, 4, 5}), 0, 1e-9);
  EXPECT_NEAR(shares_of_logits(logits, kP, {2, 3}).products, 2.5 / 3, 1e-9);
}

TEST(SharesOfLogits, OfUnequalCosinesAndSines) {
  // 3 cos ws cos wc + sin ws sin wc = 2 cos w(s - c) + cos w(s + c): shares 4/5 and 1/5.
  Tensor logits = at::empty({kP * kP, kP}, torch::kFloat64);
  for (int64_t a = 0; a < kP; ++a)
    for (int64_t b = 0; b < kP; ++b)
      for (int64_t c = 0; c < kP; ++c)
        logits[a * kP + b][c] = 3 * std::cos(angle(2, a + b)) * std::cos(angle(2, c)) +
                                std::sin(angle(2, a + b)) * std::sin(angle(2, c));
  const LogitShares shares = shares_of_logits(logits, kP, {2});
  EXPECT_NEAR(shares.differences, 0.8, 1e-9);
  EXPECT_NEAR(shares.products, 1, 1e-9);
}

// The three losses from their definition, on a random network.
TEST(AnswerEvidence, LossesAreThoseOfTheAblatedOutput) {
  const auto model = small_model();
  const Domain domain = Pairs({.p = kSmallP}).domain();
  const Observations all = observe(*model, domain.inputs.tokens);
  const KeyFrequencies key{.frequencies = {1, 3}};
  const auto evidence = answer_evidence(*model, all, domain.inputs.labels, kSmallP, key);

  const auto loss_of = [&](const Tensor& mlp_out) {
    const Tensor logits = at::matmul((all.mid + mlp_out).to(torch::kFloat64),
                                     model->W_U().detach().to(torch::kFloat64));
    return -logits.log_softmax(1)
                .gather(1, domain.inputs.labels.unsqueeze(1))
                .mean()
                .item<double>();
  };
  const Tensor mean = all.mlp_out.mean(0, true);
  const Tensor along_1 = along_sums(all.mlp_out, kSmallP, {1}),
               along_3 = along_sums(all.mlp_out, kSmallP, {3});
  const nlohmann::json losses = evidence.at(1).value, excluded = evidence.at(2).value;
  EXPECT_NEAR(losses.at("loss").get<double>(), loss_of(all.mlp_out), 1e-5);
  EXPECT_NEAR(losses.at("restricted").get<double>(), loss_of(mean + along_1 + along_3), 1e-5);
  EXPECT_NEAR(excluded.at("by_frequency").at("1").get<double>(), loss_of(all.mlp_out - along_1),
              1e-5);
  EXPECT_NEAR(excluded.at("by_frequency").at("3").get<double>(), loss_of(all.mlp_out - along_3),
              1e-5);
  EXPECT_NEAR(excluded.at("all").get<double>(), loss_of(all.mlp_out - along_1 - along_3), 1e-5);
}

TEST(FourierEvidence, SaysThatAlphaCouldReadAnything) {
  const auto wide = small_model();  // 12 dimensions for 7 numbers
  auto config = small_config();
  config.d_model = 4;
  const auto narrow = small_model(1, config);
  for (const auto* model : {wide.get(), narrow.get()}) {
    const Tensor numbers = model->W_E().detach().narrow(0, 0, kSmallP);
    const KeyFrequencies key = key_frequencies(spectrum(numbers));
    const LinearMap back = fit(waves(kSmallP, key.frequencies), numbers);
    const auto evidence = fourier_evidence(*model, kSmallP, key, back);
    EXPECT_EQ(evidence.at(2).supports, model == narrow.get());
  }
}

// A random embedding has no key frequencies, and the facts say so.
TEST(Evidence, SpeaksAgainstARandomNetwork) {
  interp::TransformerConfig config{.d_vocab = 32, .n_ctx = 3, .n_heads = {4}, .d_head = {32}};
  const auto model = small_model(5, config);
  const Domain domain = Pairs({.p = 31}).domain();
  const Tensor numbers = model->W_E().detach().narrow(0, 0, 31);
  const KeyFrequencies key = key_frequencies(spectrum(numbers));
  const LinearMap back = fit(waves(31, key.frequencies), numbers);
  const Observations all = observe(*model, domain.inputs.tokens);
  EXPECT_FALSE(fourier_evidence(*model, 31, key, back).at(0).supports);
  EXPECT_FALSE(sum_evidence(all, 31, key).at(0).supports);
  EXPECT_FALSE(answer_evidence(*model, all, domain.inputs.labels, 31, key).at(0).supports);
}

}  // namespace evidence_test
}  // namespace assay::tasks::modular_addition
