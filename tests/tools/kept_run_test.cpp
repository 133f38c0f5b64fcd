// Runs that are interrupted, killed and gone on with, through the command: their results are those
// of runs without a break, and what is no beginning of the run is refused.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "circuits/interpretation/interpretation_file.h"
#include "tests/tools/model_folder.h"

namespace assay::tools {
namespace kept_run_test {

using nlohmann::ordered_json;
using testing::HasSubstr;

/// A command whose run is kept, and the member that holds its items.
struct Kept {
  std::string command, list, more;
};

class KeptRuns : public ModelFolder {
 protected:
  KeptRuns() {
    const auto loaded = interp::load_model(at("model.safetensors"));
    const auto task = tasks::task_from_json(loaded.metadata["task"]);
    auto derived = task->need<tasks::Interpretations>().derive(
        *loaded.model, {.variant = "disjunction", .inputs = 200});
    derived.interpretation.model_sha256 = loaded.sha256;
    circuits::save_interpretation(derived.interpretation, at("claim.json"));
    EXPECT_EQ(run("discover --model model.safetensors --method eap --inputs 40 --out c.json").code,
              0);
  }

  std::vector<Kept> all() const {
    return {{"discover --model model.safetensors --inputs 200 --method exact", "chunks",
             " --out found.json"},
            {"measure --model model.safetensors --circuit c.json --inputs 200 --tests --draws 9",
             "chunks", ""},
            {"mutate --interpretation claim.json --table --inputs 256", "mutations", ""}};
  }
  ordered_json read(const std::string& name) const {
    return ordered_json::parse(content_of(at(name)));
  }
  std::string facts_aside(const std::string& name) const {
    ordered_json report = read(name);
    for (const char* fact : {"command", "seconds", "circuit"}) report.erase(fact);
    return report.dump();
  }
  /// What an interrupted run leaves: the record of a part that is the whole run, with some items.
  void begin(const Kept& kept, const std::string& name) const {
    ordered_json whole;
    for (const int64_t i : {1, 2}) {
      const std::string part = fmt::format("half-{}.json", i);
      ASSERT_EQ(run(fmt::format("{} --shard {}/2 --json {}", kept.command, i, part)).code, 0);
      const ordered_json half = read(part);
      if (i == 1)
        whole = half;
      else
        for (size_t n = 0; n < half[kept.list].size();
             ++n)  // the first item of this half is missing
          whole[kept.list].push_back(n == 0 ? ordered_json() : half[kept.list][n]);
    }
    whole["shard"]["of"] = 1;
    whole["partial"] = true;
    put(name, whole.dump());
  }
};

TEST_F(KeptRuns, SlowGoOnAsIfThereHadBeenNoBreak) {
  for (const Kept& kept : all()) {
    ASSERT_EQ(run(kept.command + kept.more + " --json whole.json").code, 0);
    begin(kept, "begun.json");
    const Finished resumed = run(kept.command + kept.more + " --resume --json begun.json");
    EXPECT_EQ(resumed.code, 0) << resumed.error;
    EXPECT_EQ(facts_aside("begun.json"), facts_aside("whole.json")) << kept.command;
    // Once more there is nothing left to go on from.
    expect_refusal(run(kept.command + kept.more + " --resume --json begun.json"),
                   {"begun.json", "finished"});
  }
}

TEST_F(KeptRuns, SlowAPartGoesOnAsWell) {
  for (const Kept& kept : all()) {
    const std::string part = kept.command + " --shard 2/2 --json part.json";
    ASSERT_EQ(run(part).code, 0);
    const std::string done = facts_aside("part.json");
    ordered_json begun = read("part.json");
    begun[kept.list][1] = nullptr;
    begun["partial"] = true;
    put("part.json", begun.dump());
    EXPECT_EQ(run(part + " --resume").code, 0);
    EXPECT_EQ(facts_aside("part.json"), done) << kept.command;
    EXPECT_EQ(run(part + " --resume").code, 0);  // with nothing left to do
    EXPECT_EQ(facts_aside("part.json"), done) << kept.command;
    expect_refusal(run(kept.command + " --shard 1/2 --resume --json part.json"), {"part.json"});
  }
}

TEST_F(KeptRuns, RefuseWhatIsNoBeginningOfThem) {
  const Kept kept = all().front();
  begin(kept, "begun.json");
  const std::string before = content_of(at("begun.json"));
  const auto refuse = [&](const std::string& more, const std::vector<std::string>& words) {
    expect_refusal(run(kept.command + kept.more + " --resume --json begun.json " + more), words);
  };
  refuse("--seed 9", {"begun.json", "seed is 0 in the one and 9 in the other"});
  refuse("--metric kl", {"metric is \"logit-difference\" in the one"});
  refuse("--share 0.5", {"selection.share"});
  expect_refusal(run("discover --model model.safetensors --inputs 200 --method eap --resume --json "
                     "begun.json" +
                     kept.more),
                 {"method is \"exact\" in the one"});
  EXPECT_EQ(content_of(at("begun.json")), before);
  const auto refuse_changed = [&](const char* pointer, const ordered_json& value,
                                  const std::vector<std::string>& words) {
    ordered_json changed = ordered_json::parse(before);
    changed[ordered_json::json_pointer(pointer)] = value;
    put("begun.json", changed.dump());
    refuse("", words);
  };
  refuse_changed("/model/sha256", "00", {"model.sha256 is \"00\""});
  refuse_changed("/version", "0.0.0", {"version is \"0.0.0\""});
  refuse_changed("/loaded", ordered_json::array(), {"loaded is [] in the one and not there"});
  refuse_changed("/task/settings/variables", 4, {"task.settings"});
  refuse_changed("/kind", "measurement", {"expected \"discovery\""});
  refuse_changed("/chunks/0/sum/0", nullptr, {"chunks[0]", "found null"});
  refuse_changed("/chunks/0/sum", "none", {"chunks[0]"});
  refuse_changed("/chunks", ordered_json::array({nullptr}), {"chunks"});
  refuse_changed("/seconds", -1, {"seconds"});
  refuse_changed("/shard", 3, {"shard"});
  put("begun.json", "{");
  refuse("", {"begun.json"});
  expect_refusal(run(kept.command + kept.more + " --resume --json nosuch.json"), {"nosuch.json"});
  expect_refusal(run(kept.command + kept.more + " --resume"), {"--json"});
  expect_refusal(run("discover --model model.safetensors --method acdc --out found.json --resume "
                     "--json begun.json"),
                 {"acdc decides on all inputs at once"});
  expect_refusal(run("mutate --interpretation claim.json --list --resume --json begun.json"),
                 {"--resume: --table goes on"});
}

// A validation counts inputs, of which a kill leaves a beginning.
TEST_F(KeptRuns, SlowAValidationAfterAKill) {
  const std::string command =
      "validate --model model.safetensors --interpretation claim.json --inputs 60000 --stop never "
      "--claim 'or.PE<=0.5' ";
  const auto counts = [&](const std::string& name) {
    ordered_json report = read(name);
    for (const char* fact : {"command", "threads", "blas", "times"}) report.erase(fact);
    return report.dump();
  };
  const int code = run(command + "--json whole.json").code;
  const Finished stopped =
      run_assay(command + "--json killed.json", at(""),
                "(while [ ! -e killed.json ]; do sleep 0.02; done; kill -KILL \\$\\$) &");
  ASSERT_EQ(stopped.code, 128 + 9) << stopped.out;
  EXPECT_TRUE(read("killed.json")["partial"].get<bool>());
  EXPECT_LT(read("killed.json")["inputs"], 60000);
  EXPECT_EQ(run(command + "--resume killed.json --json killed.json").code, code);
  EXPECT_EQ(counts("killed.json"), counts("whole.json"));
}

TEST_F(KeptRuns, SlowAfterAKillOrAnInterrupt) {
  // Takes seconds, and is kept from its first chunk on.
  const std::string command =
      "discover --model model.safetensors --inputs 20000 --method exact --out found.json ";
  ASSERT_EQ(run(command + "--json whole.json").code, 0);
  for (const auto& [signal, code] : {std::pair("KILL", 128 + 9), std::pair("INT", 130)}) {
    const std::string report = fmt::format("{}.json", signal);
    const Finished stopped = run_assay(
        command + "--json " + report, at(""),
        "(while [ ! -e " + report + " ]; do sleep 0.02; done; kill -" + signal + " \\$\\$) &");
    ASSERT_EQ(stopped.code, code) << stopped.out;
    EXPECT_TRUE(read(report)["partial"].get<bool>());
    if (code == 130) {
      EXPECT_THAT(stopped.out, HasSubstr("--resume goes on"));
    }
    EXPECT_EQ(run(command + "--resume --json " + report).code, 0);
    EXPECT_EQ(facts_aside(report), facts_aside("whole.json"));
  }
}

}  // namespace kept_run_test
}  // namespace assay::tools
