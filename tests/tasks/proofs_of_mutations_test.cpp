// No mutation makes a statement false that is still called proved. Every mutation of the registry
// is tried on every shipped interpretation that it applies to.

#include <gmock/gmock.h>
#include <torch/types.h>

#include <filesystem>
#include <set>

#include "axioms/proofs/prove.h"
#include "tasks/compiled/built_in.h"
#include "tasks/compiled/compiled.h"
#include "tasks/compiled/reading.h"
#include "tasks/registry.h"
#include "tasks/subject.h"

namespace assay::tasks {
namespace proofs_of_mutations_test {

using at::Tensor;
using proofs::Statement;
using proofs::Verdict;
namespace fs = std::filesystem;

struct Shipped {
  const char* folder;
  const char* name;
  size_t domain = 0;   ///< of the task's
  int seeds = 2;       ///< where a mutation has a choice
  bool drawn = false;  ///< its domain is too large to be listed
};

constexpr Shipped kShipped[] = {
    {"two_sat/reference", "trees", 0, 2, true},
    {"two_sat/reference", "disjunction", 1, 1, true},
    {"two_sat/variable", "trees", 0, 1, true},
    {"modular_addition/reference", "downstream"},
    {"modular_addition/reference", "exact"},
    {"modular_addition/reference", "rounded"},
    {"modular_addition/memorised", "downstream"},
    {"dyck/reference", "depth-token"},
    {"dyck/reference", "depth"},
    {"majority/reference", "difference"},
    {"majority/reference", "ones"},
    {"max_of_four/reference", "copy", 1, 1},
    {"max_of_four/reference", "attend", 1, 1},
    {"compiled", "rank"},
    {"compiled", "reverse"},
};

/// Of a program that Assay brings, instead of files.
Subject compiled_subject(const std::string& program) {
  Subject subject;
  subject.model.model =
      compiled::compile(compiled::program_from_json(compiled::built_in_program(program)));
  subject.loaded.interpretation = compiled::interpretation_of(program, /*rival=*/false);
  subject.task = make_task(compiled::kTask, {{"program", program}});
  subject.program = circuits::compile(subject.interpretation(), all_operations(), subject.places());
  return subject;
}

Subject subject_of(const Shipped& shipped) {
  if (std::string(shipped.folder) == "compiled") return compiled_subject(shipped.name);
  const fs::path folder = fs::path(ASSAY_SOURCE) / "tasks" / shipped.folder;
  return load_subject(folder / "model.safetensors", folder / (std::string(shipped.name) + ".json"));
}

// What `prove` calls proved is run: on all inputs of the domain, or on 1,024 that are drawn. What
// is right is asked of the task and not of the specification that was proved against.
class Checked {
 public:
  Checked(const Shipped& shipped, Subject subject)
      : subject_(std::move(subject)),
        known_(subject_.task->need<Specification>()),
        study_{.network = *subject_.model.model,
               .interpretation = subject_.interpretation(),
               .program = subject_.program,
               .specified = known_.domains.at(shipped.domain),
               .knowledge = known_.knowledge,
               .answers = subject_.task->answers()},
        drawn_(shipped.drawn ? subject_.task->sample(Part::Test, 3, 0, 1024).tokens : Tensor()) {}

  std::vector<Statement> statements() const {
    return proofs::prove(study_,
                         {.statements = {proofs::kProgram, proofs::kSuffix, proofs::kNode}});
  }

  bool holds(const Statement& statement) const {
    if (statement.statement == proofs::kProgram) return program_holds();
    const axioms::Experiment experiment = subject_.experiment();
    const axioms::Observation seen = axioms::observe(experiment, drawn_);
    const auto& steps = subject_.program.steps;
    const size_t v =
        std::ranges::find(steps, statement.node, &circuits::Step::name) - steps.begin();
    if (statement.statement == proofs::kNode)
      return !axioms::unequal(experiment, v, seen, seen.actual.at(v), seen.prefix.at(v))
                  .any()
                  .item<bool>();
    return axioms::replaced_decision(experiment, v, drawn_, seen.prefix.at(v))
        .equal(seen.prefix.at(subject_.program.output));
  }

 private:
  bool program_holds() const {
    const auto right_on = [&](const Tensor& tokens) {
      return study_.program_answers(tokens).equal(subject_.task->need<Truth>().answers(tokens));
    };
    if (drawn_.defined()) return right_on(drawn_);
    constexpr int64_t kAtOnce = 1 << 16;
    const auto inputs = static_cast<int64_t>(study_.domain().inputs());
    for (int64_t first = 0; first < inputs; first += kAtOnce)
      if (!right_on(study_.domain().listed(first, std::min(kAtOnce, inputs - first)))) return false;
    return true;
  }

  Subject subject_;
  const Specification& known_;
  proofs::Study study_;
  Tensor drawn_;
};

TEST(ProofsOfMutationsSlow, NoneIsProvedThatMakesAStatementFalse) {
  const at::NoGradGuard no_grad;
  std::set<std::string> tried;
  int proved = 0, not_proved = 0;
  for (const Shipped& shipped : kShipped) {
    const circuits::Interpretation honest = subject_of(shipped).interpretation();
    const auto known = circuits::mutations_for(mutations(), honest);
    for (const std::string& name : circuits::applicable(known, honest)) {
      tried.insert(name);
      for (int seed = 0; seed < shipped.seeds; ++seed) {
        SCOPED_TRACE(std::string(shipped.folder) + " " + shipped.name + " " + name);
        Subject subject = subject_of(shipped);
        subject.loaded.interpretation = circuits::mutate(known, name, honest, seed);
        subject.program =
            circuits::compile(subject.interpretation(), all_operations(), subject.places());
        const Checked checked(shipped, std::move(subject));
        for (const Statement& statement : checked.statements()) {
          (statement.verdict == Verdict::Proved ? proved : not_proved) += 1;
          if (statement.verdict == Verdict::Proved) {
            EXPECT_TRUE(checked.holds(statement)) << statement.statement << statement.words;
          }
        }
      }
    }
  }
  std::set<std::string> all;
  for (const circuits::Mutation& mutation : mutations()) all.insert(mutation.name);
  EXPECT_EQ(tried, all);  // a new mutation needs an interpretation here that it applies to
  EXPECT_GT(proved, 20);
  EXPECT_GT(not_proved, 20);
}

}  // namespace proofs_of_mutations_test
}  // namespace assay::tasks
