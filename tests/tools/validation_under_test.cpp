// `assay validate --under`. The real binary runs, on a network of random weights: that rates differ
// there is no finding, but they are counted on inputs that can be made again here.

#include <gmock/gmock.h>
#include <torch/types.h>

#include <nlohmann/json.hpp>

#include "axioms/checker.h"
#include "circuits/interpretation/interpretation_file.h"
#include "circuits/interpretation/program.h"
#include "interp/adapters/model_file.h"
#include "tests/interp/scratch.h"
#include "tests/tasks/two_sat/small_model.h"
#include "tests/tools/run_assay.h"

namespace assay::tools {
namespace validation_under_test {

using nlohmann::json;
using testing::HasSubstr;

class ValidationUnder : public interp::Scratch {
 protected:
  ValidationUnder() {
    interp::save_model(*tasks::two_sat::small_model(), at("model.safetensors"),
                       {{"task", task->to_json()}});
    const auto loaded = interp::load_model(at("model.safetensors"));
    auto derived = task->need<tasks::Interpretations>().derive(*loaded.model,
                                                               {.variant = "trees", .inputs = 500});
    derived.interpretation.model_sha256 = loaded.sha256;
    circuits::save_interpretation(derived.interpretation, at("trees.json"));
  }
  Finished validate(const std::string& more) {
    return run_assay(
        "validate --task two-sat --model model.safetensors --interpretation trees.json "
        "--inputs 1000 --json report.json " +
            more,
        at(""));
  }
  json report() const { return json::parse(content_of(at("report.json"))); }

  std::unique_ptr<tasks::Task> task = tasks::two_sat::small_task();
};

TEST_F(ValidationUnder, CountsOnTheTransformedInputsWhateverTheThreads) {
  for (const char* threads : {"1", "2"}) {
    ASSERT_EQ(validate(std::string("--seed 3 --under rename-variables --threads ") + threads).code,
              0);
    const json under = report()["under"];
    ASSERT_EQ(under.size(), 2u);
    EXPECT_EQ(under[0]["transformation"], "as drawn");
    EXPECT_EQ(under[1]["transformation"], "rename-variables");
    const auto loaded = interp::load_model(at("model.safetensors"));
    const auto file = circuits::load_interpretation(at("trees.json"), loaded.model->places());
    const interp::LabelledBatch drawn = task->sample(tasks::Part::Test, 3, 0, 1000);
    const at::Tensor renamed =
        task->need<tasks::Transformations>().all.at(3).apply(drawn.tokens, 3, 0);
    const auto result = axioms::check(
        {*loaded.model,
         circuits::compile(file.interpretation, tasks::all_operations(), loaded.model->places()),
         task->decision()},
        [&](int64_t first, int64_t n) { return renamed.narrow(0, first, n); }, {.inputs = 1000});
    for (size_t i = 0; i < 12; ++i) {
      const auto& estimate = result.nodes[i / 4].axioms[i % 4].estimate;
      EXPECT_EQ(under[1]["rows"][i]["failures"], estimate.failures) << i;
      EXPECT_EQ(under[0]["rows"][i]["failures"], report()["rows"][i]["failures"]) << i;
    }
    const at::Tensor answers = interp::logits_at(*loaded.model, renamed, task->readout()).argmax(1);
    EXPECT_EQ(under[1]["wrong"], answers.ne(drawn.labels).sum().item<int64_t>());
  }
}

TEST_F(ValidationUnder, AllAreThoseOfTheTaskAndVerdictsStayThoseOfTheInputsAsDrawn) {
  // The untrained network gives one answer, so that nothing can be shown of it.
  ASSERT_EQ(validate("--claim 'parse.PE<=1'").code, 3);
  EXPECT_FALSE(report().contains("under"));
  const json rows = report()["rows"];
  const Finished run = validate("--under all --claim 'parse.PE<=1'");
  EXPECT_EQ(run.code, 3);
  EXPECT_EQ(report()["rows"], rows);
  EXPECT_EQ(report()["under"].size(), 6u);
  for (const char* name : {"accuracy", "as drawn", "swap-literals", "permute-clauses",
                           "rename-variables", "flip-sign"})
    EXPECT_THAT(run.out, HasSubstr(name));
}

TEST_F(ValidationUnder, UnknownOnesAreAnsweredByTheKnown) {
  const Finished run = validate("--under swap-numbers");
  EXPECT_EQ(run.code, 2);
  EXPECT_THAT(run.error, HasSubstr("two-sat has no transformation 'swap-numbers'; there are all, "
                                   "swap-literals, swap-some, permute-clauses, rename-variables, "
                                   "flip-sign"));
}

}  // namespace validation_under_test
}  // namespace assay::tools
