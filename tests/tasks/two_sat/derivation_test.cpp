#include "tasks/two_sat/derivation.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include <set>
#include <stdexcept>

#include "circuits/interpretation/interpretation_file.h"
#include "circuits/interpretation/program.h"
#include "interp/files/files.h"
#include "interp/network/build.h"
#include "sat2/masks.h"
#include "tasks/two_sat/levels.h"
#include "tasks/two_sat/observations.h"
#include "tests/interp/scratch.h"
#include "tests/tasks/two_sat/small_model.h"

namespace assay::tasks::two_sat {
namespace derivation_test {

using at::Tensor;
using circuits::Node;
using testing::ElementsAre;
using testing::ThrowsMessage;

constexpr int64_t kDerivingFormulas = 200;

Derivation derived(const std::string& variant, bool published = false) {
  return small_task()->need<Interpretations>().derive(*small_model(),
                                                      {.variant = variant,
                                                       .inputs = kDerivingFormulas,
                                                       .options = {{"published", published}},
                                                       .seed = 3});
}

std::vector<std::string> names(const std::vector<interp::Site>& sites) {
  std::vector<std::string> all;
  for (const interp::Site& site : sites) all.push_back(interp::to_string(site));
  return all;
}

TEST(Derivation, HasTheThreeNodesAtTheirSites) {
  const circuits::Interpretation found = derived("trees").interpretation;
  EXPECT_EQ(found.title, "2-SAT by evaluating neurons (trees)");
  EXPECT_EQ(found.task, small_task()->to_json());
  EXPECT_EQ(found.output, "or");
  ASSERT_EQ(found.nodes.size(), 3U);
  const Node &parse = found.nodes[0], &evaluate = found.nodes[1], &either = found.nodes[2];
  EXPECT_EQ(parse.name, "parse");
  EXPECT_THAT(parse.parents, ElementsAre(circuits::kTokens));
  EXPECT_THAT(names(parse.sites), ElementsAre("blocks.0.hook_resid_post"));
  EXPECT_THAT(names(parse.reads), ElementsAre("blocks.0.hook_resid_post[pos=2,6,10,14]"));
  EXPECT_EQ(evaluate.name, "evaluate");
  EXPECT_THAT(evaluate.parents, ElementsAre("parse"));
  EXPECT_THAT(names(evaluate.sites),
              ElementsAre("blocks.1.hook_resid_mid[pos=16]", "blocks.1.mlp.hook_post[pos=16]"));
  ASSERT_EQ(evaluate.reads.size(), 1U);
  EXPECT_EQ(evaluate.reads[0].place, "blocks.1.mlp.hook_post");
  EXPECT_THAT(evaluate.reads[0].positions, ElementsAre(16));
  EXPECT_EQ(either.name, "or");
  EXPECT_THAT(either.parents, ElementsAre("evaluate"));
  EXPECT_EQ(either.sites, either.reads);
  ASSERT_EQ(either.sites.size(), 1U);
  EXPECT_EQ(either.sites[0].place, "logits");
  EXPECT_THAT(either.sites[0].positions, ElementsAre(16));
}

TEST(Derivation, WritesWhatWasObserved) {
  const auto model = small_model();
  const Tokens tokens{kVariables};
  const Observations observed =
      observe(*small_task(), *model, {.variant = {}, .inputs = kDerivingFormulas, .seed = 3});
  const Tensor coefficients = sat_coefficients(*model, tokens);
  const auto neurons = evaluating_neurons(observed, coefficients);
  ASSERT_FALSE(neurons.empty());
  std::vector<int64_t> indices;
  for (const Neuron& neuron : neurons) indices.push_back(neuron.index);
  for (const bool published : {false, true}) {
    const circuits::Interpretation found = derived("disjunction", published).interpretation;
    EXPECT_EQ(found.fitted_on, nlohmann::json({{"part", "derive"},
                                               {"seed", 3},
                                               {"count", kDerivingFormulas},
                                               {"sha256", observed.sha256}}));
    const Node &parse = found.nodes[0], &evaluate = found.nodes[1];
    const Prototypes expected = prototypes(*model, tokens, kClauses);
    EXPECT_TRUE(parse.gamma.tensors.at("mean").equal(observed.mean_stream));
    EXPECT_TRUE(parse.gamma.tensors.at("prototypes").equal(expected.vectors));
    EXPECT_TRUE(parse.alpha.tensors.at("prototypes").equal(expected.vectors));
    EXPECT_EQ(evaluate.reads[0].neurons, indices);
    EXPECT_TRUE(evaluate.gamma.tensors.at("mean").equal(observed.mean_hidden));
    const Tensor on = evaluate.gamma.tensors.at("on");
    const Tensor thresholds = evaluate.alpha.tensors.at("thresholds");
    if (published) {
      EXPECT_TRUE(thresholds.eq(0.5).all().item<bool>());
      EXPECT_TRUE(on.eq(2).all().item<bool>());
      EXPECT_TRUE(evaluate.gamma.tensors.at("stream").equal(observed.mean_attn_out));
      continue;
    }
    auto chosen = neurons;
    choose_levels(chosen, observed, resting_difference(*model, tokens, observed, indices),
                  "disjunction", 4);
    for (size_t i = 0; i < chosen.size(); ++i) {
      EXPECT_FLOAT_EQ(thresholds[i].item<float>(), static_cast<float>(chosen[i].threshold));
      EXPECT_FLOAT_EQ(on[i].item<float>(), static_cast<float>(chosen[i].on));
      EXPECT_EQ(evaluate.h.parameters.at("programs").at(i), chosen[i].program);
    }
    EXPECT_TRUE(evaluate.gamma.tensors.at("stream").equal(observed.mean_mid));
  }
}

TEST(Derivation, ForSeveralLengthsReadsWhatIsThere) {
  const auto task =
      make_task("two-sat", {{"variables", kVariables}, {"clauses", kClauses}, {"min_clauses", 1}});
  const Derivation derivation = task->need<Interpretations>().derive(
      *small_model(), {.variant = "trees", .inputs = kDerivingFormulas, .seed = 3});
  const circuits::Program program = circuits::compile(derivation.interpretation, all_operations(),
                                                      interp::describe(small_config()));
  const Tensor tokens = task->sample(Part::Test, 1, 0, 40).tokens;
  const Tensor clauses = program.steps[0].h({tokens});
  for (int64_t i = 0; i < 40; ++i) {
    const auto present = static_cast<int64_t>(formula_of(tokens[i], kVariables).clauses.size());
    EXPECT_EQ(clauses[i].eq(Tokens{kVariables}.padding()).all(1).sum().item<int64_t>(),
              kClauses - present);
  }
  // γ has a prototype for every clause that h can name, absent ones included.
  EXPECT_NO_THROW(program.steps[0].gamma(clauses));
}

TEST(Derivation, CompilesToFunctionsThatDecideFormulas) {
  const auto task = small_task();
  for (const std::string& variant : task->need<Interpretations>().variants) {
    const Derivation derivation = derived(variant);
    const circuits::Program program = circuits::compile(derivation.interpretation, all_operations(),
                                                        interp::describe(small_config()));
    ASSERT_EQ(program.steps.size(), 3U);
    EXPECT_EQ(program.output, 2U);
    const Tensor tokens = task->sample(Part::Test, 1, 0, 40).tokens;
    const Tensor clauses = program.steps[0].h({tokens});
    const Tensor bits = program.steps[1].h({clauses});
    const Tensor decision = program.steps[2].h({bits});
    const auto& programs = derivation.interpretation.nodes[1].h.parameters.at("programs");
    for (int64_t i = 0; i < 40; ++i) {
      const uint64_t table = sat2::satisfying(formula_of(tokens[i], kVariables));
      bool any = false;
      for (size_t n = 0; n < programs.size(); ++n) {
        EXPECT_EQ(bits[i][n].item<bool>(), value_of(programs[n], table));
        any |= bits[i][n].item<bool>();
      }
      EXPECT_EQ(decision[i].item<int64_t>(), any);
    }
    for (const circuits::Step& step : program.steps) {  // γ, then α, is the identity
      const Tensor value = step.name == "parse" ? clauses : step.name == "or" ? decision : bits;
      const auto written = step.gamma(value);
      circuits::Activations read;
      if (step.name == "parse") {
        read = {written[0].index_select(1, torch::tensor({2, 6, 10, 14}, torch::kInt64))};
      } else if (step.name == "evaluate") {
        read = {written[1].index_select(2, torch::tensor(step.reads[0].neurons, torch::kInt64))};
      } else {
        read = written;
      }
      EXPECT_TRUE(step.equality(step.alpha(read), value).all().item<bool>()) << step.name;
    }
  }
}

TEST(Derivation, GivesEachNodeItsEvidence) {
  const Derivation derivation = derived("trees");
  size_t attached = 0;
  for (const Node& node : derivation.interpretation.nodes) {
    EXPECT_FALSE(node.evidence.empty()) << node.name;
    attached += node.evidence.size();
    std::vector<nlohmann::json> expected;
    for (const Evidence& fact : derivation.evidence)
      if (fact.node == node.name)
        expected.push_back(
            {{"statement", fact.statement}, {"value", fact.value}, {"supports", fact.supports}});
    EXPECT_EQ(node.evidence, nlohmann::json(expected));
  }
  EXPECT_EQ(attached, derivation.evidence.size());
}

TEST(Derivation, TakesTheFirstVariantIfNoneIsNamedAndKeepsToItsLeaves) {
  const auto task = small_task();
  const auto model = small_model();
  const auto unnamed = task->need<Interpretations>()
                           .derive(*model, {.variant = {}, .inputs = kDerivingFormulas, .seed = 3})
                           .interpretation;
  EXPECT_EQ(unnamed.title, derived("trees").interpretation.title);
  EXPECT_EQ(unnamed.nodes[1].h.parameters, derived("trees").interpretation.nodes[1].h.parameters);
  const auto stump =
      task->need<Interpretations>()
          .derive(
              *model,
              {.variant = {}, .inputs = kDerivingFormulas, .options = {{"leaves", 1}}, .seed = 3})
          .interpretation;
  for (const auto& program : stump.nodes[1].h.parameters.at("programs"))
    EXPECT_TRUE(program.is_boolean());
}

using DerivationFile = interp::Scratch;

TEST_F(DerivationFile, IsTheSameAfterARoundTrip) {
  for (const char* variant : {"trees", "disjunction"}) {
    const circuits::Interpretation saved = derived(variant).interpretation;
    circuits::save_interpretation(saved, at("first.json"));
    const auto loaded =
        circuits::load_interpretation(at("first.json"), interp::describe(small_config()))
            .interpretation;
    ASSERT_EQ(loaded.nodes.size(), 3U);
    for (size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(loaded.nodes[i].sites, saved.nodes[i].sites);
      EXPECT_EQ(loaded.nodes[i].reads, saved.nodes[i].reads);
      EXPECT_EQ(loaded.nodes[i].h.parameters, saved.nodes[i].h.parameters);
      EXPECT_EQ(loaded.nodes[i].evidence, saved.nodes[i].evidence);
      for (const auto& [name, tensor] : saved.nodes[i].gamma.tensors)
        EXPECT_TRUE(loaded.nodes[i].gamma.tensors.at(name).equal(tensor)) << name;
      for (const auto& [name, tensor] : saved.nodes[i].alpha.tensors)
        EXPECT_TRUE(loaded.nodes[i].alpha.tensors.at(name).equal(tensor)) << name;
    }
    EXPECT_EQ(loaded.task, saved.task);
    EXPECT_EQ(loaded.fitted_on, saved.fitted_on);
    EXPECT_NO_THROW(circuits::compile(loaded, all_operations(), interp::describe(small_config())));
  }
}

TEST(Derivation, ListsTheVariantsThatExist) {
  EXPECT_THAT([] { derived("forest"); },
              ThrowsMessage<std::invalid_argument>(
                  "unknown variant 'forest' of two-sat; there are trees, disjunction"));
}

TEST(Derivation, RefusesModelsOfAnotherSize) {
  const auto task = small_task();
  const auto refused = [&](const interp::TransformerConfig& config, const char* message) {
    EXPECT_THAT(
        [&] {
          task->need<Interpretations>().derive(*small_model(1, config),
                                               {.variant = {}, .inputs = 10});
        },
        ThrowsMessage<std::invalid_argument>(message));
  };
  auto config = small_config();
  config.n_ctx = 21;
  refused(config,
          "the model has d_vocab 12 and n_ctx 21, but the task two-sat with "
          R"({"clauses":4,"variables":3} needs d_vocab 12 and n_ctx 17)");
  config = small_config();
  config.n_heads = {1};
  config.d_head = {16};
  refused(config, "the 2-SAT interpretation speaks about two blocks, the model has 1");
}

TEST(Derivation, RefusesNoFormulasNoLeavesAndNetworksWithoutEvaluatingNeurons) {
  const auto task = small_task();
  const auto model = small_model();
  const auto derive_with = [&](const DeriveConfig& config) {
    return [&task, &model, config] { task->need<Interpretations>().derive(*model, config); };
  };
  const char* nothing = "derive: expected at least one formula and one leaf";
  EXPECT_THAT(derive_with({.variant = {}, .inputs = 0}),
              ThrowsMessage<std::invalid_argument>(nothing));
  EXPECT_THAT(derive_with({.variant = {}, .inputs = 5, .options = {{"leaves", 0}}}),
              ThrowsMessage<std::invalid_argument>(nothing));
  const at::NoGradGuard no_grad;
  model->weight("blocks.1.mlp.W_out").zero_();
  EXPECT_THAT(derive_with({.variant = {}, .inputs = 5}),
              ThrowsMessage<std::invalid_argument>(
                  "no hidden neuron of block 2 speaks for SAT: the model does not work like this "
                  "interpretation"));
}

}  // namespace derivation_test
}  // namespace assay::tasks::two_sat
