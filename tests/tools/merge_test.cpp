// Runs in parts, through the command: parts add up to the report of one run, and whatever is no
// part of it is refused by name.

#include <fmt/format.h>

#include <random>

#include "circuits/interpretation/interpretation_file.h"
#include "tests/tools/model_folder.h"

namespace assay::tools {
namespace merge_test {

using nlohmann::ordered_json;
using testing::HasSubstr;

class Merging : public ModelFolder {
 protected:
  Merging() {
    const auto loaded = interp::load_model(at("model.safetensors"));
    const auto task = tasks::task_from_json(loaded.metadata["task"]);
    auto derived = task->need<tasks::Interpretations>().derive(
        *loaded.model, {.variant = "disjunction", .inputs = 200});
    derived.interpretation.model_sha256 = loaded.sha256;
    circuits::save_interpretation(derived.interpretation, at("claim.json"));
  }

  static constexpr const char* kValidate =
      "validate --model model.safetensors --interpretation claim.json --inputs 1000 --witnesses 3 "
      "--stop never --claim 'or.PE<=0.9' 'parse.PE<=0.0001' ";

  /// Writes FOLDER-1.json … FOLDER-N.json; their names, in another order.
  std::string parts(const std::string& command, const std::string& name, int64_t of) const {
    std::vector<std::string> names;
    for (int64_t i = 1; i <= of; ++i) {
      names.push_back(fmt::format("{}-{}.json", name, i));
      const Finished part =
          run(fmt::format("{} --shard {}/{} --json {}", command, i, of, names.back()));
      EXPECT_EQ(part.code, 0) << part.error;
    }
    std::mt19937 random(3);
    std::ranges::shuffle(names, random);
    return fmt::format("{}", fmt::join(names, " "));
  }
  /// A report without the facts of its run.
  std::string facts_aside(const std::string& name) const {
    ordered_json report = ordered_json::parse(content_of(at(name)));
    for (const char* fact : {"command", "threads", "blas", "times"}) report.erase(fact);
    return report.dump();
  }
  static std::string without(std::string text, const std::string& begin) {
    const size_t from = text.find(begin);
    if (from == text.npos) return text;
    return text.erase(from, text.find('\n', from) + 1 - from);
  }
  void edit(const std::string& from, const std::string& to, const char* pointer,
            const ordered_json& value) const {
    ordered_json json = ordered_json::parse(content_of(at(from)));
    json[ordered_json::json_pointer(pointer)] = value;
    put(to, json.dump());
  }
  void refuse(const std::string& files, const std::vector<std::string>& words) const {
    expect_refusal(run("merge " + files + " --json no.json"), words);
    EXPECT_FALSE(std::filesystem::exists(at("no.json")));
  }
};

// Every string of Dyck-1 is every string's source: 1,048,576 pairs, in eight chunks of bases.
TEST_F(Merging, SlowExchangesOfAllPairsInPartsAreOneRun) {
  const std::string folder = std::string(ASSAY_SOURCE) + "/tasks/dyck/reference/";
  const std::string validate = fmt::format(
      "validate --model {0}model.safetensors --interpretation {0}depth.json "
      "--sources all --witnesses 3 --claim 'scan.II<=0'",
      folder);
  ASSERT_EQ(run(validate + " --json whole.json").code, 1);
  const Finished merged = run("merge " + parts(validate, "part", 3) + " --json merged.json");
  ASSERT_EQ(merged.code, 1) << merged.error;
  EXPECT_EQ(facts_aside("merged.json"), facts_aside("whole.json"));
  const auto rows = ordered_json::parse(content_of(at("whole.json")))["rows"];
  const auto row =
      std::ranges::find_if(rows, [](const ordered_json& each) { return each["axiom"] == "II"; });
  ASSERT_NE(row, rows.end());
  EXPECT_EQ((*row)["n"], 1024 * 1024);
  EXPECT_EQ((*row)["exact"], true);
}

TEST_F(Merging, SlowValidationsInAnyNumberOfPartsAreOneRun) {
  const Finished whole = run(std::string(kValidate) + "--json whole.json --html whole.html");
  for (const int64_t of : {2, 3, 7}) {
    const std::string files = parts(kValidate, fmt::format("of{}", of), of);
    const Finished merged = run(fmt::format("merge {} --json merged.json --html m.html", files));
    EXPECT_EQ(merged.code, whole.code) << merged.error;
    EXPECT_EQ(facts_aside("merged.json"), facts_aside("whole.json"));
    std::string printed = whole.out;
    for (const char* line : {"BLAS ", "time ", "report ", "page "})
      printed = without(printed, line);
    std::string printed_by_merge = merged.out;
    for (const char* line : {"report ", "page "})
      printed_by_merge = without(printed_by_merge, line);
    EXPECT_EQ(printed_by_merge, printed);
    EXPECT_TRUE(std::filesystem::exists(at("m.html")));
  }
}

TEST_F(Merging, SlowComparisonsInAnyNumberOfPartsAreOneRun) {
  const std::string compare =
      "compare --model model.safetensors --methods random,lime --reference occlusion "
      "--features clause --rows 50 --inputs 8 ";
  // The clock is a fact of each run.
  const auto without_seconds = [&](const std::string& name) {
    ordered_json report = ordered_json::parse(facts_aside(name));
    for (ordered_json& method : report["summary"]["methods"]) method.erase("seconds");
    for (ordered_json& input : report["inputs"])
      for (ordered_json& method : input["methods"]) method.erase("seconds");
    return report.dump();
  };
  ASSERT_EQ(run(compare + "--json whole.json").code, 0);
  for (const int64_t of : {2, 3, 7}) {
    const std::string files = parts(compare, fmt::format("of{}", of), of);
    const Finished merged = run(fmt::format("merge {} --json merged.json --html m.html", files));
    EXPECT_EQ(merged.code, 0) << merged.error;
    EXPECT_EQ(without_seconds("merged.json"), without_seconds("whole.json"));
  }
  // A part goes on as a whole comparison does.
  EXPECT_EQ(run(compare + "--shard 2/3 --resume --json of3-2.json").code, 0);
  expect_refusal(run(compare + "--shard 1/3 --resume --json of3-2.json"),
                 {"of3-2.json", "another comparison"});
  refuse("of3-1.json of3-2.json", {"part 3 of 3 is missing"});
  refuse("of3-1.json of3-2.json of3-3.json of3-2.json", {"are both part 2 of 3"});
  refuse("of3-1.json of2-2.json",
         {"of3-1.json and of2-2.json are not of one run", "shard.of is 3"});
  refuse("whole.json of2-2.json", {"whole.json: the record of a whole run"});
  edit("of3-2.json", "two.json", "/shard/index", 3);
  refuse("of3-1.json two.json of3-2.json", {"two.json", "part 3 of 3 has 2 of them, found 3"});
  edit("of3-3.json", "first.json", "/inputs/0/input", read("of3-1.json")["inputs"][0]["input"]);
  refuse("of3-1.json of3-2.json first.json", {"'inputs[6].input'", "not input 6"});
  edit("of3-3.json", "short.json", "/inputs/0/methods/1/scores", ordered_json::array({0.5}));
  refuse("of3-1.json of3-2.json short.json", {"'inputs[6]', lime", "one per feature; found 1"});
  edit("of3-2.json", "seed.json", "/seed", 2);
  refuse("of3-1.json seed.json of3-3.json", {"seed.json are not of one run", "seed is 1"});
  edit("of3-2.json", "begun.json", "/partial", true);
  refuse("of3-1.json begun.json of3-3.json", {"begun.json: this part was interrupted"});
}

TEST_F(Merging, SlowMeasurementsInAnyNumberOfPartsAreOneRun) {
  ASSERT_EQ(run("discover --model model.safetensors --method eap --inputs 40 --out c.json").code,
            0);
  const std::string measure = "measure --model model.safetensors --circuit c.json --inputs 250 ";
  for (const std::string more :
       {"--ablation pair --curve --tests --draws 19", "--ablation all --metric kl",
        "--ablation mean --tests --draws 19 --seed 3", "--interpretation claim.json"}) {
    const Finished whole = run(measure + more + " --json whole.json --html whole.html");
    ASSERT_EQ(whole.code, 0) << whole.error;
    for (const int64_t of : {2, 3, 7}) {
      const std::string files = parts(measure + more, fmt::format("m{}", of), of);
      const Finished merged = run(fmt::format("merge {} --json merged.json --html m.html", files));
      ASSERT_EQ(merged.code, 0) << merged.error;
      EXPECT_EQ(facts_aside("merged.json"), facts_aside("whole.json"));
      EXPECT_TRUE(std::filesystem::exists(at("m.html")));
    }
  }
}

TEST_F(Merging, OfMeasurementsRefusesWhatIsNoPart) {
  ASSERT_EQ(run("discover --model model.safetensors --method eap --inputs 40 --out c.json").code,
            0);
  const std::string measure = "measure --model model.safetensors --circuit c.json --inputs 70 ";
  for (const char* adaptive : {"--completeness", "--stability"})
    expect_refusal(run(measure + adaptive + " --shard 1/2 --json no.json"),
                   {"--shard", adaptive, "decides on all inputs at once"});
  parts(measure, "p", 3);
  refuse("p-1.json p-2.json", {"part 3 of 3 is missing"});
  refuse("p-1.json p-2.json p-3.json p-2.json", {"are both part 2 of 3"});
  run(measure + "--seed 2 --shard 3/3 --json seed.json");
  refuse("p-1.json p-2.json seed.json", {"seed.json are not of one run", "seed"});
  run(measure + "--tests --draws 19 --shard 3/3 --json tests.json");
  refuse("p-1.json p-2.json tests.json", {"tests.json are not of one run", "request.tests"});
  edit("p-3.json", "nan.json", "/chunks/0/network/metric/0", nullptr);
  refuse("p-1.json p-2.json nan.json", {"network.metric[0]", "found null"});
  edit("p-3.json", "other.json", "/chunks/0/chunk", 1);
  refuse("p-1.json p-2.json other.json", {"field 'chunk'"});
  edit("p-3.json", "none.json", "/chunks/0", nullptr);
  refuse("p-1.json p-2.json none.json", {"found null"});
  edit("p-3.json", "begun.json", "/partial", true);
  refuse("p-1.json p-2.json begun.json", {"begun.json: this part was interrupted"});
  edit("c.json", "c.json", "/edges/m0->logits/score", 0.5);
  refuse("p-1.json p-2.json p-3.json", {"not what the files named in it hold now", "circuit"});
}

TEST_F(Merging, SlowMutationTablesInAnyNumberOfPartsAreOneRun) {
  const std::string table = "mutate --interpretation claim.json --table --inputs 256 ";
  const Finished whole = run(table + "--json whole.json");
  ASSERT_EQ(whole.code, 0) << whole.error;
  for (const int64_t of : {2, 3, 7}) {
    const std::string files = parts(table, fmt::format("of{}", of), of);
    const Finished merged = run(fmt::format("merge {} --json merged.json", files));
    EXPECT_EQ(merged.code, 0) << merged.error;
    EXPECT_EQ(facts_aside("merged.json"), facts_aside("whole.json"));
    EXPECT_EQ(without(merged.out, "report "), without(whole.out, "inputs "));
  }
  expect_refusal(run(table + "--shard 1/1000 --json no.json"), {"part 1/1000"});
  expect_refusal(run("mutate --interpretation claim.json --list --shard 1/2 --json no.json"),
                 {"--shard: --table is made in parts, and nothing else"});
  EXPECT_EQ(run("merge of2-1.json of2-2.json --json two.json --html table.html").code, 0);
  EXPECT_TRUE(std::filesystem::exists(at("table.html")));
  edit("of2-2.json", "row.json", "/mutations/0/rows/0/failures", -1);
  refuse("of2-1.json row.json", {"rows[0].failures"});
  run(table + "--seed 5 --shard 2/2 --json seed.json");
  refuse("of2-1.json seed.json", {"not of one run", "shard.seed is 0"});
}

TEST_F(Merging, AnInterruptedValidationGoesOn) {
  run(std::string(kValidate) + "--json whole.json");
  parts(kValidate, "half", 2);
  // The first half is what an interrupted run has counted.
  edit("half-1.json", "begun.json", "/shard/index", 1);
  edit("begun.json", "begun.json", "/shard/of", 1);
  edit("begun.json", "begun.json", "/partial", true);
  const Finished resumed = run(std::string(kValidate) + "--resume begun.json --json resumed.json");
  EXPECT_EQ(facts_aside("resumed.json"), facts_aside("whole.json")) << resumed.error;
  expect_refusal(
      run(std::string(kValidate) + "--resume begun.json --confidence 0.9 --json no.json"),
      {"begun.json and this run are not of one run", "confidence is 0.95"});
  expect_refusal(run(std::string(kValidate) + "--resume whole.json --json no.json"),
                 {"whole.json", "the report of a whole run"});
  expect_refusal(run(std::string(kValidate) + "--resume half-1.json --json no.json"),
                 {"half-1.json", "shard.of is 2"});
  expect_refusal(run(std::string(kValidate) + "--resume half-1.json --shard 2/2 --json no.json"),
                 {"--resume half-1.json: it is part 1/2, not 2/2"});
  refuse("begun.json half-2.json", {"begun.json", "interrupted"});
}

TEST_F(Merging, WhatIsNoPartOfTheRunIsRefusedByName) {
  run(std::string(kValidate) + "--json whole.json");
  parts(kValidate, "p", 3);
  refuse("p-1.json p-2.json", {"part 3 of 3 is missing", "p-1.json, p-2.json"});
  std::filesystem::copy_file(at("p-2.json"), at("again.json"));
  refuse("p-1.json p-2.json again.json", {"p-2.json and again.json are both part 2 of 3"});
  run(std::string(kValidate) + "--seed 2 --shard 2/3 --json other.json");
  refuse("p-1.json other.json p-3.json", {"p-1.json and other.json are not of one run", "data.s"});
  refuse("p-1.json p-2.json p-3.json whole.json", {"whole.json", "the report of a whole run"});
  edit("p-2.json", "two.json", "/shard/of", 2);
  refuse("p-1.json two.json", {"two.json: part 2 of 2"});
  edit("p-2.json", "kind.json", "/kind", "proofs");
  edit("kind.json", "kind.json", "/schema", 1);
  refuse("p-1.json kind.json", {"p-1.json is a validation", "kind.json is a proofs"});
  refuse("kind.json kind.json", {"records of the kind proofs are not made in parts; validation"});
  edit("p-2.json", "kind.json", "/schema", 9);
  refuse("p-1.json kind.json p-3.json", {"kind.json: schema 9: a later version"});
  edit("p-2.json", "tokens.json", "/rows/0/witnesses",
       ordered_json::parse(
           R"([{"input": 400, "tokens": [99], "network": 1, "interpretation": 2}])"));
  refuse("p-1.json tokens.json p-3.json", {"tokens.json: "});
  expect_refusal(run("merge p-1.json p-2.json p-3.json --json p-1.json"),
                 {"p-1.json: would overwrite a part"});
  expect_refusal(run("report p-1.json --out page.html"), {"p-1.json: part 1 of 3", "assay merge"});
}

TEST_F(Merging, ShardsThatCannotBeAreRefusedByName) {
  const auto shard = [&](const std::string& more) {
    return run(fmt::format("{}--json no.json --shard {}", kValidate, more));
  };
  for (const char* wrong : {"0/3", "4/3", "1", "1/", "/3", "1/3/5", "-1/3", "a/b", "1/0"})
    expect_refusal(shard(wrong), {"--shard", "expected I/N"});
  expect_refusal(shard("1/9"), {"part 1/9: 1000 inputs are 8 chunks of up to 128"});
  expect_refusal(shard("1/2 --html p.html"), {"--shard", "--html"});
  expect_refusal(shard("1/2 --under all"), {"--shard", "--under"});
  expect_refusal(run(std::string(kValidate) + "--shard 1/2"), {"--shard", "--json"});
}

TEST_F(Merging, SlowDiscoveriesInAnyNumberOfPartsAreOneRun) {
  // 8 chunks, the last one of 26 inputs.
  const std::string by_position =
      "discover --model model.safetensors --inputs 250 --method eap-ig "
      "--ablation mean --positions --min-score 0.0001 --signed ";
  const std::string by_number =
      "discover --model model.safetensors --inputs 250 --method exact "
      "--ablation shuffle --seed 5 --share 0.3 ";
  const auto circuit_of = [&](const std::string& name) {
    ordered_json circuit = ordered_json::parse(content_of(at(name)));
    circuit["assay"].erase("command");
    return circuit.dump();
  };
  const auto report_of = [&](const std::string& name) {
    ordered_json report = ordered_json::parse(content_of(at(name)));
    for (const char* fact : {"command", "seconds", "circuit"}) report.erase(fact);
    return report.dump();
  };
  for (const std::string& command : {by_number, by_position}) {
    ASSERT_EQ(run(command + "--out whole.json --json report.json").code, 0);
    for (const int64_t of : {2, 3, 7}) {
      const std::string files = parts(command, fmt::format("d{}", of), of);
      const Finished merged =
          run(fmt::format("merge {} --out c.json --json merged.json --html m.html", files));
      ASSERT_EQ(merged.code, 0) << merged.error;
      EXPECT_EQ(circuit_of("c.json"), circuit_of("whole.json"));
      EXPECT_EQ(report_of("merged.json"), report_of("report.json"));
    }
  }
}

TEST_F(Merging, OfDiscoveriesRefusesWhatIsNoPart) {
  const std::string discover = "discover --model model.safetensors --inputs 70 --method eap ";
  expect_refusal(run("discover --model model.safetensors --method acdc --shard 1/2 --json no.json"),
                 {"acdc decides on all inputs at once"});
  expect_refusal(run(discover + "--shard 1/2 --json no.json --out no.json"), {"--out belongs to"});
  expect_refusal(run("discover --model model.safetensors --inputs 20 --shard 1/2 --json no.json"),
                 {"1"});  // one chunk makes no two parts
  expect_refusal(run(discover), {"--out is required"});
  const std::string files = parts(discover, "p", 3);
  refuse(files, {"--out"});
  const auto refuse_circuit = [&](const std::string& changed,
                                  const std::vector<std::string>& words) {
    expect_refusal(run("merge " + changed + " --out no.json --json no.json"), words);
    EXPECT_FALSE(std::filesystem::exists(at("no.json")));
  };
  refuse_circuit("p-1.json p-2.json", {"p-"});
  const std::string part = content_of(at("p-2.json"));
  expect_refusal(run("merge " + files + " --out p-2.json --json no.json"),
                 {"p-2.json: would overwrite a part that is read"});
  EXPECT_EQ(content_of(at("p-2.json")), part);
  edit("p-2.json", "of9.json", "/shard/of", 9);
  refuse_circuit("p-1.json of9.json p-3.json", {"of9.json: part 2/9"});
  refuse_circuit("p-1.json p-2.json p-2.json", {"p-2.json"});
  edit("p-3.json", "other.json", "/metric", "kl");
  refuse_circuit("p-1.json p-2.json other.json", {"p-1.json and other.json are not of one run"});
  edit("p-3.json", "other.json", "/chunks/0/sum", ordered_json::array({1.0}));
  refuse_circuit("p-1.json p-2.json other.json", {"other.json: chunks[0]: field 'sum'"});
  edit("p-3.json", "other.json", "/chunks", ordered_json::array());
  refuse_circuit("p-1.json p-2.json other.json", {"other.json: field 'chunks'"});
  for (const char* part : {"1.json", "2.json", "3.json"})
    edit(std::string("p-") + part, std::string("a-") + part, "/ablation", "zeros");
  refuse_circuit("a-1.json a-2.json a-3.json", {"a-1.json", "unknown ablation 'zeros'", "zero"});
  for (const char* part : {"p-1.json", "p-2.json", "p-3.json"})
    edit(part, part, "/model/sha256", "00");
  refuse_circuit("p-1.json p-2.json p-3.json", {"its hash differs"});
}

TEST_F(Merging, OfDiscoveriesRefusesPartsThatWereScoredInAnotherWay) {
  const std::string discover = "discover --model model.safetensors --inputs 70 ";
  const std::string first = "p-1.json", second = "p-2.json";
  parts(discover + "--method eap-ig --steps 3 --edges 9", "p", 2);
  const auto refuse_circuit = [&](const std::string& files, const std::vector<std::string>& words) {
    expect_refusal(run("merge " + files + " --out no.json --json no.json"), words);
    EXPECT_FALSE(std::filesystem::exists(at("no.json")));
  };
  const std::vector<std::pair<std::string, std::string>> others = {
      {"--method eap --edges 9", "method is "},
      {"--method eap-ig --steps 4 --edges 9", "steps is "},
      {"--method eap-ig --steps 3 --edges 9 --metric kl", "metric is "},
      {"--method eap-ig --steps 3 --edges 9 --ablation zero", "ablation is "},
      {"--method eap-ig --steps 3 --edges 8", "selection"},
      {"--method eap-ig --steps 3 --edges 9 --seed 5", "inputs"}};
  for (const auto& [options, member] : others) {
    ASSERT_EQ(run(discover + options + " --shard 2/2 --json q.json").code, 0) << options;
    refuse_circuit("p-1.json q.json", {"p-1.json and q.json are not of one run", member});
  }
  // Parts that were edited alike agree, and are refused where nothing could have scored them so.
  const auto refuse_alike = [&](const char* pointer, const ordered_json& value,
                                const std::vector<std::string>& words) {
    for (const std::string& part : {first, second}) edit(part, "a" + part, pointer, value);
    refuse_circuit("ap-1.json ap-2.json", words);
  };
  refuse_alike("/method", "eap-gi", {"ap-1.json", "'eap-gi'", "eap-ig"});
  refuse_alike("/method", "eap", {"ap-1.json", "steps"});
  refuse_alike("/method", "acdc", {"ap-1.json", "'threshold': is missing, an option of acdc"});
  refuse_alike("/metric", "k-l", {"ap-1.json", "'k-l'"});
  refuse_alike("/steps", "3", {"ap-1.json", "steps"});
  refuse_alike("/threshold", 0.1, {"ap-1.json", "threshold"});
}

}  // namespace merge_test
}  // namespace assay::tools
