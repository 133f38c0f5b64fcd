// `assay prove` and `assay attack`, as a user runs them on the shipped networks.

#include <gmock/gmock.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/interp/scratch.h"
#include "tests/tools/run_assay.h"

namespace assay::tools {
namespace prove_test {

using json = nlohmann::ordered_json;  // runs are compared as they are written
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

// --- runs that end early and go on

/// `assay prove` on the reference network, whose cases take a second or two.
class EndedProof : public Prove {
 protected:
  const std::string statements_ =
      "--statement suffix 'node = program' --threads 1 --certificate part.json ";

  void SetUp() override {
    ASSERT_EQ(prove("two_sat/reference", "trees", statements_).code, 0);
    certificate_ = content_of(at("part.json"));
    hints_ = content_of(at("part.safetensors"));
    record_ = without_facts();
    EXPECT_FALSE(std::filesystem::exists(at("part.unfinished.json")));
    for (const char* file : {"part.json", "part.safetensors"}) std::filesystem::remove(at(file));
  }
  std::string without_facts() const {
    json record = report();
    record.erase("command");
    for (json& statement : record["statements"]) statement.erase("cpu_seconds");
    return record.dump();
  }
  /// Ends a run after its first position, or soon after.
  Finished ended(const std::string& signal) {
    return run_assay("prove --model " + kTasks +
                         "two_sat/reference/model.safetensors --interpretation " + kTasks +
                         "two_sat/reference/trees.json " + statements_,
                     at(""),
                     "(while [ ! -e part.unfinished.json ]; do sleep 0.02; done; kill -" + signal +
                         " \\$\\$) &");
  }
  Finished resumed(const std::string& more = "") {
    return prove("two_sat/reference", "trees", statements_ + "--resume " + more);
  }
  json unfinished() const { return json::parse(content_of(at("part.unfinished.json"))); }
  std::string certificate_, hints_, record_;
};

TEST_F(EndedProof, SlowGoesOnWithinAStatementToTheSameBytes) {
  for (const auto& [signal, code] : {std::pair("KILL", 128 + 9), std::pair("INT", 130)}) {
    const Finished stopped = ended(signal);
    ASSERT_EQ(stopped.code, code) << stopped.out << stopped.error;
    const json kept = unfinished();
    EXPECT_EQ(kept.at("statement"), "node = program");
    ASSERT_EQ(kept.at("pieces").size(), 10U);
    EXPECT_FALSE(kept["pieces"][9].is_null());  // late positions come first
    EXPECT_TRUE(kept["pieces"][0].is_null());
    if (code == 130) {
      EXPECT_THAT(stopped.out, HasSubstr("of 400 cases"));
      EXPECT_THAT(stopped.out, HasSubstr("--resume"));
    }
    // What ends before it gets there leaves what is kept as it was.
    EXPECT_EQ(resumed("--limit 0").code, 3);
    EXPECT_EQ(unfinished().at("pieces"), kept.at("pieces"));
    const Finished rest = resumed();
    EXPECT_EQ(rest.code, 0) << rest.error;
    EXPECT_EQ(content_of(at("part.json")), certificate_);
    EXPECT_EQ(content_of(at("part.safetensors")), hints_);
    EXPECT_EQ(without_facts(), record_);
    EXPECT_FALSE(std::filesystem::exists(at("part.unfinished.json")));
  }
}

TEST_F(EndedProof, SlowRefusesWhatIsNoBeginningOfIt) {
  ASSERT_EQ(ended("INT").code, 130);
  const json kept = unfinished();
  const std::string begun = content_of(at("part.json"));
  const auto refuse = [&](const std::string& pointer, const json& value,
                          const std::vector<std::string>& words) {
    json changed = kept;
    changed[json::json_pointer(pointer)] = value;
    put("part.unfinished.json", changed.dump());
    SCOPED_TRACE(pointer);
    expect_refusal(resumed(), words);
    EXPECT_EQ(content_of(at("part.json")), begun);
  };
  refuse("/model/sha256", "00", {"part.unfinished.json", "model.sha256"});
  refuse("/interpretation/sha256", "00", {"interpretation.sha256"});
  refuse("/domain/name", "both-orders", {"domain"});
  refuse("/version", "0.0.0", {"version"});
  refuse("/kind", "validation", {"part.unfinished.json"});
  refuse("/shard/items", 9, {"shard"});
  refuse("/pieces", json::array({nullptr}), {"pieces"});
  refuse("/pieces/9/0/verdict", "refuted", {"pieces[9][0]", "contradicts"});
  refuse("/pieces/9/0/margin_to/0", -1, {"pieces[9][0]", "contradicts"});
  refuse("/pieces/9/0/margin_to", json::array(), {"pieces[9][0]", "margins"});
  refuse("/pieces/9/0/right", 39, {"pieces[9][0]", "right"});
  refuse("/pieces/9/0/worst/0", 99, {"pieces[9][0]", "domain"});
  refuse("/pieces/9/0/neurons/0", json::array(), {"pieces[9][0]", "neurons"});
  refuse("/pieces/9/0/float32_margin", 1e9, {"pieces[9][0]", "float32"});
  refuse("/pieces/9", json::array(), {"pieces[9]", "40 cases"});
  refuse("/pieces/9/0/margin_to/0", "much", {"pieces[9]", "expected a number"});
  put("part.unfinished.json", "{");
  expect_refusal(resumed(), {"part.unfinished.json"});
  // What is kept is no report.
  put("part.unfinished.json", kept.dump());
  EXPECT_EQ(run_assay("report part.unfinished.json --out page.html", at("")).code, 2);
  // An unfinished certificate proves no rows beyond what it has decided.
  const Finished used = run_assay(
      "validate --model " + kTasks + "two_sat/reference/model.safetensors --interpretation " +
          kTasks + "two_sat/reference/trees.json --inputs 256 --certificate part.json",
      at(""));
  EXPECT_EQ(used.code, 0) << used.error;
  EXPECT_THAT(used.out, testing::Not(HasSubstr("0 for all")));
}

TEST_F(Prove, SlowInputsThatWereGoneThroughAreKept) {
  const std::string statement =
      "--statement 'output = specification' --threads 1 --certificate c.json ";
  ASSERT_EQ(prove("modular_addition/reference", "downstream", statement).code, 0);
  const std::string whole = content_of(at("c.json"));
  std::filesystem::remove(at("c.json"));
  const Finished stopped = run_assay(
      "prove --model " + kTasks + "modular_addition/reference/model.safetensors --interpretation " +
          kTasks + "modular_addition/reference/downstream.json " + statement,
      at(""), "(while [ ! -e c.unfinished.json ]; do sleep 0.02; done; kill -KILL \\$\\$) &");
  ASSERT_EQ(stopped.code, 128 + 9);
  EXPECT_FALSE(std::filesystem::exists(at("c.json")));  // it was the first statement
  const auto kept = nlohmann::ordered_json::parse(content_of(at("c.unfinished.json")));
  nlohmann::ordered_json forged = kept;
  forged["pieces"][0]["right"] = 513;
  put("c.unfinished.json", forged.dump());
  expect_refusal(prove("modular_addition/reference", "downstream", statement + "--resume"),
                 {"c.unfinished.json", "pieces[0]"});
  put("c.unfinished.json", kept.dump());
  const Finished rest = prove("modular_addition/reference", "downstream", statement + "--resume");
  EXPECT_EQ(rest.code, 0) << rest.error;
  EXPECT_TRUE(content_of(at("c.json")) == whole);  // too much to print
}

TEST_F(Prove, WhatNeedsMoreMemoryThanMayBeUsedStaysOpen) {
  const Finished open =
      prove("two_sat/reference", "trees", "--statement suffix 'node = program' --memory 0.001");
  EXPECT_EQ(open.code, 3) << open.error;
  EXPECT_THAT(open.out, HasSubstr("are needed; 0.001 GB may be used"));
  EXPECT_EQ(report().at("statements")[0].at("verdict"), "proved");  // which needs next to nothing
  EXPECT_THAT(report().at("statements")[1].at("words").get<std::string>(),
              HasSubstr("not begun: it needs about"));
  expect_refusal(prove("two_sat/reference", "trees", "--memory -1"), {"--memory"});
  expect_refusal(prove("two_sat/reference", "trees", "--memory much"), {"--memory"});
}

// The padded domain holds inputs that the task cannot write, and some come closest.
TEST_F(Prove, SlowReportsInputsThatTheTaskDoesNotHave) {
  const Finished run =
      prove("two_sat/variable", "trees", "--statement 'node = program' --html page.html");
  EXPECT_EQ(run.code, 0) << run.error;
  EXPECT_EQ(report().at("statements")[0].at("cases").size(), 409U);
}

TEST_F(Prove, RefusesAnInterpretationOfAnotherNetwork) {
  expect_refusal(run_assay("prove --model " + kTasks +
                               "modular_addition/reference/model.safetensors "
                               "--interpretation " +
                               kTasks + "two_sat/reference/trees.json",
                           at("")),
                 {"trees.json", "derived from another model"});
}

}  // namespace prove_test
}  // namespace assay::tools
