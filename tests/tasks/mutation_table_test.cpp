// Every mutation of the shipped interpretations is caught, on the node and axiom that it is wrong
// of, and nothing that it leaves true gets worse.

#include "tasks/mutation_table.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include <filesystem>
#include <set>

#include "circuits/interpretation/interpretation_file.h"
#include "interp/adapters/model_file.h"
#include "tasks/mutations.h"
#include "tasks/registry.h"

namespace assay::tasks {
namespace mutation_table_test {

using circuits::Interpretation;
namespace fs = std::filesystem;

using Names = std::set<std::string>;  // `parse.PE`

/// What must catch a mutation, by the part of its title that names it.
struct Expected {
  std::string change;
  Names worse;       ///< rows that must get worse
  Names untouched;   ///< rows that must not; of the others this says nothing
  Names objections;  ///< `parse: written answer`
};

Names rows_of(const std::string& node) {
  return {node + ".PE", node + ".CE", node + ".PR", node + ".CR"};
}

Names operator+(Names left, const Names& right) {
  left.insert(right.begin(), right.end());
  return left;
}

Names worse(const MutationResult& result) {
  Names names;
  for (const MutatedRow& row : result.rows)
    if (row.caught()) names.insert(row.node + "." + to_string(row.axiom));
  return names;
}

Names objections(const MutationResult& result) {
  Names names;
  for (const axioms::Objection& objection : result.objections)
    names.insert(objection.node + ": " + objection.kind);
  return names;
}

void expect_caught(const std::vector<MutationResult>& results,
                   const std::vector<Expected>& expected) {
  for (const MutationResult& result : results) {
    SCOPED_TRACE(result.title);
    EXPECT_TRUE(result.caught());
    const auto found = std::ranges::find_if(expected, [&](const Expected& one) {
      return result.title.find(one.change) != std::string::npos;
    });
    ASSERT_NE(found, expected.end());
    const Names names = worse(result);
    for (const std::string& name : found->worse) EXPECT_TRUE(names.contains(name)) << name;
    for (const std::string& name : found->untouched) EXPECT_FALSE(names.contains(name)) << name;
    EXPECT_EQ(objections(result), found->objections);
    for (const MutatedRow& row : result.rows) {
      if (row.caught()) {
        EXPECT_LT(*row.first_failure, *row.violated_after);
      }
    }
  }
  for (const Expected& one : expected)
    EXPECT_TRUE(std::ranges::any_of(results, [&](const MutationResult& result) {
      return result.title.find(one.change) != std::string::npos;
    })) << one.change;
}

/// A shipped network and the table of one of its interpretations.
struct Shipped {
  interp::LoadedModel loaded;
  std::unique_ptr<Task> task;
  Interpretation interpretation;

  Shipped(const std::string& folder, const std::string& variant) {
    const fs::path path = fs::path(ASSAY_SOURCE) / "tasks" / folder;
    loaded = interp::load_model(path / "model.safetensors");
    interpretation =
        circuits::load_interpretation(path / (variant + ".json"), loaded.model->places())
            .interpretation;
    task = task_from_json(interpretation.task);
  }
  MutationTrial trial(int64_t count) const {
    if (const auto* finite = task->get<FiniteDomain>()) {
      const at::Tensor all = finite->all().inputs.tokens;
      return {.network = *loaded.model,
              .inputs = [all](int64_t first, int64_t n) { return all.narrow(0, first, n); },
              .count = all.size(0),
              .exhaustive = true,
              .decision = task->decision()};
    }
    return {.network = *loaded.model,
            .inputs = [this](int64_t first,
                             int64_t n) { return task->sample(Part::Test, 1, first, n).tokens; },
            .count = count,
            .decision = task->decision()};
  }
  std::vector<MutationResult> table() const {
    MutationTable table(interpretation, circuits::mutations_for(mutations(), interpretation),
                        {0, 1}, trial(4096));
    std::vector<MutationResult> results;
    for (int64_t i = 0; i < table.size(); ++i) results.push_back(table.result(i));
    return results;
  }
  std::vector<axioms::Objection> objections() const {
    const MutationTrial all = trial(4096);
    return axioms::vacuity(
               {all.network,
                circuits::compile(interpretation, all_operations(), all.network.places()),
                all.decision},
               all.inputs, all.count, all.exhaustive)
        .objections;
  }
};

const Names kParse = rows_of("parse"), kEvaluate = rows_of("evaluate"), kOr = rows_of("or");
const Names kFourier = rows_of("fourier"), kSum = rows_of("sum"), kAnswer = rows_of("answer");

std::vector<Expected> of_two_sat() {
  const Names none, all = kParse + kEvaluate + kOr;
  return {
      {"alpha of parse",
       {"parse.PE", "parse.CE", "evaluate.CE", "evaluate.CR"},
       Names{"parse.PR", "parse.CR", "evaluate.PE", "evaluate.PR"} + kOr,
       {}},
      {"alpha of evaluate",
       {"evaluate.PE", "evaluate.CE", "or.CE", "or.CR"},
       kParse + Names{"evaluate.PR", "evaluate.CR", "or.PE", "or.PR"},
       {}},
      {"prototypes of parse",
       kParse + Names{"evaluate.CE", "evaluate.CR"},
       Names{"evaluate.PE", "evaluate.PR"} + kOr,
       {}},
      {"one node", none, all, {"or: one component"}},
      {"gamma of parse", none, all, {"parse: written answer"}},
      {"gamma of evaluate", none, all, {"evaluate: written answer"}},
      {"swapped", {"evaluate.PE", "evaluate.CE"}, kParse, {}},
      {"dropped", {"or.CE", "or.CR"}, kParse + Names{"evaluate.PE", "evaluate.CE"}, {}},
      {"clauses of parse have a sign flipped",
       {"parse.PE", "parse.CE", "parse.PR", "parse.CR", "evaluate.PE", "or.PE"},
       {"evaluate.CE", "evaluate.CR", "or.CE", "or.CR"},
       {}},
  };
}

TEST(MutationTableSlow, OfTwoSatByTrees) {
  std::vector<Expected> expected = of_two_sat();
  expected.push_back({"tree flipped", {"evaluate.PE", "evaluate.CE"}, kParse, {}});
  expect_caught(Shipped("two_sat/reference", "trees").table(), expected);
}

TEST(MutationTableSlow, OfTwoSatByDisjunctions) {
  expect_caught(Shipped("two_sat/reference", "disjunction").table(), of_two_sat());
}

TEST(MutationTableSlow, OfModularAddition) {
  const Names none, all = kFourier + kSum + kAnswer;
  expect_caught(Shipped("modular_addition/reference", "downstream").table(),
                {{"alpha of fourier",
                  {"fourier.PE", "fourier.CE", "sum.CE", "sum.CR"},
                  Names{"fourier.PR", "fourier.CR", "sum.PE", "sum.PR"} + kAnswer,
                  {}},
                 {"alpha of sum",
                  {"sum.PE", "sum.CE", "answer.CE", "answer.CR"},
                  kFourier + Names{"sum.PR", "sum.CR", "answer.PE", "answer.PR"},
                  {}},
                 {"one node", none, all, {"answer: one component"}},
                 {"gamma of fourier", none, all, {"fourier: written answer"}},
                 {"gamma of sum", none, all, {"sum: written answer"}},
                 // Nothing is said of sum.PR (three waves may decide without a weak fourth) and
                 // sum.CE (its equality asks what the shifted answer concludes).
                 {"shifted",
                  kFourier + Names{"sum.PE", "answer.CE", "answer.CR"},
                  {"sum.CR", "answer.PE", "answer.PR"},
                  {}}});
}

TEST(MutationTableSlow, NothingShippedIsObjectedTo) {
  for (const auto& [folder, variant] : {std::pair{"two_sat/reference", "trees"},
                                        {"two_sat/reference", "disjunction"},
                                        {"modular_addition/reference", "downstream"},
                                        {"modular_addition/reference", "rounded"},
                                        {"modular_addition/reference", "exact"},
                                        {"modular_addition/memorised", "downstream"}}) {
    SCOPED_TRACE(std::string(folder) + "/" + variant);
    for (const axioms::Objection& objection : Shipped(folder, variant).objections())
      ADD_FAILURE() << objection.node << ": " << objection.kind << ": " << objection.reason;
  }
}

}  // namespace mutation_table_test
}  // namespace assay::tasks
