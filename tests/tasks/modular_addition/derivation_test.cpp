#include "tasks/modular_addition/derivation.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include <stdexcept>

#include "axioms/checker.h"
#include "circuits/interpretation/program.h"
#include "tasks/modular_addition/fourier.h"
#include "tests/tasks/modular_addition/small_model.h"

namespace assay::tasks::modular_addition {
namespace derivation_test {

using at::Tensor;
using axioms::Axiom;
using testing::ElementsAre;
using testing::ThrowsMessage;

Derivation derived(const DeriveConfig& config = {}) {
  return small_task()->need<Interpretations>().derive(*small_model(), config);
}

std::vector<std::string> names(const std::vector<interp::Site>& sites) {
  std::vector<std::string> all;
  for (const interp::Site& site : sites) all.push_back(interp::to_string(site));
  return all;
}

TEST(ModularDerivation, HasTheThreeNodesAtTheirSites) {
  const circuits::Interpretation found = derived().interpretation;
  EXPECT_EQ(found.task, small_task()->to_json());
  EXPECT_EQ(found.output, "answer");
  ASSERT_EQ(found.nodes.size(), 3u);
  EXPECT_THAT(found.nodes[0].parents, ElementsAre(circuits::kTokens));
  EXPECT_THAT(names(found.nodes[0].sites), ElementsAre("hook_embed[pos=0,1]", "hook_embed[pos=2]"));
  EXPECT_THAT(names(found.nodes[0].reads), ElementsAre("hook_embed[pos=0,1]"));
  EXPECT_THAT(found.nodes[1].parents, ElementsAre("fourier"));
  EXPECT_THAT(names(found.nodes[1].sites),
              ElementsAre("blocks.0.mlp.hook_post[pos=2]", "blocks.0.hook_resid_mid[pos=2]"));
  EXPECT_THAT(names(found.nodes[1].reads), ElementsAre("blocks.0.mlp.hook_post[pos=2]"));
  EXPECT_THAT(found.nodes[2].parents, ElementsAre("sum"));
  EXPECT_THAT(names(found.nodes[2].sites), ElementsAre("logits[pos=2]"));
  const interp::Transformer network(small_config());
  for (const circuits::Node& node : found.nodes) {
    EXPECT_EQ(network.path_around(node.sites, interp::logits_site(network, kReadout)).found,
              interp::Found::No)
        << node.name;
    EXPECT_FALSE(node.evidence.empty()) << node.name;
  }
}

TEST(ModularDerivation, VariantsDifferInRoundingAndInTheEqualityOfTheSum) {
  const auto nodes = [](const std::string& variant) {
    return derived({.variant = variant}).interpretation.nodes;
  };
  EXPECT_EQ(nodes("downstream")[1].equality.name, "downstream");
  EXPECT_EQ(nodes("rounded")[1].equality.name, "equal_rounded");
  EXPECT_EQ(nodes("rounded")[1].equality.parameters.at("decimals"), 1);
  EXPECT_EQ(nodes("exact")[1].equality.name, "equal");
  for (const char* variant : {"downstream", "rounded"}) {
    EXPECT_EQ(nodes(variant)[0].h.parameters.at("decimals"), 3);
    EXPECT_EQ(nodes(variant)[0].alpha.parameters.at("decimals"), 3);
  }
  EXPECT_FALSE(nodes("exact")[0].h.parameters.contains("decimals"));
  EXPECT_FALSE(nodes("exact")[0].alpha.parameters.contains("decimals"));
  const auto two =
      derived({.variant = "rounded", .options = {{"decimals", 2}, {"sum_decimals", 0}}});
  EXPECT_EQ(two.interpretation.nodes[0].h.parameters.at("decimals"), 2);
  EXPECT_EQ(two.interpretation.nodes[1].equality.parameters.at("decimals"), 0);
}

TEST(ModularDerivation, IsFittedToTheDerivingPairsAlone) {
  // With 200 neurons α of `sum` fits 17 deriving pairs exactly, and no others.
  auto config = small_config();
  config.d_mlp = 200;
  const auto model = small_model(1, config);
  const auto found =
      small_task()->need<Interpretations>().derive(*model, {.variant = "exact"}).interpretation;
  EXPECT_EQ(found.fitted_on.at("part"), "derive");
  EXPECT_EQ(found.fitted_on.at("count"), 17);
  const auto& alpha = found.nodes[1].alpha.tensors;
  const auto error = [&](Part part) {
    const interp::LabelledBatch batch = Pairs({.p = kSmallP}).domain().of({part});
    const Tensor hidden = record(*model, batch.tokens, interp::hook::mlp_post(0));
    const Tensor read =
        at::matmul(hidden.to(torch::kFloat64), alpha.at("weight")) + alpha.at("bias");
    const auto frequencies =
        found.nodes[0].h.parameters.at("frequencies").get<std::vector<int64_t>>();
    const Tensor sums = waves(kSmallP, frequencies).index_select(0, batch.labels);
    return (read - sums).abs().max().item<double>();
  };
  EXPECT_LT(error(Part::Derive), 5e-6);  // float32; up to 2.4e-6 with any of four OpenBLAS kernels
  EXPECT_GT(error(Part::Test), 0.1);
  EXPECT_EQ(derived({.part = Part::Train}).interpretation.fitted_on.at("part"), "train");
}

// Every count of the checker against the definitions, input by input. The interpretation is wrong
// about this network, so every axiom fails somewhere.
class ByBruteForce : public testing::Test {
 protected:
  std::unique_ptr<interp::Transformer> model = small_model();
  Tensor tokens = Pairs({.p = kSmallP}).domain().inputs.tokens;

  Tensor decision(const circuits::Step& step, const Tensor& value) const {
    interp::TraceRequest request{
        .record = {interp::Site{.place = interp::hook::logits(), .positions = {kReadout}}},
        .overwrite = {}};
    const auto written = step.gamma(value);
    for (size_t i = 0; i < written.size(); ++i)
      request.overwrite.push_back({step.sites[i], written[i]});
    return model->trace(tokens.narrow(0, 0, 1), request)[0]
        .flatten()
        .narrow(0, 0, kSmallP)
        .argmax();
  }
  static bool same(const Tensor& left, const Tensor& right) {
    return left.item<int64_t>() == right.item<int64_t>();
  }
};

TEST_F(ByBruteForce, DownstreamEqualityIsTheSameDecisionByBothSuffixes) {
  const at::NoGradGuard no_grad;
  const Derivation derivation = small_task()->need<Interpretations>().derive(*model, {});
  const circuits::Program program =
      circuits::compile(derivation.interpretation, all_operations(), model->places());
  const auto& [fourier, sum, answer] =
      std::tie(program.steps[0], program.steps[1], program.steps[2]);
  statistics::Estimate pe, ce, pr, cr;
  for (int64_t i = 0; i < 49; ++i) {
    const Tensor input = tokens.narrow(0, i, 1);
    const auto recorded = model->trace(
        input, {.record = {fourier.reads[0], sum.reads[0], answer.reads[0]}, .overwrite = {}});
    const Tensor actual = sum.alpha({recorded[1]}), network = answer.alpha({recorded[2]});
    const Tensor prefix = sum.h({fourier.h({input})});
    const Tensor component = sum.h({fourier.alpha({recorded[0]})});
    const auto equal = [&](const Tensor& left, const Tensor& right) {
      return same(decision(sum, left), decision(sum, right)) &&
             same(answer.h({left}), answer.h({right}));
    };
    pe += {1, !equal(actual, prefix)};
    ce += {1, !equal(actual, component)};
    pr += {1, !same(decision(sum, prefix), network)};
    cr += {1, !same(decision(sum, component), network)};
  }
  const auto result = axioms::check(
      {*model, program, small_task()->decision()},
      [&](int64_t first, int64_t n) { return tokens.narrow(0, first, n); }, {.inputs = 49});
  EXPECT_EQ(result.nodes[1][Axiom::PE].estimate, pe);
  EXPECT_EQ(result.nodes[1][Axiom::CE].estimate, ce);
  EXPECT_EQ(result.nodes[1][Axiom::PR].estimate, pr);
  EXPECT_EQ(result.nodes[1][Axiom::CR].estimate, cr);
  EXPECT_GT(pe.failures, 0);
  EXPECT_LT(pe.failures, 49);
  EXPECT_GT(pr.failures, 0);
}

TEST(ModularDerivation, RefusesWhatDoesNotFit) {
  const auto refused = [](const DeriveConfig& config, const char* message) {
    EXPECT_THAT([&] { derived(config); }, ThrowsMessage<std::invalid_argument>(message));
  };
  refused({.variant = "loose"},
          "unknown variant 'loose' of modular-addition; there are downstream, rounded, exact");
  refused({.inputs = 18}, "derive: expected 1 to 17 inputs, all that the derive part has, got 18");
  refused({.inputs = 0}, "derive: expected 1 to 17 inputs, all that the derive part has, got 0");
  refused(
      {.options = {{"leaves", 3}}},
      "deriving for modular-addition has no setting 'leaves'; there are decimals, sum_decimals");
  auto config = small_config();
  config.n_heads = {1, 1};
  config.d_head = {12, 12};
  EXPECT_THAT(
      [&] { small_task()->need<Interpretations>().derive(*small_model(1, config), {}); },
      ThrowsMessage<std::invalid_argument>(
          "the interpretation of modular addition speaks about one block, the model has 2"));
  EXPECT_THROW(make_task("modular-addition", {{"p", 11}})
                   ->need<Interpretations>()
                   .derive(*small_model(), {}),
               std::invalid_argument);
}

}  // namespace derivation_test
}  // namespace assay::tasks::modular_addition
