// `assay prove` and `assay attack`, as a user runs them on the shipped networks.

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/interp/scratch.h"
#include "tests/tools/run_assay.h"

namespace assay::tools {
namespace prove_test {

using nlohmann::json;
using testing::HasSubstr;

const std::string kTasks = ASSAY_SOURCE "/tasks/";

class Prove : public interp::Scratch {
 protected:
  Finished prove(const std::string& folder, const std::string& name, const std::string& more) {
    return run_assay("prove --model " + kTasks + folder + "/model.safetensors --interpretation " +
                         kTasks + folder + "/" + name + ".json --json report.json " + more,
                     at(""));
  }
  json report() const { return json::parse(content_of(at("report.json"))); }
};

TEST_F(Prove, VerdictsAreExitCodes) {
  const Finished proved =
      prove("two_sat/reference", "trees", "--statement 'h = specification' suffix");
  EXPECT_EQ(proved.code, 0) << proved.error;
  EXPECT_THAT(proved.out, HasSubstr("1.05e16 inputs"));
  EXPECT_THAT(proved.out, HasSubstr("evaluate.PR = or.PE = or.PR = 1 - accuracy"));
  EXPECT_EQ(report().at("kind"), "proofs");
  EXPECT_EQ(report().at("statements").size(), 2U);

  const Finished refuted = prove("two_sat/variable", "trees", "--statement 'h = specification'");
  EXPECT_EQ(refuted.code, 1) << refuted.error;
  EXPECT_THAT(report().at("statements")[0].at("input").get<std::string>(), HasSubstr("( x0"));

  const Finished open =
      prove("two_sat/reference", "trees", "--statement 'output = specification' --attack 0");
  EXPECT_EQ(open.code, 3) << open.error;
}

TEST_F(Prove, RefusesWhatDoesNotExist) {
  expect_refusal(prove("two_sat/reference", "trees", "--statement sufix"), {"sufix", "suffix"});
  expect_refusal(prove("two_sat/reference", "trees", "--domain sample"), {"sample", "sampled"});
  expect_refusal(prove("two_sat/reference", "trees", "--task modular-addition"), {"two-sat"});
  expect_refusal(prove("two_sat/reference", "trees", "--certificate c.txt"), {".json"});
}

// The same run writes the same bytes, and a statement without a proof is not certified.
TEST_F(Prove, CertificatesAreReproducible) {
  const std::string statements =
      "--statement 'h = specification' suffix 'output = specification' "
      "--attack 0 --certificate ";
  EXPECT_EQ(prove("two_sat/reference", "trees", statements + "a.json").code, 3);
  EXPECT_EQ(prove("two_sat/reference", "trees", statements + "b.json").code, 3);
  EXPECT_EQ(content_of(at("a.json")), content_of(at("b.json")));
  const json certificate = json::parse(content_of(at("a.json")));
  EXPECT_EQ(certificate.at("kind"), "certificate");
  EXPECT_EQ(certificate.at("domain").at("slots").size(), 31U);
  EXPECT_EQ(certificate.at("replay").at("logits").size(), 100U);
  EXPECT_EQ(certificate.at("statements")[0].at("proof").at("kind"), "covering");
  EXPECT_TRUE(certificate.at("statements")[2].at("proof").is_null());
}

TEST_F(Prove, AnAttackSaysWhatTheNetworkSaysAndWhatIsRight) {
  const Finished run = run_assay("attack --model " + kTasks +
                                     "two_sat/reference/model.safetensors --seconds 60 "
                                     "--json report.json",
                                 at(""));
  EXPECT_EQ(run.code, 1) << run.error;
  EXPECT_NE(report().at("network"), report().at("right"));
  const Finished solved =
      run_assay("solve '" + report().at("input").get<std::string>() + "' --model " + kTasks +
                    "two_sat/reference/model.safetensors",
                at(""));
  EXPECT_THAT(solved.out, HasSubstr("wrong"));
}

TEST_F(Prove, AnAttackOnARowNeedsAnInterpretation) {
  const std::string model = kTasks + "two_sat/reference/model.safetensors";
  expect_refusal(run_assay("attack --model " + model + " --row parse.PE", at("")),
                 {"--interpretation"});
  expect_refusal(run_assay("attack --model " + model + " --row parse.PQ --interpretation " +
                               kTasks + "two_sat/reference/trees.json",
                           at("")),
                 {"NODE.PE"});
  const Finished found =
      run_assay("attack --model " + model + " --row evaluate.PE --seconds 60 --interpretation " +
                    kTasks + "two_sat/reference/trees.json",
                at(""));
  EXPECT_EQ(found.code, 1) << found.error;
}

}  // namespace prove_test
}  // namespace assay::tools
