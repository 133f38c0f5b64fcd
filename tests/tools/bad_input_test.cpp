// Every bad input gets exit code 2 and one line that says what, where and what was expected, and
// leaves nothing behind. The real binary runs.

#include <torch/types.h>

#include <algorithm>
#include <limits>

#include "circuits/interpretation/interpretation_file.h"
#include "interp/adapters/model_file.h"
#include "interp/files/safetensors.h"
#include "interp/network/transformer.h"
#include "tasks/registry.h"
#include "tests/interp/scratch.h"
#include "tests/tools/run_assay.h"

namespace assay::tools {
namespace bad_input_test {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr const char* kGood = "( x0 x1 ) ( Not(x0) x2 ) ( x1 x2 ) ( x0 Not(x2) )";

class BadInput : public interp::Scratch {
 protected:
  // A network of random weights is good enough: its interpretation is wrong, not malformed.
  BadInput() {
    const auto task = tasks::make_task("two-sat", {{"variables", 3}, {"clauses", 4}});
    interp::Transformer model(sizes(*task));
    interp::initialise(model, {.seed = 1});
    interp::save_model(model, at("model.safetensors"), {{"task", task->to_json()}});
    const auto loaded = interp::load_model(at("model.safetensors"));
    auto derived = task->need<tasks::Interpretations>().derive(
        *loaded.model, {.variant = "disjunction", .inputs = 200});
    derived.interpretation.model_sha256 = loaded.sha256;
    circuits::save_interpretation(derived.interpretation, at("good.json"));
    before_ = files();
  }

  static interp::TransformerConfig sizes(const tasks::Task& task) {
    return {.d_vocab = task.d_vocab(),
            .n_ctx = task.n_ctx(),
            .d_model = 16,
            .d_mlp = 16,
            .n_heads = {1, 2},
            .d_head = {16, 8}};
  }

  /// Writes `edit`ed copy of the good interpretation.
  template <typename Edit>
  void put_interpretation(const std::string& name, const Edit& edit) {
    json file = json::parse(content_of(at("good.json")));
    edit(file);
    put(name + ".json", file.dump());
    fs::copy_file(at("good.safetensors"), at(name + ".safetensors"));
    before_ = files();
  }

  /// The run must be refused in one line that holds all `words`, and must leave no file.
  void refuse(const std::string& arguments, const std::vector<std::string>& words,
              const std::string& before = "") {
    before_.insert({"out.txt", "error.txt"});
    before_.merge(files());
    const Finished run = run_assay(arguments, at(""), before);
    EXPECT_EQ(run.code, 2) << arguments << "\n" << run.out << run.error;
    EXPECT_EQ(std::ranges::count(run.error, '\n'), 1) << run.error;
    EXPECT_THAT(run.error, testing::StartsWith("assay"));
    for (const std::string& word : words) EXPECT_THAT(run.error, testing::HasSubstr(word));
    EXPECT_EQ(files(), before_) << arguments;
  }

  std::string validate(const std::string& more, const std::string& interpretation = "good.json",
                       const std::string& model = "model.safetensors") {
    return "validate --task two-sat --inputs 300 --model " + model + " --interpretation " +
           interpretation + " " + more;
  }

  std::set<std::string> files() const {
    std::set<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(at(""))) {
      names.insert(fs::relative(entry.path(), at("")).string());
    }
    return names;
  }

 private:
  std::set<std::string> before_;
};

TEST_F(BadInput, GoodOnesPass) {
  const Finished run = run_assay(validate("--json report.json"), at(""));
  EXPECT_EQ(run.code, 0) << run.error;
  EXPECT_TRUE(fs::exists(at("report.json")));
}

TEST_F(BadInput, NoOrUnknownSubcommandAndOption) {
  refuse("", {"expected a command", "validate"});
  refuse("explian", {"unknown command 'explian'", "'explain'"});
  refuse("validate --modle m", {"assay validate: unknown option --modle", "--model"});
  refuse("validate --model m", {"assay validate:", "--interpretation", "required"});
  refuse(validate("--nosuch"), {"--nosuch"});
  refuse(validate("--threads 0"), {"--threads"});
  refuse(validate("--confidence 1.5"), {"--confidence", "between 0 and 1"});
  refuse(validate("--device tpu"), {"--device", "cpu"});
  refuse(validate("--seed -1"), {"--seed: expected a whole number from 0 to", "got -1"});
}

TEST_F(BadInput, AClaimThatDoesNotHoldIsSaidEvenQuietly) {
  const std::string asked =
      "validate --inputs 300 --model model.safetensors --quiet "
      "--interpretation good.json --claim 'or.PE<=0' 'parse.PR<=1'";
  const Finished run = run_assay(asked, at(""));  // no --task: the interpretation names it
  EXPECT_EQ(run.code, 3) << run.error;
  // The untrained network gives one answer, so that nothing can be told of the other claim either.
  EXPECT_THAT(run.out,
              testing::StartsWith("COULD NOT BE TESTED  0 of 2 claims, together at 95%. "));
  EXPECT_EQ(std::ranges::count(run.out, '\n'), 1);
  EXPECT_EQ(run.error, "");
}

TEST_F(BadInput, UnknownNamesAreAnsweredByTheKnownOnes) {
  refuse("train nosuch --out run", {"unknown task 'nosuch'", "two-sat"});
  refuse("train", {"expected a task", "two-sat"});
  refuse("train two-sat --out run --preset nosuch", {"unknown preset 'nosuch'", "fast"});
  refuse("derive two-sat --model model.safetensors --out . --variant nosuch",
         {"unknown variant 'nosuch'", "trees, disjunction"});
  refuse("validate --task nosuch --model model.safetensors --interpretation good.json",
         {"unknown task 'nosuch'", "two-sat"});
}

TEST_F(BadInput, UnknownSiteAndOperationInAnInterpretation) {
  put_interpretation("site",
                     [](json& file) { file["nodes"][0]["sites"][0] = "blocks.9.hook_resid_post"; });
  refuse(validate("", "site.json"),
         {"site.json", "node 1 (parse)", "blocks.9.hook_resid_post", "blocks.1.hook_resid_post"});
  put_interpretation("position", [](json& file) {
    file["nodes"][0]["sites"][0] = "blocks.0.hook_resid_post[pos=99]";
  });
  refuse(validate("", "position.json"), {"position 99 is out of range [0, 17)"});
  put_interpretation("operation",
                     [](json& file) { file["nodes"][1]["h"]["operation"] = "nosuch"; });
  refuse(validate("", "operation.json"), {"evaluate", "nosuch", "truth_table_programs"});
}

TEST_F(BadInput, InterpretationThatDoesNotBelongToTheModel) {
  put_interpretation("other", [](json& file) { file["model_sha256"] = std::string(64, 'a'); });
  refuse(validate("", "other.json"), {"another model", "aaaaaaaaaaaa"});
  const auto task = tasks::make_task("two-sat", {{"variables", 3}, {"clauses", 4}});
  interp::TransformerConfig shallow = sizes(*task);  // lacks most sites of the interpretation
  shallow.n_heads = {1};
  shallow.d_head = {16};
  interp::Transformer model(shallow);
  interp::initialise(model, {.seed = 1});
  interp::save_model(model, at("shallow.safetensors"), {{"task", task->to_json()}});
  refuse(validate("", "good.json", "shallow.safetensors"), {"good.json", "another model"});
  put_interpretation("task", [](json& file) { file["task"]["settings"]["variables"] = 5; });
  refuse(validate("", "task.json"), {"d_vocab 12", "needs d_vocab 16"});
}

TEST_F(BadInput, Claims) {
  refuse(validate("--claim 'nosuch.PE<=0.1'"), {"unknown node 'nosuch'", "parse, evaluate, or"});
  refuse(validate("--claim 'parse.XX<=0.1'"), {"unknown axiom 'XX'", "PE, CE, PR, CR"});
  refuse(validate("--claim parse.PE"), {"expected NODE.AXIOM<=RATE"});
  refuse(validate("--claim 'parse.PR[maybe]<=0.1'"), {"unknown answer 'maybe'", "UNSAT", "SAT"});
  refuse(validate("--stop decided"), {"--stop decided", "no claim", "--claim"});
  refuse(validate("--stop soon --claim 'or.PE<=0.1'"), {"--stop", "soon", "decided"});
  refuse(validate("--claim 'or.PE<=0.1' 'or.PE<=0.2'"), {"two claims on or.PE"});
}

TEST_F(BadInput, SourcesOfExchangedValues) {
  refuse(validate("--sources nowhere"), {"--sources", "nowhere", "counterfactuals"});
  refuse(validate("--sources all"), {"--sources all", "these inputs are draws", "--data"});
  put("data.txt", std::string(kGood) + "\n");
  const std::string listed =
      "validate --task two-sat --model model.safetensors --interpretation good.json --data "
      "data.txt ";
  refuse(listed + "--sources counterfactuals", {"--sources counterfactuals", "are listed"});
  refuse(listed + "--interchange --independent", {"--interchange", "leave out --independent"});
  // Bases and sources of different lengths cannot be lined up.
  put("data.txt", std::string(kGood) + "\n( x0 x1 )\n");
  refuse(listed + "--interchange", {"data.txt:2:", "1 clauses", "expects 4"});
}

TEST_F(BadInput, FeaturesThatTheTaskDoesNotHave) {
  const auto task = tasks::make_task("modular-addition", {{"p", 5}});
  interp::Transformer network(sizes(*task));
  interp::initialise(network, {.seed = 1});
  interp::save_model(network, at("sum.safetensors"), {{"task", task->to_json()}});
  refuse("explain '1 + 2 =' --model sum.safetensors --features clause --method occlusion:deletion",
         {"clause", "modular-addition"});
}

TEST_F(BadInput, Formulas) {
  refuse("solve '( x0 x0 )'", {"x0"});
  refuse("solve '( x0 x9 )'", {"9"});
  refuse("solve nosuch.cnf", {"nosuch.cnf", "No such file"});
  put("empty.cnf", "");
  refuse("solve empty.cnf", {"empty.cnf"});
  refuse("solve '( x0 x1 )' --model model.safetensors", {"1 clauses", "4 over 3"});
}

TEST_F(BadInput, DataFiles) {
  const std::string data = std::string(kGood) + "\n";
  put("empty.txt", "# nothing\n\n");
  refuse(
      "validate --task two-sat --model model.safetensors --interpretation good.json "
      "--data empty.txt",
      {"empty.txt", "no input"});
  const auto refuse_data = [&](const std::string& line, const std::vector<std::string>& words) {
    put("data.txt", "# formulas\n" + data + line + "\n");
    refuse(
        "validate --task two-sat --model model.safetensors --interpretation good.json "
        "--data data.txt",
        words);
  };
  refuse_data("( x0 x9 ) ( x0 x1 ) ( x0 x1 ) ( x0 x1 )", {"data.txt:3:", "9"});
  refuse_data("( x0 x0 ) ( x0 x1 ) ( x0 x1 ) ( x0 x1 )", {"data.txt:3:", "x0"});
  refuse_data(data + "( x0 x1 )", {"data.txt:4:", "1 clauses", "expects 4"});
}

TEST_F(BadInput, DataThatTheInterpretationWasFittedOn) {
  const auto task = tasks::make_task("two-sat", {{"variables", 3}, {"clauses", 4}});
  const at::Tensor fitted = task->sample(tasks::Part::Derive, 0, 150, 2).tokens;
  put("data.txt", "# two of three\n" + std::string(kGood) + "\n" + task->to_text(fitted[0]) + "\n" +
                      task->to_text(fitted[1]) + "\n");
  refuse(
      "validate --task two-sat --model model.safetensors --interpretation good.json "
      "--data data.txt",
      {"data.txt", "of 3 inputs", "fitted on", "line 3"});
}

TEST_F(BadInput, PartsOfInputsThatHaveNoEnd) {
  refuse("validate --task two-sat --model model.safetensors --interpretation good.json --part all",
         {"--part", "two-sat are too many to be listed"});
}

TEST_F(BadInput, EmptyAndMissingFiles) {
  put("empty", "");
  put("empty.json", "");
  refuse(validate("", "good.json", "nosuch"), {"nosuch"});
  refuse(validate("", "good.json", "empty"), {"empty"});
  refuse(validate("", "empty.json"), {"empty.json"});
  refuse("inspect empty", {"empty"});
  refuse("convert empty out.safetensors", {"empty"});
  refuse("convert model.safetensors model.safetensors", {"overwrite"});
}

TEST_F(BadInput, NanWeights) {
  interp::Safetensors content = interp::read_safetensors(at("model.safetensors"));
  content.tensors["blocks.0.mlp.W_in"][0][0] = std::numeric_limits<float>::quiet_NaN();
  interp::write_safetensors(at("nan.safetensors"), content);
  refuse("inspect nan.safetensors", {"nan.safetensors", "blocks.0.mlp.W_in", "NaN"});
}

TEST_F(BadInput, NetworksWhoseLogitsAreNotFiniteOrTie) {
  interp::Safetensors content = interp::read_safetensors(at("model.safetensors"));
  const auto with = [&](const char* name, const std::string& file, double value) {
    interp::Safetensors changed = content;
    changed.tensors[name] = at::full_like(content.tensors[name], value);
    interp::write_safetensors(at(file), changed);
  };
  with("blocks.0.mlp.W_out", "enormous.safetensors", 1e38);
  with("unembed.W_U", "silent.safetensors", 0);
  const std::vector<std::string> words = {"logits", "not finite"};
  const std::string formula = " '" + std::string(kGood) + "'";
  refuse("solve --model enormous.safetensors" + formula, words);
  refuse("explain --model enormous.safetensors --method occlusion" + formula, words);
  refuse("discover --model enormous.safetensors --inputs 8 --out no.json", words);
  const Finished tie =
      run_assay("solve --model silent.safetensors --json tie.json" + formula, at(""));
  EXPECT_EQ(tie.code, 0) << tie.error;
  EXPECT_THAT(tie.out, testing::HasSubstr("a tie"));
  EXPECT_EQ(tie.out.find("right,"), std::string::npos) << tie.out;
  EXPECT_TRUE(json::parse(content_of(at("tie.json")))["network"]["satisfiable"].is_null());
  const Finished explained =
      run_assay("explain --model silent.safetensors --method occlusion" + formula, at(""));
  EXPECT_THAT(explained.out, testing::HasSubstr("a tie of UNSAT, SAT"));
}

TEST_F(BadInput, OutputThatCannotBeWritten) {
  refuse(validate("--json nosuch/report.json"), {"nosuch/report.json", "No such file"});
  refuse("train two-sat --out /proc/run", {"/proc/run"});
  refuse("derive two-sat --model model.safetensors --out /proc/run", {"/proc/run"});
  refuse("convert model.safetensors /proc/out.safetensors", {"/proc/out.safetensors"});
  const std::string full_disk = "trap '' XFSZ; ulimit -f 1;";
  refuse("convert model.safetensors out.safetensors", {"out.safetensors", "File too large"},
         full_disk);
}

TEST_F(BadInput, FolderThatHoldsARunOrNone) {
  fs::create_directory(at("taken"));
  put("taken/manifest.json", "{}");
  refuse("train two-sat --out taken", {"taken", "holds a run already", "--resume"});
  refuse("train two-sat --out taken --resume", {"taken/manifest.json", "not the manifest"});
  refuse("train two-sat --out nosuch --resume", {"nosuch", "no run to resume"});
}

TEST_F(BadInput, RunsThatAreNoReportsAndPagesThatCannotBeWritten) {
  put("broken.json", "{");
  put("other.json", "{\"x\": 1}");
  refuse("report nosuch.json --out page.html", {"nosuch.json"});
  refuse("report broken.json --out page.html", {"broken.json", "not a report"});
  refuse("report other.json --out page.html",
         {"other.json", "validate, plan, prove, attack, measure, discover"});
  refuse("report good.json --out page.html", {"good.json", "expected a report"});
  refuse("report good.json --out nosuch/page.html", {"nosuch/page.html", "cannot write"});
  refuse(validate("--html nosuch/page.html"), {"nosuch/page.html", "cannot write"});
}

TEST_F(BadInput, FilesThatAreNestedDeeplyOrHaveNoEnd) {
  put("deep.json", "{\"x\": " + std::string(100'000, '[') + std::string(100'000, ']') + "}");
  refuse("report deep.json --out page.html", {"deep.json", "field 'x[0]", "nested more than"});
  refuse("report /dev/zero --out page.html", {"/dev/zero", "a regular file"});
  refuse("graph /dev/zero --out x.dot", {"/dev/zero", "a regular file"});
  refuse(
      "validate --task two-sat --model model.safetensors --interpretation good.json "
      "--data /dev/zero",
      {"/dev/zero", "more than 256 MiB"});
}

TEST_F(BadInput, TextsOfFilesSteerNoTerminal) {
  put_interpretation("steering", [](json& file) {
    file["title"] = "nice\x1b]0;title\x07\x1b[2J\n\x1b[32mAll claims hold \u202e";
  });
  const Finished run = run_assay(validate("", "steering.json"), at(""));
  EXPECT_EQ(run.code, 0) << run.error;
  EXPECT_EQ(run.out.find('\x1b'), run.out.npos);
  EXPECT_THAT(run.out, testing::HasSubstr("nice\\x1b]0;title\\x07\\x1b[2J\\x0a\\x1b[32mAll"));
  put_interpretation("name", [](json& file) { file["nodes"][1]["name"] = "\x1b[2Jx"; });
  refuse(validate("", "name.json"), {"\\x1b[2Jx"});
}

TEST_F(BadInput, APathWithAParenthesisIsAPath) {
  put("a(1).cnf", "p cnf 2 1\n1 2 0\n");
  EXPECT_EQ(run_assay("solve 'a(1).cnf'", at("")).code, 0);
  refuse("solve 'b(1).cnf'", {"neither a file nor a formula"});
}

}  // namespace bad_input_test
}  // namespace assay::tools
