// `assay validate` with proofs and attacks, through the command: what is proved needs no counts,
// nothing can be made proved by writing it, and a worst case is no rate.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "circuits/interpretation/interpretation_file.h"
#include "interp/adapters/model_file.h"
#include "interp/network/transformer.h"
#include "interp/statistics/binomial.h"
#include "interp/statistics/p_values.h"
#include "tests/interp/scratch.h"
#include "tests/tools/run_assay.h"

namespace assay::tools {
namespace validation_proofs_test {

using nlohmann::ordered_json;
using testing::HasSubstr;

const std::string kTasks = ASSAY_SOURCE "/tasks/two_sat/";
const std::string kReference = " --model " + kTasks +
                               "reference/model.safetensors --interpretation " + kTasks +
                               "reference/trees.json ";

class ProvenValidation : public interp::Scratch {
 protected:
  Finished run(const std::string& arguments) const { return run_assay(arguments, at("")); }
  Finished validate(const std::string& more) const {
    return run("validate" + kReference + "--inputs 512 " + more);
  }
  ordered_json read(const std::string& name) const {
    return ordered_json::parse(content_of(at(name)));
  }
  /// Writes c.json of the statements from which rows follow.
  void certify() const {
    const Finished proved = run("prove" + kReference +
                                "--statement 'h = specification' suffix 'node = program' "
                                "--certificate c.json");
    ASSERT_EQ(proved.code, 0) << proved.error;
  }
  static const ordered_json& row(const ordered_json& report, const std::string& node,
                                 const std::string& axiom) {
    for (const ordered_json& one : report.at("rows"))
      if (one.at("node") == node && one.at("axiom") == axiom) return one;
    throw std::out_of_range(node + "." + axiom);
  }
  static std::string without_run(ordered_json report) {
    for (const char* fact : {"command", "threads", "blas", "times"}) report.erase(fact);
    return report.dump();
  }
  void edit(const std::string& from, const std::string& to,
            const std::function<void(ordered_json&)>& how) const {
    ordered_json json = read(from);
    how(json);
    put(to, json.dump());
  }
};

TEST_F(ProvenValidation, SlowEqualRowsAreThoseOfARunWithoutProofs) {
  ASSERT_EQ(validate("--json counted.json").code, 0);
  const Finished proved = validate("--prove --json proved.json --markdown m.md --csv r.csv");
  ASSERT_EQ(proved.code, 0) << proved.error;
  const ordered_json with = read("proved.json"), without = read("counted.json");
  for (const ordered_json& one : without.at("rows")) {
    const ordered_json& same = row(with, one.at("node"), one.at("axiom"));
    if (same.at("n") == 0) {  // left out: what the other row counts is what it would have counted
      const std::string other = same.at("proved").get<std::string>().substr(2);
      const size_t dot = other.rfind('.');
      EXPECT_EQ(row(with, other.substr(0, dot), other.substr(dot + 1)).at("failures"),
                one.at("failures"))
          << other;
    } else {
      EXPECT_EQ(same.at("failures"), one.at("failures"));
      EXPECT_EQ(same.at("n"), 512);
    }
  }
  EXPECT_EQ(row(with, "parse", "PE").at("proved"), "0 for all 1.05e16, margin 3.12");
  EXPECT_EQ(row(with, "evaluate", "CR").at("proved"), "= or.PE");
  EXPECT_EQ(row(with, "or", "CR").at("proved"), "= or.CE");
  EXPECT_EQ(row(with, "parse", "PE").at("simultaneous_upper"), 0);
  EXPECT_DOUBLE_EQ(row(with, "or", "CE").at("simultaneous_upper").get<double>(),
                   statistics::upper_bound({512, row(with, "or", "CE").at("failures")},
                                           statistics::bonferroni(0.95, 4)));
  EXPECT_THAT(proved.out, HasSubstr("0 for all 1.05e16, margin 3.12"));
  EXPECT_THAT(proved.out, HasSubstr("= or.PE (proved)"));
  EXPECT_THAT(with.at("verdict").get<std::string>(), HasSubstr("of 12 rows 4 are unknown"));
  EXPECT_THAT(content_of(at("m.md")), HasSubstr("= or.PE (proved)"));
  EXPECT_THAT(content_of(at("r.csv")), HasSubstr(",\"0 for all 1.05e16, margin 3.12\""));
}

// What 5,632 inputs are needed for is proved; the other claims are decided sooner.
TEST_F(ProvenValidation, SlowAProvedClaimNeedsNoInputs) {
  const Finished proved = run("validate" + kReference +
                              "--prove --claim 'parse.PE<=0' 'evaluate.PR<=0.0128' --json r.json "
                              "--junit j.xml");
  EXPECT_EQ(proved.code, 0) << proved.error;
  const ordered_json report = read("r.json");
  EXPECT_LE(report.at("inputs"), 512);
  EXPECT_EQ(row(report, "parse", "PE").at("verdict"), "holds");
  EXPECT_EQ(row(report, "evaluate", "PR").at("verdict"), "holds");
  EXPECT_THAT(content_of(at("j.xml")), HasSubstr("failures=\"0\""));
  EXPECT_EQ(run("report r.json --out page.html").code, 0);
}

TEST_F(ProvenValidation, SlowACertificateIsBelievedInSoManyWordsAndSaysTheSame) {
  certify();
  const Finished read_out = validate("--certificate c.json --json read.json");
  ASSERT_EQ(read_out.code, 0) << read_out.error;
  EXPECT_THAT(read_out.out, HasSubstr("proved by c.json, not checked here"));
  EXPECT_THAT(read_out.out, HasSubstr("assay-check c.json"));
  ASSERT_EQ(validate("--prove --json proved.json").code, 0);
  EXPECT_EQ(read("read.json").at("proofs").at("rows"), read("proved.json").at("proofs").at("rows"));
  EXPECT_EQ(read("read.json").at("proofs").at("statements"),
            read("proved.json").at("proofs").at("statements"));
  EXPECT_TRUE(read("read.json").at("proofs").contains("certificate"));
  EXPECT_FALSE(read("proved.json").at("proofs").contains("certificate"));
}

TEST_F(ProvenValidation, SlowCertificatesThatDoNotFitAreRefused) {
  certify();
  expect_refusal(run("validate --model " + kTasks + "variable/model.safetensors --interpretation " +
                     kTasks + "variable/trees.json --certificate c.json"),
                 {"c.json", "another network"});
  expect_refusal(
      run("validate --model " + kTasks + "reference/model.safetensors --interpretation " + kTasks +
          "reference/disjunction.json --certificate c.json"),
      {"c.json", "another interpretation"});
  expect_refusal(validate("--certificate c.json --prove"), {"--prove"});
  expect_refusal(validate("--certificate none.json"), {"none.json"});
  const std::string hints = content_of(at("c.safetensors"));
  const auto refuse = [&](const std::function<void(ordered_json&)>& how,
                          const std::vector<std::string>& words) {
    edit("c.json", "bad.json", how);
    expect_refusal(validate("--certificate bad.json --json no.json"), words);
    EXPECT_FALSE(std::filesystem::exists(at("no.json")));
  };
  const auto statement = [](ordered_json& json, size_t i) -> ordered_json& {
    return json["statements"][i];
  };
  refuse([](auto& json) { json["kind"] = "proofs"; }, {"bad.json", "kind"});
  refuse([](auto& json) { json["schema"] = 1; }, {"bad.json", "schema"});
  refuse([](auto& json) { json["model"]["sha256"] = "00"; }, {"another network"});
  refuse([](auto& json) { json["hints"]["sha256"] = "00"; }, {"hints"});
  refuse([](auto& json) { json["hints"]["file"] = "../c.safetensors"; }, {"beside"});
  // Narrower than what is drawn: what holds for half of the formulas says nothing of the others.
  refuse(
      [&](auto& json) {
        for (auto& slot : json["domain"]["slots"])
          if (slot["alternatives"].size() == 40) {
            slot["alternatives"].erase(39);
            break;
          }
        auto& cases = statement(json, 2)["proof"]["cases"];
        for (size_t i = 0; i < cases.size(); ++i)
          if (cases[i]["alternative"] == 39) {
            cases.erase(i);
            break;
          }
      },
      {"bad.json", "does not hold all inputs"});
  // Verdicts that their own proofs do not bear out.
  refuse([&](auto& json) { statement(json, 1)["proof"]["least_on"] = "-1/2"; },
         {"suffix", "signs"});
  refuse([&](auto& json) { statement(json, 1)["proof"]["least_on"] = "x"; }, {"suffix"});
  refuse([&](auto& json) { statement(json, 2)["proof"]["cases"].erase(7); }, {"node = program"});
  refuse([&](auto& json) { statement(json, 2)["proof"]["cases"][3]["verdict"] = "open"; },
         {"node = program", "one of its cases is not"});
  refuse([&](auto& json) { statement(json, 2)["proof"]["cases"][3]["margin"] = -0.5; },
         {"node = program"});
  refuse([&](auto& json) { statement(json, 2)["proof"]["cases"][3]["alternative"] = 4; },
         {"node = program", "twice"});
  refuse([&](auto& json) { statement(json, 2)["proof"] = nullptr; }, {"has no proof"});
  refuse([&](auto& json) { statement(json, 0)["proof"]["kind"] = "witness"; },
         {"h = specification", "witness"});
  put("c.safetensors", hints.substr(0, hints.size() - 1) + "x");
  expect_refusal(validate("--certificate c.json"), {"c.json", "c.safetensors"});
}

// A certificate that lies throughout: its own proof is in order, and the network is not.
TEST_F(ProvenValidation, SlowACertificateThatIsSeenToBeWrongIsNoRate) {
  auto loaded = circuits::load_interpretation(
      kTasks + "reference/trees.json",
      interp::load_model(kTasks + "reference/model.safetensors").model->places());
  auto& labels = loaded.interpretation.nodes[0].alpha.tensors.at("labels");
  const at::Tensor first = labels[0].clone();
  labels[0].copy_(labels[1]);
  labels[1].copy_(first);
  circuits::save_interpretation(loaded.interpretation, at("exchanged.json"));
  const std::string about =
      " --model " + kTasks + "reference/model.safetensors --interpretation exchanged.json ";
  EXPECT_NE(run("prove" + about + "--statement 'node = program' --certificate c.json").code, 0);
  edit("c.json", "lie.json", [](ordered_json& json) {
    ordered_json& statement = json["statements"][0];
    statement["verdict"] = "proved";
    statement["float32"] = {{"error", 0.01}, {"words", ""}};
    if (statement["proof"].is_null()) statement["proof"] = {{"kind", "fractional"}};
    ordered_json cases = ordered_json::array();
    for (int64_t position = 2; position < 40; position += 4)
      for (int64_t alternative = 0; alternative < 40; ++alternative)
        cases.push_back({{"position", position},
                         {"slot", 0},
                         {"alternative", alternative},
                         {"verdict", "proved"},
                         {"margin", 3.0}});
    statement["proof"]["cases"] = cases;
  });
  expect_refusal(run("validate" + about + "--certificate lie.json --inputs 512 --json no.json"),
                 {"lie.json", "parse.PE never fails, but it fails on"});
  EXPECT_FALSE(std::filesystem::exists(at("no.json")));
}

// Nothing that is written into a report makes a row proved that does not follow from its
// statements, and statements do not survive counts that contradict them.
TEST_F(ProvenValidation, SlowReportsCannotBeForgedIntoProofs) {
  ASSERT_EQ(validate("--prove --stop never --claim 'evaluate.PE<=0.0001' --json r.json").code, 1);
  const auto refuse = [&](const std::function<void(ordered_json&)>& how,
                          const std::vector<std::string>& words) {
    edit("r.json", "forged.json", how);
    expect_refusal(run("report forged.json --out page.html"), words);
  };
  const auto of = [](ordered_json& json, const std::string& node,
                     const std::string& axiom) -> ordered_json& {
    return const_cast<ordered_json&>(row(json, node, axiom));
  };
  // A verdict, a bound and the words of a row are computed anew, whatever stands there.
  edit("r.json", "forged.json", [&](ordered_json& json) {
    of(json, "evaluate", "PE")
        .update({{"verdict", "holds"}, {"upper", 0.0}, {"proved", "0 for all 1.05e16"}});
  });
  EXPECT_EQ(run("report forged.json --out page.html").code, 0);
  EXPECT_THAT(content_of(at("page.html")), HasSubstr("violated"));

  const ordered_json never = {
      {"rows", {"evaluate.PE", "evaluate.CE"}}, {"never", true}, {"because", "so"}};
  refuse([&](auto& json) { json["proofs"]["rows"].push_back(never); }, {"forged.json"});
  refuse(
      [&](auto& json) {
        json["proofs"]["rows"] = ordered_json::array({never});
        for (const char* axiom : {"PE", "CE"}) of(json, "evaluate", axiom)["failures"] = 0;
      },
      {"forged.json"});
  // A statement about a node that no such proof is known for.
  refuse(
      [&](auto& json) {
        json["proofs"]["statements"].push_back({{"statement", "node = program"},
                                                {"node", "evaluate"},
                                                {"verdict", "proved"},
                                                {"words", ""},
                                                {"margin", 3.0}});
        json["proofs"]["rows"].push_back(never);
      },
      {"forged.json"});
  // An equality that would give a failing row the counts of one that does not fail.
  refuse(
      [&](auto& json) {
        json["proofs"]["rows"].push_back(
            {{"rows", {"parse.PR", "evaluate.PE"}}, {"never", false}, {"because", "so"}});
      },
      {"forged.json"});
  refuse([&](auto& json) { of(json, "parse", "PE")["failures"] = 1; }, {"forged.json", "parse.PE"});
  refuse([&](auto& json) { json["proofs"]["statements"][0]["verdict"] = "certain"; },
         {"forged.json", "proofs.statements[0].verdict"});
  // Without the proof of reading, the rows that rest on it do not follow.
  refuse(
      [&](auto& json) {
        for (auto& statement : json["proofs"]["statements"])
          if (statement["node"] == "parse") statement["margin"] = 0.01;  // less than the rounding
      },
      {"proofs.rows"});
}

TEST_F(ProvenValidation, SlowPartsAgreeOnWhatIsProved) {
  certify();
  const std::string claims = "--stop never --claim 'parse.PE<=0' 'or.CE<=0.1' ";
  ASSERT_EQ(validate(claims + "--certificate c.json --json whole.json").code, 0);
  for (const int part : {1, 2})
    ASSERT_EQ(
        validate(claims + fmt::format("--certificate c.json --shard {0}/2 --json p{0}.json", part))
            .code,
        0);
  ASSERT_EQ(run("merge p2.json p1.json --json merged.json").code, 0);
  EXPECT_EQ(without_run(read("merged.json")), without_run(read("whole.json")));
  ASSERT_EQ(validate(claims + "--shard 2/2 --json counted.json").code, 0);
  expect_refusal(run("merge p1.json counted.json --json no.json"), {"not of one run", "proofs"});
  ASSERT_EQ(validate(claims + "--prove --shard 2/2 --json own.json").code, 0);
  expect_refusal(run("merge p1.json own.json --json no.json"), {"not of one run", "certificate"});
}

TEST_F(ProvenValidation, WhatIsOutsideTheDomainIsNotProved) {
  put("lines.txt",
      "( x0 x1 ) ( x0 x1 ) ( x0 x1 ) ( x0 x1 ) ( x0 x1 ) ( x0 x1 ) ( x0 x1 ) ( x0 x1 ) ( x0 x1 ) "
      "( x1 x0 )\n");
  expect_refusal(run("validate" + kReference + "--data lines.txt --prove"),
                 {"sampled", "input 1 of lines.txt"});
}

TEST_F(ProvenValidation, AWorstCaseStandsBesideTheRates) {
  const Finished without = validate("--claim 'or.CE<=0.1' --json rates.json");
  const Finished attacked = validate("--claim 'or.CE<=0.1' --attack 60 --json worst.json");
  EXPECT_EQ(attacked.code, without.code) << attacked.error;
  ordered_json with = read("worst.json"), rates = read("rates.json");
  EXPECT_THAT(with.at("verdict").get<std::string>(),
              HasSubstr("But a search found an input on which"));
  EXPECT_EQ(with.at("rows"), rates.at("rows"));
  const ordered_json& search = with.at("worst_case").at("searches")[0];
  EXPECT_EQ(search.at("of"), "answer");
  const Finished solved = run("solve '" + search.at("found").get<std::string>() + "' --model " +
                              kTasks + "reference/model.safetensors");
  EXPECT_THAT(solved.out, HasSubstr("wrong"));
}

// An attack on a row is right if the checker says so on the very input.
TEST_F(ProvenValidation, SlowWhatAnAttackOnARowFindsFailsThere) {
  for (const char* name : {"evaluate.PE", "evaluate.CE", "parse.PR", "parse.CR", "or.PE"}) {
    const std::string row_name = name;
    const Finished found =
        run("attack" + kReference + "--seconds 60 --json a.json --row " + row_name);
    ASSERT_EQ(found.code, 1) << row_name << found.error;
    put("found.txt", read("a.json").at("input").get<std::string>() + "\n");
    ASSERT_EQ(run("validate" + kReference + "--data found.txt --json one.json").code, 0);
    const size_t dot = row_name.rfind('.');
    EXPECT_EQ(
        row(read("one.json"), row_name.substr(0, dot), row_name.substr(dot + 1)).at("failures"), 1)
        << row_name;
  }
  expect_refusal(run("attack" + kReference + "--row parse"), {"parse", "NODE.PE"});
  expect_refusal(run("attack" + kReference + "--row pars.PE"), {"pars", "parse"});
}

// Whatever is changed in the interpretation, proofs never contradict what is counted.
TEST_F(ProvenValidation, SlowNoMutationIsProvedAgainstItsCounts) {
  ASSERT_EQ(
      run("mutate --interpretation " + kTasks + "reference/trees.json --list --json l.json").code,
      0);
  const ordered_json mutations = read("l.json").at("mutations");
  int proved = 0;
  for (const ordered_json& mutation : mutations) {
    const std::string name = mutation.at("name");
    if (run("mutate --interpretation " + kTasks + "reference/trees.json --mutation " + name +
            " --out m.json")
            .code != 0)
      continue;
    const Finished ran = run("validate --model " + kTasks +
                             "reference/model.safetensors --interpretation m.json --prove --inputs "
                             "384 --stop never --json r.json");
    EXPECT_NE(ran.code, 2) << name << ": " << ran.error;
    proved += static_cast<int>(ran.code == 0);
  }
  EXPECT_GT(proved, 5);
}

TEST_F(ProvenValidation, SlowAnEndedProofGoesOnToTheSameBytes) {
  const std::string statements = "--statement suffix 'node = program' --attack 0 ";
  ASSERT_EQ(run("prove" + kReference + statements + "--certificate whole.json").code, 0);
  const Finished ended =
      run("prove" + kReference + statements + "--limit 0 --certificate part.json");
  EXPECT_EQ(ended.code, 3) << ended.error;
  EXPECT_THAT(ended.out, HasSubstr("open"));
  // As a kill leaves it: one statement is decided, the other is not there yet.
  ASSERT_EQ(run("prove" + kReference + "--statement suffix --certificate part.json").code, 0);
  ASSERT_EQ(run("prove" + kReference + statements + "--certificate part.json --resume").code, 0);
  EXPECT_EQ(content_of(at("part.safetensors")), content_of(at("whole.safetensors")));
  ordered_json whole = read("whole.json"), part = read("part.json");
  whole["hints"].erase("file");
  part["hints"].erase("file");
  EXPECT_EQ(whole.dump(), part.dump());
  // With nothing left to do the file stays as it is.
  const std::string before = content_of(at("part.json"));
  ASSERT_EQ(run("prove" + kReference + statements + "--certificate part.json --resume").code, 0);
  EXPECT_EQ(content_of(at("part.json")), before);
  expect_refusal(run("prove" + kReference + statements + "--resume"), {"--certificate"});
  expect_refusal(run("prove" + kReference + statements + "--resume --certificate none.json"),
                 {"none.json"});
  expect_refusal(run("prove" + kReference + statements +
                     "--domain both-orders --certificate part.json --resume"),
                 {"part.json", "sampled"});
}

TEST_F(ProvenValidation, SlowThePageOfProofsShowsEveryCase) {
  ASSERT_EQ(
      run("prove" + kReference + "--statement 'node = program' --json p.json --html page.html")
          .code,
      0);
  const std::string page = content_of(at("page.html"));
  EXPECT_THAT(page, HasSubstr("1 of 1 statement is proved"));
  EXPECT_THAT(page, HasSubstr("\"margins\""));
  EXPECT_EQ(read("p.json").at("statements")[0].at("cases").size(), 400U);
  EXPECT_EQ(run("report p.json --out again.html").code, 0);
  edit("p.json", "bad.json",
       [](ordered_json& json) { json["statements"][0]["cases"][0]["margin"] = "much"; });
  expect_refusal(run("report bad.json --out page.html"), {"bad.json", "cases[0].margin"});
}

}  // namespace validation_proofs_test
}  // namespace assay::tools
