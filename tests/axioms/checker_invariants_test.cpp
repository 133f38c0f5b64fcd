// What holds of any interpretation, and a second way to find the same failures.

#include <gtest/gtest.h>
#include <torch/types.h>

#include <array>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "axioms/checker.h"
#include "interp/network/network.h"
#include "tests/axioms/wild_interpretation.h"
#include "tests/interp/scratch.h"
#include "tests/interp/with_threads.h"

namespace assay::axioms {
namespace checker_invariants_test {

using interp::message_of;

/// Every failing input of every node and axiom.
const CheckResult& wild_result() {
  static const CheckResult result = check({random_network(), wild_program(), wild_decision()},
                                          digits, {.inputs = 256, .witnesses = 256});
  return result;
}

const NodeResult& wild_node(const std::string& name) {
  for (const NodeResult& node : wild_result().nodes)
    if (node.node == name) return node;
  throw std::out_of_range(name);
}

std::set<int64_t> failing(const std::string& name, Axiom axiom) {
  std::set<int64_t> inputs;
  for (const Witness& witness : wild_node(name)[axiom].witnesses) inputs.insert(witness.input);
  return inputs;
}

TEST(CheckerInvariantsTest, TheWildInterpretationFailsSomewhereButNotEverywhere) {
  for (const NodeResult& node : wild_result().nodes)
    for (const Axiom axiom : kAxioms) {
      EXPECT_GT(node[axiom].estimate.failures, 0) << node.node << to_string(axiom);
      EXPECT_LT(node[axiom].estimate.failures, 256) << node.node << to_string(axiom);
      EXPECT_EQ(node[axiom].estimate.n, 256);
    }
}

TEST(CheckerInvariantsTest, AtAFirstNodePrefixAndComponentAreTheSame) {
  for (const char* name : {"early", "late"}) {
    EXPECT_EQ(failing(name, Axiom::PE), failing(name, Axiom::CE));
    EXPECT_EQ(failing(name, Axiom::PR), failing(name, Axiom::CR));
    EXPECT_EQ(wild_node(name).inherited, 0);
  }
}

TEST(CheckerInvariantsTest, APrefixFailsOnlyWhereItsComponentOrAParentFails) {
  const std::map<std::string, std::vector<std::string>> parents = {
      {"join", {"early", "late"}}, {"after", {"join"}}, {"out", {"after", "early"}}};
  for (const auto& [name, its_parents] : parents) {
    std::set<int64_t> cause = failing(name, Axiom::CE);
    for (const std::string& parent : its_parents) cause.merge(failing(parent, Axiom::PE));
    int64_t inherited = 0;
    for (const int64_t input : failing(name, Axiom::PE)) {
      EXPECT_TRUE(cause.contains(input)) << name << " " << input;
      inherited += !failing(name, Axiom::CE).contains(input);
    }
    EXPECT_EQ(wild_node(name).inherited, inherited);
    EXPECT_GT(inherited, 0);
  }
}

// One input at a time, one run per question, nothing shared.
struct BruteForce {
  const Program program = wild_program();
  const Tensor tokens;

  Tensor actual(size_t v) const {
    return program.steps[v].alpha(
        random_network().trace(tokens, {.record = program.steps[v].reads, .overwrite = {}}));
  }
  Tensor prefix(size_t v) const {
    std::vector<Tensor> parents;
    for (const int parent : program.steps[v].parents)
      parents.push_back(parent < 0 ? tokens : prefix(parent));
    return program.steps[v].h(parents);
  }
  Tensor component(size_t v) const {
    std::vector<Tensor> parents;
    for (const int parent : program.steps[v].parents)
      parents.push_back(parent < 0 ? tokens : actual(parent));
    return program.steps[v].h(parents);
  }
  int64_t decision(size_t v, const Tensor& value) const {
    const auto& output = program.steps[program.output];
    interp::TraceRequest request{.record = output.reads, .overwrite = {}};
    const auto activations = program.steps[v].gamma(value);
    for (size_t i = 0; i < activations.size(); ++i)
      request.overwrite.push_back({program.steps[v].sites[i], activations[i]});
    return output.alpha(random_network().trace(tokens, request)).item<int64_t>();
  }
  bool fails(size_t v, Axiom axiom) const {
    switch (axiom) {
      case Axiom::PE:
        return !actual(v).equal(prefix(v));
      case Axiom::CE:
        return !actual(v).equal(component(v));
      case Axiom::PR:
        return decision(v, prefix(v)) != actual(program.output).item<int64_t>();
      case Axiom::CR:
        return decision(v, component(v)) != actual(program.output).item<int64_t>();
      default:
        return false;  // the rest is interchange_test's
    }
  }
};

TEST(CheckerInvariantsTest, BruteForceFindsTheSameFailures) {
  const at::NoGradGuard no_grad;
  std::vector<std::array<std::set<int64_t>, 4>> expected(wild_result().nodes.size());
  for (int64_t input = 0; input < 256; input += 3) {
    const BruteForce one{.tokens = digits(input, 1)};
    for (size_t v = 0; v < expected.size(); ++v)
      for (size_t axiom = 0; axiom < 4; ++axiom)
        if (one.fails(v, kAxioms[axiom])) expected[v][axiom].insert(input);
  }
  for (size_t v = 0; v < expected.size(); ++v) {
    const NodeResult& found = wild_result().nodes[v];
    for (size_t axiom = 0; axiom < 4; ++axiom) {
      std::set<int64_t> every_third = failing(found.node, kAxioms[axiom]);
      EXPECT_EQ(found.axioms[axiom].estimate.failures, every_third.size());
      std::erase_if(every_third, [](int64_t input) { return input % 3 != 0; });
      EXPECT_EQ(every_third, expected[v][axiom]) << found.node << " " << to_string(kAxioms[axiom]);
    }
  }
}

TEST(CheckerInvariantsTest, AtTheOutputPrefixEquivalenceCountsWrongAnswers) {
  const at::NoGradGuard no_grad;
  const Program program = wild_program();
  std::set<int64_t> wrong;
  for (int64_t input = 0; input < 256; ++input) {
    const BruteForce one{.tokens = digits(input, 1)};
    const Tensor logits = interp::logits_at(random_network(), one.tokens, 3)[0].narrow(0, 0, 3);
    if (logits.argmax().item<int64_t>() != one.prefix(program.output).item<int64_t>())
      wrong.insert(input);
  }
  EXPECT_EQ(failing("out", Axiom::PE), wrong);
  EXPECT_EQ(failing("out", Axiom::PR), wrong);  // γ of the output writes its answer
}

TEST(CheckerInvariantsTest, CountsAndWitnessesDependOnNoThreadAndNoRepetition) {
  const auto run = [](int threads) {
    const interp::WithThreads with_threads(threads);
    const CheckResult result = check({random_network(), wild_program(), wild_decision()}, digits,
                                     {.inputs = 2000, .witnesses = 5});

    std::vector<int64_t> numbers;
    for (const NodeResult& node : result.nodes) {
      numbers.push_back(node.inherited);
      for (const AxiomResult& axiom : node.axioms) {
        numbers.insert(numbers.end(), {axiom.estimate.n, axiom.estimate.failures});
        for (const Witness& witness : axiom.witnesses) {
          numbers.push_back(witness.input);
          numbers.insert(numbers.end(), witness.tokens.begin(), witness.tokens.end());
        }
      }
    }
    return numbers;
  };
  const auto once = run(1);
  EXPECT_EQ(run(1), once);
  EXPECT_EQ(run(2), once);
  EXPECT_EQ(run(3), once);
}

TEST(CheckerInvariantsTest, AnExceptionInAnyChunkIsPassedOn) {
  const auto inputs = [](int64_t first, int64_t count) {
    if (first == 256) throw std::runtime_error("input 256 is broken");
    return digits(first, count).remainder(4);
  };
  for (const int threads : {1, 2}) {
    const interp::WithThreads with_threads(threads);
    EXPECT_EQ(
        message_of([&] {
          check({random_network(), wild_program(), wild_decision()}, inputs, {.inputs = 1000});
        }),
        "input 256 is broken");
  }
}

}  // namespace checker_invariants_test
}  // namespace assay::axioms
