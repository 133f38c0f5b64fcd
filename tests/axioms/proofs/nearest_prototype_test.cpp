// Cases on small random networks of one or two heads, against every input of the domain.

#include "axioms/proofs/nearest_prototype.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "axioms/proofs/case_prover.h"
#include "interp/network/transformer.h"

namespace assay::proofs {
namespace nearest_prototype_test {

using at::Tensor;

// Three slots of two tokens each, of which the second is read, and a token that never changes.
Domain small_domain() {
  Domain domain{.name = "small", .words = "", .length = 7, .readout = 6};
  for (int64_t s = 0; s < 3; ++s)
    domain.slots.push_back({{2 * s, 2 * s + 1}, {{0, 1}, {1, 0}, {2, 3}, {3, 1}}});
  domain.slots.push_back({{6}, {{4}}});
  return domain;
}

struct Small {
  Domain domain = small_domain();
  std::unique_ptr<interp::Transformer> network;
  PrototypeReading reading;

  explicit Small(int64_t heads, uint64_t seed, double others) {
    interp::TransformerConfig config{.d_vocab = 5, .n_ctx = 7, .d_model = 16, .d_mlp = 24};
    config.n_heads = {heads}, config.d_head = {8};
    config.attention_biases = seed % 2 == 0;
    network = std::make_unique<interp::Transformer>(config);
    interp::initialise(*network, {.embedding_scale = 5, .seed = seed});
    const at::NoGradGuard no_grad;
    network->weight("pos_embed.W_pos").mul_(0.3);
    network->weight("blocks.0.attn.W_O").mul_(others);
    reading = {.node = "parse", .positions = {1, 3, 5}, .tokens_at = {{0, 1}, {2, 3}, {4, 5}}};
    const Tensor tokens = domain.listed(0, 64);
    const Tensor stream = network->trace(tokens, {.record = {{"blocks.0.hook_resid_post"}}})[0];
    std::vector<Tensor> labels, units;
    for (const auto& alternative : domain.slots[0].alternatives) {
      labels.push_back(torch::tensor(alternative));
      Tensor sum = at::zeros({16}, torch::kFloat64);
      for (int64_t s = 0; s < 3; ++s)
        for (int64_t i = 0; i < 64; ++i)
          if (tokens[i].narrow(0, 2 * s, 2).equal(labels.back()))
            sum += stream[i][2 * s + 1].to(torch::kFloat64);
      units.push_back(sum / sum.norm());
    }
    reading.labels = at::stack(labels);
    reading.units = at::stack(units);
  }
};

TEST(NearestPrototype, VerdictsAreThoseOfEveryInput) {
  int proved = 0, refuted = 0, open = 0;
  double worst_gap = 0;
  for (const int64_t heads : {1, 2})
    for (uint64_t seed = 1; seed <= 12; ++seed) {
      const Small small(heads, seed, seed % 3 == 0 ? 3 : 0.7);
      const Weights weights = weights_of(*small.network);
      const CaseProver prover(weights, small.domain, small.reading);
      const Tensor tokens = small.domain.listed(0, 64), choices = small.domain.choices_of(tokens);
      const Tensor stream =
          small.network->trace(tokens, {.record = {{"blocks.0.hook_resid_post"}}})[0];
      for (const Case& of : prove_cases(weights, small.domain, small.reading, {}, nullptr)) {
        double least = INFINITY;
        for (int64_t i = 0; i < 64; ++i) {
          if (choices[i][static_cast<int64_t>(of.slot)].item<int64_t>() != of.alternative) continue;
          const double margin = prover.margin_on(of, tokens[i]);
          least = std::min(least, margin);
          if (of.verdict != Verdict::Proved) continue;
          // And of the network in float32.
          const Tensor score =
              at::matmul(small.reading.units, stream[i][of.position].to(torch::kFloat64));
          double right = -INFINITY, wrong = -INFINITY;
          for (int64_t p = 0; p < score.size(0); ++p) {
            double& best = std::ranges::count(of.right_prototypes, p) ? right : wrong;
            best = std::max(best, score[p].item<double>());
          }
          EXPECT_LE(std::abs(right - wrong - margin), of.float32_error);
        }
        proved += of.verdict == Verdict::Proved;
        refuted += of.verdict == Verdict::Refuted;
        open += of.verdict == Verdict::Open;
        if (of.verdict == Verdict::Proved) {
          EXPECT_GE(least, of.margin);
        }
        if (of.verdict == Verdict::Refuted) {
          EXPECT_LT(least, 0);
        }
        if (of.verdict == Verdict::Proved) worst_gap = std::max(worst_gap, least - of.margin);
      }
    }
  EXPECT_GT(proved, 50);
  EXPECT_GT(refuted, 5);
  EXPECT_LT(open, proved);
  EXPECT_GT(worst_gap, 0);
}

// Where nothing in the network depends on other slots, bound and margin are one.
TEST(NearestPrototype, WithoutOtherSlotsTheBoundIsTheMargin) {
  const Small small(1, 3, 0);
  const Weights weights = weights_of(*small.network);
  const CaseProver prover(weights, small.domain, small.reading);
  for (const Case& of : prove_cases(weights, small.domain, small.reading, {}, nullptr)) {
    if (of.verdict != Verdict::Proved) continue;
    EXPECT_NEAR(prover.margin_on(of, of.worst), of.margin, 1e-3);
    EXPECT_GE(prover.margin_on(of, of.worst), of.margin);
  }
}

TEST(NearestPrototype, AMissingLabelIsRefutedAndALabelFromElsewhereIsNotTreated) {
  Small small(1, 1, 0.1);
  const Weights weights = weights_of(*small.network);
  small.reading.labels = small.reading.labels.clone();
  small.reading.labels[2].fill_(4);
  for (const Case& of : prove_cases(weights, small.domain, small.reading, {}, nullptr))
    if (of.alternative == 2) {
      EXPECT_EQ(of.verdict, Verdict::Refuted);
    }
  small.reading.tokens_at[1] = {0, 1};
  EXPECT_THROW(prove_cases(weights, small.domain, small.reading, {}, nullptr), Untreated);
}

}  // namespace nearest_prototype_test
}  // namespace assay::proofs
