#include "tasks/two_sat/evidence.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include <cmath>

#include "tests/tasks/two_sat/small_model.h"

namespace assay::tasks::two_sat {
namespace evidence_test {

using at::Tensor;
using testing::HasSubstr;

constexpr int64_t kEvidenceFormulas = 300;

double bound_of(const std::vector<Evidence>& evidence) {
  for (const Evidence& fact : evidence)
    if (fact.value.contains("bound")) return fact.value.at("bound");
  return -1;
}

/// What each second literal gives to its own clause: [formula, clause].
Tensor own_shares(const interp::Transformer& model, const Tensor& tokens) {
  const Tensor pattern = record(model, tokens, {.place = interp::hook::pattern(0)});
  std::vector<Tensor> shares;
  for (const int64_t end : {2, 6, 10, 14}) {
    const Tensor row = pattern.select(2, end).mean(1);
    shares.push_back(row.select(1, end - 1) + row.select(1, end));
  }
  return at::stack(shares, 1);
}

TEST(ParseEvidence, MeasuresWhereBlock1Attends) {
  const auto task = small_task();
  for (const auto& heads : {std::vector<int64_t>{1, 2}, {2, 2}}) {
    interp::TransformerConfig config = small_config();
    config.n_heads = heads;
    const auto model = small_model(1, config);
    const auto evidence =
        parse_evidence(*task, *model, {.variant = {}, .inputs = kEvidenceFormulas, .seed = 3});
    const Tensor tokens = task->sample(Part::Derive, 3, 0, kEvidenceFormulas).tokens;
    const Tensor shares = own_shares(*model, tokens);
    EXPECT_NEAR(evidence.front().value.at("mean"), shares.mean().item<double>(), 1e-5);
    EXPECT_NEAR(evidence.front().value.at("least"), shares.min().item<double>(), 1e-6);
    const Tensor uniform =
        record(*model, tokens, {.place = interp::hook::pattern(0), .positions = {16}});
    EXPECT_NEAR(evidence.back().value.at("least"), uniform.min().item<double>(), 1e-6);
    EXPECT_NEAR(evidence.back().value.at("most"), uniform.max().item<double>(), 1e-6);
    for (const Evidence& fact : evidence) EXPECT_EQ(fact.node, "parse");
    // A bound is claimed for one head only.
    EXPECT_EQ(evidence.size(), heads[0] == 1 ? 3U : 2U);
    EXPECT_EQ(bound_of(evidence) >= 0, heads[0] == 1);
  }
}

TEST(ParseEvidence, BoundsTheLeastShareOfEveryFormula) {
  const auto task = small_task();
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    for (const bool biases : {false, true}) {
      interp::TransformerConfig config = small_config();
      config.attention_biases = biases;
      const auto model = small_model(seed, config);
      const at::NoGradGuard no_grad;
      if (biases) {
        auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
        const auto attn = [&](const std::string& name) {
          return model->weight("blocks.0.attn." + name);
        };
        for (Tensor bias : {attn("b_Q"), attn("b_K")})
          bias.copy_(at::normal(0.0, 1.0, bias.sizes(), generator));
      }
      const double bound = bound_of(parse_evidence(*task, *model, {.variant = {}, .inputs = 10}));
      const Tensor tokens = task->sample(Part::Test, seed, 0, 500).tokens;
      const double least = own_shares(*model, tokens).min().item<double>();
      EXPECT_GE(bound, 0);
      EXPECT_LE(bound, least + 1e-6);
    }
  }
}

TEST(ParseEvidence, ReachesItsBoundWhereTheWorstFormulaIsBuilt) {
  // Greedily: keys are independent of each other, so each other position takes its worst token.
  const auto task = small_task();
  const auto model = small_model(2);
  double worst = 1;
  for (const int64_t end : {2, 6, 10, 14}) {
    for (int64_t left = 0; left < 6; ++left) {
      for (int64_t right = 0; right < 6; ++right) {
        Tensor rows = task->sample(Part::Derive, 0, 0, 1).tokens.repeat({6, 1});
        for (const int64_t key : {1, 2, 5, 6, 9, 10, 13, 14})
          rows.select(1, key).copy_(at::arange(6, torch::kInt64));
        rows.select(1, end - 1).fill_(left);
        rows.select(1, end).fill_(right);
        const interp::Site site{.place = interp::hook::attn_scores(0), .positions = {end}};
        // [token, key]: one formula per token that all other literals are.
        const Tensor scores = record(*model, rows, site).select(1, 0).select(1, 0);
        const Tensor each = scores.narrow(1, 0, end + 1).to(torch::kFloat64).exp().amax(0);
        const Tensor own = each[end - 1] + each[end];
        worst = std::min(worst, (own / each.sum()).item<double>());
      }
    }
  }
  EXPECT_NEAR(bound_of(parse_evidence(*task, *model, {.variant = {}, .inputs = 10})), worst, 1e-5);
}

TEST(ParseEvidence, IsExactForANetworkThatAttendsUniformly) {
  const auto task = small_task();
  const auto model = small_model();
  const at::NoGradGuard no_grad;
  model->weight("blocks.0.attn.W_Q").zero_();
  const auto evidence = parse_evidence(*task, *model, {.variant = {}, .inputs = 20});
  EXPECT_NEAR(evidence[0].value.at("mean"), (2.0 / 3 + 2.0 / 7 + 2.0 / 11 + 2.0 / 15) / 4, 1e-6);
  EXPECT_NEAR(evidence[0].value.at("least"), 2.0 / 15, 1e-6);
  EXPECT_FALSE(evidence[0].supports);
  EXPECT_NEAR(bound_of(evidence), 2.0 / 15, 1e-9);
  EXPECT_NEAR(evidence[2].value.at("least"), 1.0 / 17, 1e-6);
  EXPECT_NEAR(evidence[2].value.at("most"), 1.0 / 17, 1e-6);
  EXPECT_TRUE(evidence[2].supports);
  EXPECT_EQ(evidence[1].statement,
            "block 1: over every formula there is, that share is at least 13.33% (bound from the "
            "weights alone)");
}

TEST(ParseEvidence, NeverBoundsTooHighWhereScoresAreHuge) {
  const auto task = small_task();
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    const auto model = small_model(seed);
    const at::NoGradGuard no_grad;
    model->weight("blocks.0.attn.W_Q").mul_(1000);
    const auto evidence =
        parse_evidence(*task, *model, {.variant = {}, .inputs = kEvidenceFormulas});
    EXPECT_GE(bound_of(evidence), 0);
    EXPECT_LE(bound_of(evidence), evidence[0].value.at("least").get<double>() + 1e-6);
  }
}

// --- evaluate

/// Eight formulas and four hidden neurons, two of which evaluate.
struct Built {
  Observations observed;
  Tensor coefficients = torch::tensor({3.0F, 0.05F, 4.0F, -0.2F});
  std::vector<Neuron> neurons = {
      {.index = 0, .coefficient = 3, .program = {{"any_of", {0, 1}}}, .errors = 2},
      {.index = 2, .coefficient = 4, .program = {{"any_of", {3}}}, .errors = 0}};
  Built() {
    observed.hidden = at::zeros({8, 4});
    observed.hidden[5][0] = 2;
    observed.hidden[1][3] = 0.6F;  // 0.12 for UNSAT
    observed.answers = at::zeros({8}, torch::kInt64);
  }
  std::vector<Evidence> evidence() const {
    return evaluate_evidence(neurons, observed, coefficients, 2);
  }
};

TEST(EvaluateEvidence, CountsNeuronsAssignmentsAndErrors) {
  Built built;
  auto evidence = built.evidence();
  ASSERT_EQ(evidence.size(), 4U);
  EXPECT_EQ(evidence[0].value.at("neurons"), 2);
  EXPECT_EQ(evidence[0].value.at("least_coefficient"), 3);
  EXPECT_NEAR(evidence[0].value.at("largest_other"), 0.2, 1e-6);
  EXPECT_TRUE(evidence[0].supports);
  EXPECT_EQ(evidence[1].statement,
            "1 neurons speak for UNSAT (activation x coefficient below -0.1)");
  EXPECT_FALSE(evidence[1].supports);
  EXPECT_EQ(evidence[2].value.at("covered"), 3);
  EXPECT_EQ(evidence[2].value.at("missing"), nlohmann::json({2}));
  EXPECT_FALSE(evidence[2].supports);
  EXPECT_EQ(evidence[3].value.at("mean"), 1.0 / 8);
  EXPECT_EQ(evidence[3].value.at("worst"), 2.0 / 8);
  EXPECT_THAT(evidence[3].statement, HasSubstr("12.50% of the deriving formulas on average"));
  EXPECT_FALSE(evidence[3].supports);
  for (const Evidence& fact : evidence) EXPECT_EQ(fact.node, "evaluate");

  built.observed.hidden[1][3] = 0.4F;
  built.neurons[1].program = {{"any_of", {2, 3}}};
  built.neurons[0].errors = 0;
  evidence = built.evidence();
  EXPECT_TRUE(evidence[1].supports);
  EXPECT_EQ(evidence[2].value.at("covered"), 4);
  EXPECT_TRUE(evidence[2].supports);
  EXPECT_TRUE(evidence[3].supports);
}

// --- or

TEST(OrEvidence, CountsTheAnswersThatFlipWithoutAPart) {
  const auto task = small_task();
  const auto model = small_model();
  const DeriveConfig config{.variant = {}, .inputs = kEvidenceFormulas, .seed = 3};
  const Observations observed = observe(*task, *model, config);
  const auto evidence = or_evidence(*task, *model, observed, config);
  const Tokens tokens{kVariables};
  const at::NoGradGuard no_grad;
  const Tensor inputs = task->sample(Part::Derive, 3, 0, kEvidenceFormulas).tokens;
  const auto at_readout = [&](std::string place) {
    return record(*model, inputs, {.place = std::move(place), .positions = {16}}).select(1, 0);
  };
  const Tensor mid = at_readout(interp::hook::resid_mid(1)),
               out = at_readout(interp::hook::mlp_out(1));
  const Tensor sat = model->W_U().select(1, tokens.sat()),
               unsat = model->W_U().select(1, tokens.unsat());
  const auto flips = [&](const Tensor& stream) {
    const auto says = [&](const Tensor& x) { return at::matmul(x, sat).gt(at::matmul(x, unsat)); };
    return says(stream).ne(says(mid + out)).to(torch::kFloat64).mean().item<double>();
  };
  ASSERT_EQ(evidence.size(), 3U);
  EXPECT_NEAR(evidence[0].value.at("norm_of_sum"), (sat + unsat).norm().item<double>(), 1e-6);
  EXPECT_NEAR(evidence[0].value.at("norm"), sat.norm().item<double>(), 1e-6);
  EXPECT_FALSE(evidence[0].supports);
  EXPECT_NEAR(evidence[1].value.at("flips"), flips(mid), 1e-9);
  EXPECT_NEAR(evidence[2].value.at("removed"), flips(out), 1e-9);
  EXPECT_NEAR(evidence[2].value.at("mean"), flips(out + observed.mean_mid), 1e-9);
  EXPECT_GT(flips(mid), 0);  // else nothing was measured

  model->W_U().select(1, tokens.unsat()).copy_(-sat);
  const auto opposite = or_evidence(*task, *model, observed, config);
  EXPECT_NEAR(opposite[0].value.at("norm_of_sum"), 0, 1e-6);
  EXPECT_TRUE(opposite[0].supports);
}

}  // namespace evidence_test
}  // namespace assay::tasks::two_sat
