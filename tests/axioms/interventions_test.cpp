#include "axioms/interventions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/axioms/or_network.h"

namespace assay::axioms {
namespace interventions_test {

using testing::ElementsAre;
using testing::IsEmpty;

class InterventionsTest : public testing::Test {
 protected:
  const circuits::Step& step(const std::string& name) const {
    return *std::ranges::find(program.steps, name, &circuits::Step::name);
  }
  size_t index(const std::string& name) const { return &step(name) - program.steps.data(); }

  std::vector<std::string> later(const std::vector<Site>& sites) const {
    circuits::Step at_sites;
    at_sites.sites = sites;
    std::vector<std::string> names;
    for (const Site& site : later_components(at_sites, or_network().places()))
      names.push_back(site.place);
    return names;
  }

  circuits::Program program =
      circuits::compile(or_interpretation(), operations(), or_network().places());
  Experiment experiment{or_network(), program, or_decision()};
  Tensor inputs = or_inputs(0, kInputs);
};

TEST_F(InterventionsTest, LaterComponentsAreThoseThatHaveYetToAct) {
  const std::string attention = interp::hook::attn_out(0), mlp = interp::hook::mlp_out(0);
  EXPECT_THAT(later({{.place = interp::hook::resid_pre(0)}}), ElementsAre(attention, mlp));
  EXPECT_THAT(later({{.place = interp::hook::q(0)}}), ElementsAre(attention, mlp));
  EXPECT_THAT(later({{.place = interp::hook::attn_scores(0)}}), ElementsAre(mlp));
  EXPECT_THAT(later({{.place = interp::hook::mlp_pre(0)}}), ElementsAre(mlp));
  EXPECT_THAT(later({{.place = interp::hook::mlp_post(0)}}), IsEmpty());
  EXPECT_THAT(later({{.place = interp::hook::resid_pre(0)}, {.place = interp::hook::logits()}}),
              IsEmpty());
}

// The interpretation is true: with another input's value, the network decides as that input.
TEST_F(InterventionsTest, AnotherInputsValueCarriesToItsDecision) {
  const Interventions found = intervene(experiment, inputs);
  ASSERT_EQ(found.grips.size(), 3u);
  for (const Grip& grip : found.grips) {
    EXPECT_EQ(grip.inputs, kInputs);
    EXPECT_GT(grip.pairs, 0);
    EXPECT_LT(grip.pairs, kInputs);
    EXPECT_EQ(grip.changed, grip.pairs);
    EXPECT_EQ(grip.followed, grip.pairs);
  }
}

// "no" has 1/2, "yes" what the MLP writes: 0.8 on average, since two of five words count and there
// are two. So everything is answered by yes, as 16 of the 25 inputs are anyway.
TEST_F(InterventionsTest, DecisionsThatSurviveTheMean) {
  for (const std::string& component : {interp::hook::attn_out(0), interp::hook::mlp_out(0)})
    EXPECT_DOUBLE_EQ(kept_decisions(experiment, inputs, {{.place = component}}), 16.0 / 25)
        << component;
  EXPECT_DOUBLE_EQ(kept_decisions(experiment, inputs, {}), 1);
}

// The words of two inputs differ in most pairs that are decided alike, and never count as equal;
// the bit is the same wherever the decision is.
TEST_F(InterventionsTest, EqualitiesAreHeldAgainstInputsDecidedAlike) {
  const Interventions found = intervene(experiment, inputs);
  EXPECT_GT(found.equalities[index("words")].differing, 20);
  EXPECT_EQ(found.equalities[index("words")].called_equal, 0);
  EXPECT_EQ(found.equalities[index("some")].differing, 0);
  EXPECT_DOUBLE_EQ(found.equalities[index("some")].explained, 1);
}

TEST_F(InterventionsTest, WrittenStatesStandSideBySide) {
  const circuits::Value bits = torch::tensor({{true}, {false}});
  const Tensor states = written_states(step("some"), bits);
  EXPECT_EQ(states.sizes(), (std::vector<int64_t>{2, 9 + 2}));  // the stream, the neurons
  EXPECT_EQ(states[0][9].item<float>(), 1);
  EXPECT_EQ(states[1][9].item<float>(), 0);
}

}  // namespace interventions_test
}  // namespace assay::axioms
