// A record says the same sentences wherever it is shown: on the terminal, on a page and, for
// validations, in Markdown and JUnit's XML. Each sentence is computed here from the record alone,
// and must stand in all of them, word for word.

#include <fmt/format.h>

#include <boost/property_tree/xml_parser.hpp>
#include <regex>

#include "axioms/report.h"
#include "circuits/interpretation/interpretation_file.h"
#include "tasks/comparison_fields.h"
#include "tasks/synthetic_text/study_fields.h"
#include "tests/tools/model_folder.h"
#include "tools/certified_text.h"
#include "tools/comparison_words.h"
#include "tools/explained_fields.h"
#include "tools/explained_sentence.h"
#include "tools/found_sentences.h"
#include "tools/interpretation_fields.h"
#include "tools/manifest_fields.h"
#include "tools/measure_fields.h"
#include "tools/measure_text.h"
#include "tools/mutation_text.h"
#include "tools/prove_text.h"
#include "tools/study_result.h"
#include "tools/validation_record.h"
#include "tools/verdict_words.h"

namespace assay::tools {
namespace one_sentence_test {

using nlohmann::ordered_json;
using testing::HasSubstr;

/// Lines are broken where there is room: blanks of any kind and number are one.
std::string on_one_line(const std::string& text) {
  return std::regex_replace(text, std::regex("\\s+"), " ");
}

/// What a reader of a page sees of its text: no style, no script, no tags, and characters in place
/// of entities.
std::string text_of_page(std::string html) {
  for (const std::string name : {"style", "script"})
    for (size_t from; (from = html.find("<" + name)) != html.npos;)
      html.erase(from, html.find("</" + name + ">", from) + name.size() + 3 - from);
  html = std::regex_replace(html, std::regex("<[^>]*>"), "");
  for (const auto& [entity, character] :
       {std::pair{"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&#39;", "'"}, {"&amp;", "&"}})
    html = std::regex_replace(html, std::regex(entity), character);
  return on_one_line(html);
}

/// Without the backslashes before what Markdown would take for markup.
std::string text_of_markdown(const std::string& markdown) {
  return on_one_line(std::regex_replace(markdown, std::regex(R"(\\([<>*_`\[\]\\|]))"), "$1"));
}

class OneSentence : public ModelFolder {
 protected:
  OneSentence() {
    const auto loaded = interp::load_model(at("model.safetensors"));
    const auto task = tasks::task_from_json(loaded.metadata["task"]);
    auto derived = task->need<tasks::Interpretations>().derive(
        *loaded.model, {.variant = "disjunction", .inputs = 200});
    derived.interpretation.model_sha256 = loaded.sha256;
    circuits::save_interpretation(derived.interpretation, at("claim.json"));
  }

  /// Runs a command, with its record and its page.
  void show(const std::string& command, const std::string& more = "--html page.html") {
    const Finished shown = run_assay(command + " --json record.json " + more, at(""),
                                     "export LC_ALL=C.UTF-8;");  // that can write ’ and ≥
    ASSERT_NE(shown.code, 2) << shown.error;
    terminal_ = on_one_line(shown.out);
    if (!more.starts_with("--html")) page_from_record();
    page_ = text_of_page(content_of(at("page.html")));
    record_ = ordered_json::parse(content_of(at("record.json")));
  }
  void page_from_record() {
    const Finished written = run("report record.json --out page.html");
    ASSERT_EQ(written.code, 0) << written.error;
  }
  void expect_said(const std::string& sentence) const {
    ASSERT_FALSE(sentence.empty());
    EXPECT_THAT(terminal_, HasSubstr(on_one_line(sentence)));
    EXPECT_THAT(page_, HasSubstr(on_one_line(sentence)));
  }

  std::string terminal_, page_;
  ordered_json record_;
};

/// Of a validation, shown with this.
constexpr const char* kFourForms = "--html page.html --junit junit.xml --markdown summary.md";

class OneSentenceOfAValidation : public OneSentence {
 protected:
  void expect_in_all_four_forms() const {
    const ValidationRecord record = read_validation(at("record.json"));
    const VerdictWords words = verdict_words(record.report, *record.task);
    const std::string markdown = text_of_markdown(content_of(at("summary.md")));
    EXPECT_EQ(markdown, text_of_markdown(run("report record.json --format markdown").out));
    boost::property_tree::ptree junit;
    boost::property_tree::read_xml(at("junit.xml").string(), junit);
    const std::string xml = on_one_line(junit.get<std::string>("testsuites.testsuite.system-out"));
    for (const std::string& sentence : {words.say, words.but}) {
      if (sentence.empty()) continue;
      expect_said(sentence);
      EXPECT_THAT(markdown, HasSubstr(on_one_line(sentence)));
      EXPECT_THAT(xml, HasSubstr(on_one_line(sentence)));
    }
    EXPECT_THAT(terminal_, HasSubstr(on_one_line(sentence_of(words))));
    EXPECT_THAT(xml, HasSubstr(on_one_line(sentence_of(words))));
    EXPECT_THAT(page_, HasSubstr(on_one_line(words.head)));
    EXPECT_THAT(markdown, HasSubstr(on_one_line(words.head)));
    const std::string counts = on_one_line(axioms::verdict_sentence(record.report));
    for (const std::string& form : {terminal_, markdown, xml}) EXPECT_THAT(form, HasSubstr(counts));
  }
};

TEST_F(OneSentenceOfAValidation, StandsInAllFourForms) {
  for (const std::string claims :
       {"", "--claim 'or.PE<=0.9' 'parse.PR<=0.9'", "--claim 'or.PE<=0.9' 'parse.PE<=0.0001'"}) {
    show("validate --model model.safetensors --interpretation claim.json --inputs 500 " + claims,
         kFourForms);
    expect_in_all_four_forms();
  }
}

TEST_F(OneSentenceOfAValidation, OfPartsStandsThereOnceTheyAreMerged) {
  for (const std::string part : {"1", "2"}) {
    const Finished written =
        run("validate --model model.safetensors --interpretation claim.json --inputs 500 --claim "
            "'or.PE<=0.9' 'parse.PE<=0.0001' --shard " +
            part + "/2 --json part" + part + ".json");
    ASSERT_NE(written.code, 2) << written.error;
  }
  show("merge part1.json part2.json", kFourForms);
  expect_in_all_four_forms();
}

TEST_F(OneSentence, SlowOfAMeasurement) {
  ASSERT_EQ(run("discover --model model.safetensors --method eap --inputs 40 --out c.json").code,
            0);
  show(
      "measure --model model.safetensors --circuit c.json --inputs 40 --method eap --draws 19 "
      "--curve --tests --completeness --stability --certified-stability");
  const auto record = interp::read_record<MeasurementRecord>(record_, "record.json");
  const auto measures = interp::read_record<circuits::Measures>(record.measures, "measures");
  expect_said(size_text(measures.edges, measures.of_edges));
  expect_said(intervals_sentence(measures));
  expect_said(cpr_sentence(*record.curve));
  expect_said(cmd_sentence(*record.curve));
  expect_said(completeness_sentence(*record.completeness));
  expect_said(stability_sentence(*record.stability));
  auto certified = *record.certified_stability;
  conclude(certified);
  expect_said(certified_sentence(certified));
  ASSERT_TRUE(record.tests->equivalence);
  for (const circuits::Finding& finding :
       {record.tests->equivalence->finding, record.tests->sufficiency->finding}) {
    expect_said(finding.claim);
    expect_said(finding.because);
  }
}

TEST_F(OneSentence, OfADiscovery) {
  show("discover --model model.safetensors --method eap --inputs 40 --out c.json");
  int64_t kept = 0;
  for (const auto& [edge, scored] : record_["edges"].items())
    kept += scored["in_graph"].get<bool>();
  expect_said(circuit_sentence(kept, std::ssize(record_["edges"])));
}

TEST_F(OneSentence, OfAnExplanation) {
  show(
      "explain --model model.safetensors --features clause --method lime --method "
      "occlusion '( x0 x1 ) ( x0 Not(x1) ) ( Not(x0) x1 ) ( Not(x0) Not(x1) )'");
  const auto explained = interp::read_record<ExplainedRecord>(record_, "record.json");
  const auto task = tasks::task_from_json(*explained.task);
  std::vector<std::string> features;
  for (const auto& feature : explained.features) features.push_back(feature.name);
  expect_said(plain_text(
      explained_sentence(task.get(), "UNSAT", features, columns_of(record_["explanations"]))));
  for (const auto& explanation : record_["explanations"])
    if (explanation.contains("caveat")) expect_said(explanation["caveat"]);
}

TEST_F(OneSentence, OfAComparison) {
  const std::string folder = ASSAY_SOURCE "/tasks/two_sat/variable/";
  show("compare --model " + folder + "model.safetensors --interpretation " + folder +
       "trees.json --methods random,occlusion:deletion --inputs 4 --rows 20");
  const auto summary = interp::read_record<tasks::ComparisonSummary>(record_["summary"], "summary");
  expect_said(comparison_headline(summary));
}

TEST_F(OneSentence, OfATableOfMutations) {
  show("mutate --model model.safetensors --interpretation claim.json --table --inputs 300", "");
  expect_said(caught_sentence(mutations_from_json(record_["mutations"], "record.json")));
}

TEST_F(OneSentence, OfProofs) {
  const std::string folder = ASSAY_SOURCE "/tasks/two_sat/variable/";
  show("prove --model " + folder + "model.safetensors --interpretation " + folder +
           "trees.json --statement 'h = specification'",
       "");
  const auto record = interp::read_record<ProofsRecord>(record_, "record.json");
  std::vector<std::string> verdicts;
  for (const StatementRecord& statement : record.statements) {
    expect_said(statement.words.substr(1));  // the page begins it with a capital
    verdicts.push_back(statement.verdict);
  }
  expect_said(proofs_sentence(verdicts));
  for (const proofs::EqualRows& rows : record.rows) expect_said(proofs::to_string(rows));
}

TEST_F(OneSentence, OfASearchForAFailure) {
  for (const std::string row : {"", "--interpretation claim.json --row parse.PE"}) {
    show("attack --model model.safetensors --seconds 1 " + row, "");
    const auto record = interp::read_record<AttackRecord>(record_, "record.json");
    const auto task = tasks::task_from_json(*record.task);
    expect_said(plain_text(attack_sentence(record, task.get())));
  }
}

TEST_F(OneSentence, OfASearchForAPlace) {
  show(
      "align --model model.safetensors --interpretation claim.json --inputs 400 --sites 1 "
      "--node parse",
      "");
  auto record = interp::read_record<AlignmentRecord>(record_, "record.json");
  const auto task = tasks::task_from_json(record.task);
  ASSERT_EQ(record.nodes.size(), 1u);
  axioms::conclude(record.nodes[0]);
  expect_said(plain_text(place_sentence(record.nodes[0], *task)));
}

TEST_F(OneSentence, OfAComparisonOfCircuits) {
  const std::string discover = "discover --model model.safetensors --inputs 40 --method ";
  ASSERT_EQ(run(discover + "eap --out a.json").code, 0);
  ASSERT_EQ(run(discover + "exact --edges 9 --out b.json").code, 0);
  show("compare-circuits a.json b.json", "");
  expect_said(overlap_sentence(interp::read_record<CircuitComparison>(record_, "record.json")));
}

TEST_F(OneSentence, OfAFormula) {
  for (const std::string formula :
       {"( x0 Not(x1) ) ( x0 x1 )",
        "( x0 x1 ) ( x0 Not(x1) ) ( Not(x0) x1 ) ( Not(x0) Not(x1) )"}) {
    show("solve '" + formula + "'", "");
    const auto record = interp::read_record<SolutionRecord>(record_, "record.json");
    expect_said(plain_text(solution_sentence(record)));
  }
}

TEST_F(OneSentence, OfATraining) {
  show("train majority --steps 20 --out run", "");
  ASSERT_EQ(run("report run/manifest.json --out page.html").code, 0);
  page_ = text_of_page(content_of(at("page.html")));
  const auto trained =
      interp::read_record<ManifestRecord>(read_record(at("run/manifest.json")), "manifest").trained;
  expect_said(accuracy_sentence(*trained.accuracy));
  expect_said(accuracy_sentence(*trained.accuracy_trained));
}

TEST_F(OneSentence, OfAStudy) {
  const auto task = tasks::make_task("slalom-words");
  interp::Transformer model(task->need<tasks::Recipes>().of("one-layer").model);
  interp::initialise(model, {.seed = 1});
  interp::save_model(model, at("words.safetensors"), {{"task", task->to_json()}});
  show("study --model words.safetensors --inputs 300 --seed 4", "");
  expect_said(
      study_sentence(interp::read_record<tasks::synthetic_text::Study>(record_, "record.json")));
}

}  // namespace one_sentence_test
}  // namespace assay::tools
