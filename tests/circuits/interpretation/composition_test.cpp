#include "circuits/interpretation/composition.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include "tests/interp/scratch.h"

namespace assay::circuits {
namespace composition_test {

using interp::message_of;
using testing::ElementsAre;
using testing::HasSubstr;

Operations with_compositions() {
  Operations all = generic_operations();
  all.functions.add({"times", "", [](const Operation& operation) -> Function {
                       const at::Tensor factor = tensor_of(operation, "factor", {-1});
                       return [factor](const std::vector<Value>& parents) {
                         return parents[0] * factor;
                       };
                     }});
  all.functions.add({"plus", "", [](const Operation& operation) -> Function {
                       const auto term = parameter<double>(operation, "term");
                       return
                           [term](const std::vector<Value>& parents) { return parents[0] + term; };
                     }});
  add_compositions(all);
  return all;
}

Operation times(double factor) {
  return {.name = "times", .tensors = {{"factor", torch::tensor({factor})}}};
}
Operation plus(double term) {
  return {.name = "plus", .parameters = {{"term", term}}, .tensors = {}};
}

Node node_with(const std::string& name, const std::vector<std::string>& parents, double term) {
  Node node;
  node.name = name;
  node.parents = parents;
  node.h = plus(term);
  return node;
}

TEST(Composition, RunsFunctionsInTurnEachWithItsOwnNumbers) {
  const Operation all = chain({plus(1), times(10), plus(2), times(3)});
  const Function function = make(with_compositions().functions, all);
  const at::Tensor x = torch::tensor({0.0, 1.0, -1.0});
  EXPECT_TRUE(function({x}).equal(((x + 1) * 10 + 2) * 3));
}

TEST(Composition, OfOneFunctionIsThatFunction) {
  EXPECT_EQ(chain({plus(1)}).name, "plus");
}

TEST(Composition, WritesWhatTheAnswerChooses) {
  const at::Tensor stream = at::arange(12.0).view({3, 2, 2}),
                   hidden = at::arange(3.0).view({3, 1, 1});
  const Operation steps{.name = "any", .tensors = {}};
  const auto write =
      make(with_compositions().concretisations, write_by_answer({steps}, {stream, hidden}));
  const auto written = write(torch::tensor({0, 0, 0, 1}).view({2, 2}).to(torch::kBool));
  ASSERT_EQ(written.size(), 2u);
  EXPECT_TRUE(written[0].equal(stream.narrow(0, 0, 2)));
  EXPECT_TRUE(written[1].equal(hidden.narrow(0, 0, 2)));
}

TEST(Composition, RefusesStepsThatDoNotExistOrHaveBadNumbers) {
  const auto refused = [](const Operation& operation) {
    return message_of([&] { make(with_compositions().functions, operation); });
  };
  EXPECT_THAT(refused(chain({plus(1), {.name = "nosuch", .tensors = {}}})),
              HasSubstr("unknown h operation 'nosuch'; there are any, tokens_at, times, plus"));
  EXPECT_THAT(refused(chain({plus(1), {.name = "times", .tensors = {}}})),
              HasSubstr("tensor 'factor' is missing"));
  EXPECT_THAT(refused({.name = "chain", .tensors = {}}), HasSubstr("'steps' is missing"));
  EXPECT_THAT(refused({.name = "chain", .parameters = {{"steps", {1}}}, .tensors = {}}),
              HasSubstr("'operation' is missing"));
}

TEST(Composition, FollowsTheFunctionsDownToTheOutput) {
  Interpretation chained;
  chained.output = "c";
  chained.nodes = {node_with("c", {"b"}, 3), node_with("a", {kTokens}, 1),
                   node_with("b", {"a"}, 2)};
  const auto terms = [&](const std::string& from) {
    std::vector<double> all;
    for (const Operation& step : functions_after(chained, from))
      all.push_back(step.parameters.at("term"));
    return all;
  };
  EXPECT_THAT(terms(kTokens), ElementsAre(1, 2, 3));
  EXPECT_THAT(terms("a"), ElementsAre(2, 3));
  EXPECT_THAT(terms("c"), ElementsAre());
  EXPECT_THAT(message_of([&] { terms("d"); }), HasSubstr("no chain"));
  chained.nodes[0].parents = {"a", "b"};
  EXPECT_EQ(message_of([&] { terms("a"); }), "the nodes from a to c are no chain");
}

}  // namespace composition_test
}  // namespace assay::circuits
