// A task whose inputs can all be listed, from the command line: training, deriving and exhaustive
// validation, with the same commands as for any other.

#include <fmt/format.h>
#include <torch/types.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "interp/adapters/model_file.h"
#include "tests/interp/scratch.h"
#include "tests/tasks/modular_addition/small_model.h"
#include "tests/tools/run_assay.h"

namespace assay::tools {
namespace finite_domain_test {

using nlohmann::json;
using testing::HasSubstr;

// 49 pairs: 14 for training, 17 for deriving, 18 for testing.
class FiniteDomain : public interp::Scratch {
 protected:
  FiniteDomain() { save(*tasks::modular_addition::small_task(), "model.safetensors"); }

  void save(const tasks::Task& task, const std::string& name) {
    interp::save_model(*tasks::modular_addition::small_model(), at(name),
                       {{"task", task.to_json()}});
  }
  Finished derive(const std::string& more = "") {
    return run_assay("derive modular-addition --model model.safetensors --out . " + more, at(""));
  }
  Finished validate(const std::string& more = "") {
    return run_assay(
        "validate --task modular-addition --model model.safetensors "
        "--interpretation downstream.json --json report.json " +
            more,
        at(""));
  }
  json report() const { return json::parse(content_of(at("report.json"))); }
};

TEST_F(FiniteDomain, IsValidatedExhaustivelyUnlessToldOtherwise) {
  ASSERT_EQ(derive().code, 0);
  const Finished run = validate("--claim 'answer.CE<=1' 'sum.PR<=0'");
  EXPECT_EQ(run.code, 1) << run.error;
  EXPECT_THAT(
      run.out,
      HasSubstr(
          "49, all inputs there are: rates are exact (the interpretation was fitted on 17 of"));
  EXPECT_THAT(run.out, HasSubstr("exact"));
  EXPECT_THAT(run.out, testing::Not(HasSubstr("95%")));
  EXPECT_THAT(run.out, HasSubstr("compared by their effect on the answer (downstream)"));
  EXPECT_EQ(report()["exact"], true);
  EXPECT_EQ(report()["inputs"], 49);
  EXPECT_EQ(report()["rows"][6]["verdict"], "violated");
  // The untrained network answers as often so by chance, so that even "at most 1" does not hold.
  EXPECT_EQ(report()["rows"][9]["verdict"], "undecided");
  EXPECT_EQ(report()["rows"][9]["by_chance"], true);
}

TEST_F(FiniteDomain, IsSampledOnRequest) {
  ASSERT_EQ(derive().code, 0);
  EXPECT_EQ(validate("--inputs 200").code, 0);
  EXPECT_EQ(report()["exact"], false);
  EXPECT_EQ(report()["inputs"], 200);
  EXPECT_EQ(report()["data"]["part"], "test");
  EXPECT_TRUE(report()["rows"][0].contains("upper"));
}

TEST_F(FiniteDomain, IsNotValidatedOnWhatTheInterpretationWasFittedOn) {
  ASSERT_EQ(derive().code, 0);
  EXPECT_EQ(validate("--part test").code, 0);
  EXPECT_EQ(report()["inputs"], 18);
  expect_refusal(validate("--part unseen"), {"17 of the 35 unseen inputs", "fitted on"});
  ASSERT_EQ(derive("--part train").code, 0);
  EXPECT_EQ(validate("--part unseen").code, 0);
  EXPECT_EQ(report()["inputs"], 35);
  EXPECT_EQ(report()["exact"], true);
}

TEST_F(FiniteDomain, ThatIsTrainedOnWhollyLeavesNothingUnseen) {
  save(*tasks::modular_addition::small_task(1), "model.safetensors");
  ASSERT_EQ(derive().code, 0);  // the deriving part is then everything
  EXPECT_EQ(validate().code, 0);
  expect_refusal(validate("--part unseen"), {"no input is left"});
  expect_refusal(validate("--inputs 20"), {"20 of the 20 drawn inputs", "fitted on"});
}

TEST_F(FiniteDomain, IsTrainedOnWithExactAccuracies) {
  const Finished run = run_assay(
      "train modular-addition --p 7 --train-fraction 0.5 --preset memorise --steps 30 --out run",
      at(""));
  ASSERT_EQ(run.code, 0) << run.error;
  EXPECT_THAT(run.out, HasSubstr("of 25 inputs, all those never trained on"));
  EXPECT_THAT(run.out, HasSubstr("of 24 inputs, all those trained on"));
  const json manifest = json::parse(content_of(at("run/manifest.json")));
  EXPECT_EQ(manifest["accuracy_inputs"], 25);
  EXPECT_EQ(manifest["accuracy_trained_inputs"], 24);
  EXPECT_EQ(manifest["task"]["settings"],
            json::parse(R"({"p": 7, "split_seed": 0, "train_fraction": 0.5})"));
  const double right = 25 * manifest["accuracy"].get<double>();
  EXPECT_NEAR(right, std::round(right), 1e-9);
}

TEST_F(FiniteDomain, SettingsOutOfRangeAreRefused) {
  const auto train = [&](const std::string& options) {
    return run_assay("train modular-addition --out run " + options, at(""));
  };
  expect_refusal(train("--p 9"), {"p: expected a prime from 3 to 251, got 9"});
  expect_refusal(train("--p 1009"), {"p: expected a prime from 3 to 251, got 1009"});
  expect_refusal(train("--p seven"), {"--p"});
  expect_refusal(train("--train-fraction nan"), {"--train-fraction: expected a number, got nan"});
  for (const char* fraction : {"0", "1.01", "-0.5"})
    expect_refusal(train(fmt::format("--train-fraction {}", fraction)),
                   {"train_fraction: expected a fraction in (0, 1]"});
  EXPECT_FALSE(std::filesystem::exists(at("run")));
}

TEST_F(FiniteDomain, AModelOfAnotherPrimeIsRefused) {
  expect_refusal(derive("--p 11"), {"trained for p = 7, not for 11"});
  interp::save_model(*tasks::modular_addition::small_model(), at("model.safetensors"));
  expect_refusal(derive("--p 11"),
                 {"d_vocab 8", "needs d_vocab 12"});  // a prime above its vocabulary
  expect_refusal(derive("--p 5"), {"d_vocab 8", "needs d_vocab 6"});
  EXPECT_EQ(derive("--p 7").code, 0);
}

TEST_F(FiniteDomain, PartsAndOptionsThatDoNotExistAreRefused) {
  expect_refusal(derive("--part test"), {"--part", "kept for validation"});
  expect_refusal(derive("--part some"), {"unknown part 'some'", "train, derive, test"});
  expect_refusal(derive("--decimals 12"), {"fourier", "decimals"});
  ASSERT_EQ(derive().code, 0);
  expect_refusal(validate("--part some"), {"--part: there are all, unseen and test, not 'some'"});
  expect_refusal(validate("--part test --inputs 5"), {"--part", "--inputs"});
}

}  // namespace finite_domain_test
}  // namespace assay::tools
