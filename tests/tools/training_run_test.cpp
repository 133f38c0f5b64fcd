// `assay train` as a user runs it: killed, interrupted, resumed.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "interp/adapters/model_file.h"
#include "interp/network/transformer.h"
#include "tests/interp/scratch.h"
#include "tests/tools/run_assay.h"

namespace assay::tools {
namespace training_run_test {

using nlohmann::json;

class TrainingRun : public interp::Scratch {
 protected:
  Finished train(const std::string& more, const std::string& signal = "") {
    const std::string options = "train two-sat --preset demo --steps 500 " + more;
    if (signal.empty()) return run_assay(options, at(""));
    // The signal comes as soon as there is a checkpoint, so in the middle of the run.
    const std::string sender = fmt::format(
        "(while [ ! -e run/checkpoint.pt ]; do sleep 0.05; done; kill -{} \\$\\$) &", signal);
    return run_assay(options, at(""), sender);
  }

  void expect_same_weights(const std::string& left, const std::string& right) {
    const auto a = interp::load_model(at(left)), b = interp::load_model(at(right));
    for (const auto& parameter : a.model->named_parameters()) {
      EXPECT_TRUE(parameter.value().equal(*b.model->named_parameters().find(parameter.key())))
          << parameter.key();
    }
  }
};

TEST_F(TrainingRun, SlowKilledOrInterruptedItResumesToTheSameWeights) {
  ASSERT_EQ(train("--out whole").code, 0);
  EXPECT_EQ(train("--out run", "KILL").code, 128 + 9);
  EXPECT_FALSE(std::filesystem::exists(at("run/model.safetensors")));
  const Finished resumed = train("--out run --resume");
  EXPECT_EQ(resumed.code, 0) << resumed.error;
  expect_same_weights("whole/model.safetensors", "run/model.safetensors");

  std::filesystem::remove_all(at("run"));
  const Finished interrupted = train("--out run", "INT");
  EXPECT_EQ(interrupted.code, 130);
  EXPECT_THAT(interrupted.out, testing::HasSubstr("assay train two-sat --out run --resume"));
  EXPECT_EQ(run_assay("train two-sat --out run --resume", at("")).code, 0);
  expect_same_weights("whole/model.safetensors", "run/model.safetensors");

  const json manifest = json::parse(content_of(at("run/manifest.json")));
  EXPECT_EQ(manifest["finished"], true);
  EXPECT_EQ(manifest["samples"], 500 * 128);
  EXPECT_EQ(manifest["model_sha256"], interp::load_model(at("run/model.safetensors")).sha256);
  EXPECT_EQ(std::ranges::count(content_of(at("run/metrics.jsonl")), '\n'), 2);  // steps 250, 500
}

TEST_F(TrainingRun, SlowAnInterruptedValidationReportsWhatItHasAndSaysSo) {
  ASSERT_EQ(train("--out run").code, 0);
  ASSERT_EQ(run_assay("derive two-sat --model run/model.safetensors --out run --inputs 500 "
                      "--variant disjunction",
                      at(""))
                .code,
            0);
  const Finished run = run_assay(
      "validate --task two-sat --model run/model.safetensors --interpretation run/disjunction.json "
      "--inputs 3000000 --json report.json",
      at(""), "(sleep 12; kill -INT \\$\\$) &");
  EXPECT_EQ(run.code, 130) << run.error;
  EXPECT_THAT(run.out, testing::HasSubstr("partial"));
  const json report = json::parse(content_of(at("report.json")));
  EXPECT_EQ(report["partial"], true);
  EXPECT_LT(report["inputs"], 3000000);
}

}  // namespace training_run_test
}  // namespace assay::tools
