#include "circuits/interpretation/interpretation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/interp/scratch.h"

namespace assay::circuits {
namespace interpretation_test {

using interp::message_of;
using testing::ElementsAre;
using testing::HasSubstr;

Interpretation graph(const std::vector<std::pair<std::string, std::vector<std::string>>>& nodes,
                     const std::string& output) {
  Interpretation interpretation;
  interpretation.output = output;
  for (const auto& [name, parents] : nodes) {
    Node node;
    node.name = name;
    node.parents = parents;
    interpretation.nodes.push_back(node);
  }
  return interpretation;
}

std::vector<std::string> ordered(const Interpretation& interpretation) {
  std::vector<std::string> names;
  for (const size_t index : topological_order(interpretation))
    names.push_back(interpretation.nodes[index].name);
  return names;
}

std::string refusal(const std::vector<std::pair<std::string, std::vector<std::string>>>& nodes,
                    const std::string& output = "a") {
  return message_of([&] { topological_order(graph(nodes, output)); });
}

TEST(InterpretationTest, AChainIsOrderedHoweverItIsListed) {
  EXPECT_THAT(ordered(graph({{"c", {"b"}}, {"a", {kTokens}}, {"b", {"a"}}}, "c")),
              ElementsAre("a", "b", "c"));
}

TEST(InterpretationTest, EveryNodeComesOnceAndAfterItsParents) {
  const Interpretation diamond = graph({{"out", {"left", "right", kTokens}},
                                        {"left", {"in"}},
                                        {"right", {"in", "left"}},
                                        {"in", {kTokens}},
                                        {"alone", {}},
                                        {"twice", {"in", "in"}}},
                                       "out");
  const auto order = ordered(diamond);
  EXPECT_THAT(order, testing::UnorderedElementsAre("out", "left", "right", "in", "alone", "twice"));
  const auto place = [&](const std::string& name) { return std::ranges::find(order, name); };
  for (const Node& node : diamond.nodes)
    for (const std::string& parent : node.parents)
      if (parent != kTokens) {
        EXPECT_LT(place(parent), place(node.name));
      }
}

TEST(InterpretationTest, CyclesAreRefusedWithTheNodesOnThem) {
  EXPECT_EQ(refusal({{"a", {"c"}}, {"b", {"a"}}, {"c", {"b"}}, {"before", {}}, {"after", {"a"}}}),
            "interpretation: the nodes a, b, c form a cycle, expected a directed acyclic graph");
  EXPECT_EQ(refusal({{"a", {"a"}}}),
            "interpretation: the nodes a form a cycle, expected a directed acyclic graph");
}

TEST(InterpretationTest, UnknownParentsAreRefusedWithWhatThereIs) {
  EXPECT_EQ(refusal({{"a", {kTokens}}, {"b", {"a", "x"}}}),
            "interpretation: parent of 'b' 'x' is not among the nodes a, b");
}

TEST(InterpretationTest, TheOutputIsANode) {
  EXPECT_EQ(refusal({{"a", {}}, {"b", {}}}, "c"),
            "interpretation: the output 'c' is not among the nodes a, b");
  EXPECT_THAT(refusal({{"a", {}}}, kTokens), HasSubstr("the output 'tokens' is not among"));
  EXPECT_THAT(refusal({}, ""), HasSubstr("the output ''"));
}

TEST(InterpretationTest, NamesAreTakenOnce) {
  EXPECT_EQ(refusal({{"a", {}}, {"a", {}}}), "interpretation: the node name 'a' is taken twice");
  EXPECT_EQ(refusal({{"a", {}}, {kTokens, {}}}),
            "interpretation: the node name 'tokens' is taken twice");
}

}  // namespace interpretation_test
}  // namespace assay::circuits
