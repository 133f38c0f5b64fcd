#include "circuits/interpretation/interpretation_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <torch/types.h>

#include <cmath>

#include "interp/files/files.h"
#include "interp/files/safetensors.h"
#include "interp/network/build.h"
#include "interp/network/transformer.h"
#include "tests/interp/files/failing_renames.h"
#include "tests/interp/scratch.h"

namespace assay::circuits {
namespace interpretation_file_test {

using interp::message_of;
using interp::read_file;
using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

interp::TransformerConfig config() {
  return {.d_vocab = 6, .n_ctx = 3, .d_model = 4, .d_mlp = 5, .n_heads = {1, 2}, .d_head = {2, 2}};
}

Interpretation interpretation() {
  Interpretation all;
  all.title = "Größer als \"nichts\"";
  all.task = {{"name", "toy"}, {"settings", {{"n", 3}, {"rate", 0.1}}}};
  all.model_sha256 = "abc";
  all.fitted_on = {{"part", "derive"}, {"seed", 7}, {"count", 100}};
  all.output = "second";
  Node first{.name = "first",
             .parents = {kTokens},
             .sites = {{.place = interp::hook::resid_mid(0), .positions = {0, 2}},
                       {.place = interp::hook::q(1), .head = 1}},
             .reads = {{.place = interp::hook::mlp_post(1), .positions = {2}, .neurons = {1, 4}}},
             .h = {.name = "any", .tensors = {}},
             .alpha = {.name = "threshold",
                       .parameters = {{"b", {1, 2}}, {"a", 1e-7}},
                       .tensors = {{"thresholds", torch::tensor({0.1F, 2.5F})},
                                   {"labels", at::arange(6, at::kLong).view({2, 3}).t()}}},
             .gamma = {.name = "write", .tensors = {{"thresholds", at::ones({2, 2})}}},
             .equality = {.name = "equal", .tensors = {}},
             .evidence = {{{"statement", "attends"}, {"value", 0.97}, {"supports", true}}}};
  Node second = first;
  second.name = "second";
  second.parents = {"first", kTokens};
  second.evidence = json::array();
  all.nodes = {first, second};
  return all;
}

class InterpretationFileTest : public interp::Scratch {
 protected:
  std::filesystem::path saved() const {
    save_interpretation(interpretation(), at("x.json"));
    return at("x.json");
  }

  /// What is said of a file in which `change` was made.
  std::string refusal(const std::function<void(json&)>& change) const {
    json file = json::parse(read_file(saved()));
    change(file);
    put("x.json", file.dump());
    EXPECT_THROW(load_interpretation(at("x.json"), interp::describe(config())), std::runtime_error);
    return message_of([&] { load_interpretation(at("x.json"), interp::describe(config())); });
  }
};

void expect_same(const Operation& found, const Operation& expected) {
  EXPECT_EQ(found.name, expected.name);
  EXPECT_EQ(found.parameters, expected.parameters);
  ASSERT_EQ(found.tensors.size(), expected.tensors.size());
  for (const auto& [name, tensor] : expected.tensors) {
    EXPECT_EQ(found.tensors.at(name).scalar_type(), tensor.scalar_type());
    EXPECT_TRUE(found.tensors.at(name).equal(tensor));
  }
}

TEST_F(InterpretationFileTest, EverythingIsReadBack) {
  const auto loaded = load_interpretation(saved(), interp::describe(config()));
  const Interpretation &found = loaded.interpretation, expected = interpretation();
  EXPECT_EQ(found.title, expected.title);
  EXPECT_EQ(found.task, expected.task);
  EXPECT_EQ(found.model_sha256, expected.model_sha256);
  EXPECT_EQ(found.fitted_on, expected.fitted_on);
  EXPECT_EQ(found.output, expected.output);
  ASSERT_EQ(found.nodes.size(), 2);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(found.nodes[i].name, expected.nodes[i].name);
    EXPECT_EQ(found.nodes[i].parents, expected.nodes[i].parents);
    EXPECT_EQ(found.nodes[i].sites, expected.nodes[i].sites);
    EXPECT_EQ(found.nodes[i].reads, expected.nodes[i].reads);
    EXPECT_EQ(found.nodes[i].evidence, expected.nodes[i].evidence);
    expect_same(found.nodes[i].h, expected.nodes[i].h);
    expect_same(found.nodes[i].alpha, expected.nodes[i].alpha);
    expect_same(found.nodes[i].gamma, expected.nodes[i].gamma);
    expect_same(found.nodes[i].equality, expected.nodes[i].equality);
  }
  EXPECT_EQ(loaded.sha256, interp::sha256_of_file(at("x.json")));
}

TEST_F(InterpretationFileTest, SavingWhatWasLoadedGivesTheSameBytes) {
  const auto loaded = load_interpretation(saved(), interp::describe(config()));
  save_interpretation(loaded.interpretation, at("y.json"));
  EXPECT_EQ(read_file(at("y.json")), read_file(at("x.json")));
  EXPECT_EQ(read_file(at("y.safetensors")), read_file(at("x.safetensors")));
}

TEST_F(InterpretationFileTest, OtherNumbersUnderTheSameNameAreRefused) {
  const auto path = saved();
  interp::Safetensors numbers = interp::read_safetensors(at("x.safetensors"));
  numbers.tensors.at("first.alpha.thresholds")[0] += 1e-3;
  interp::write_safetensors(at("x.safetensors"), numbers);
  EXPECT_EQ(message_of([&] { load_interpretation(path, interp::describe(config())); }),
            path.string() + ": the file: " + at("x.safetensors").string() +
                " is not the file that was written with it");
  std::filesystem::remove(at("x.safetensors"));
  EXPECT_THAT(message_of([&] { load_interpretation(path, interp::describe(config())); }),
              HasSubstr("x.safetensors: cannot open"));
}

TEST_F(InterpretationFileTest, KilledWhileSavingItLeavesTheFormerInterpretationOrTheNewOne) {
  Interpretation changed = interpretation();
  changed.title = "changed";
  changed.nodes[0].alpha.tensors["thresholds"] = torch::tensor({7.0F, 8.0F});
  for (int n = 1; n <= 2; ++n) {  // renaming the tensors, the structure
    saved();
    const pid_t child = fork();
    if (child == 0) {
      interp::rename_fault = {.kind = interp::RenameFault::DiesAfter, .at = n};
      save_interpretation(changed, at("x.json"));
      _exit(0);
    }
    waitpid(child, nullptr, 0);
    const Interpretation expected = n == 1 ? interpretation() : changed;
    const Interpretation found =
        load_interpretation(at("x.json"), interp::describe(config())).interpretation;
    EXPECT_EQ(found.title, expected.title);
    expect_same(found.nodes[0].alpha, expected.nodes[0].alpha);
  }
}

TEST_F(InterpretationFileTest, MissingAndIllTypedFieldsAreNamed) {
  const std::string file = at("x.json").string();
  EXPECT_THAT(refusal([](json& f) { f.erase("title"); }),
              StartsWith(file + ": the file: field 'title': "));
  EXPECT_THAT(refusal([](json& f) { f["output"] = 3; }),
              StartsWith(file + ": the file: field 'output': "));
  EXPECT_THAT(refusal([](json& f) { f["nodes"] = "none"; }),
              StartsWith(file + ": the file: field 'nodes': "));
  EXPECT_THAT(refusal([](json& f) { f["nodes"][1].erase("alpha"); }),
              StartsWith(file + ": node 2 (second): field 'alpha': is missing"));
  EXPECT_THAT(refusal([](json& f) { f["nodes"][1]["h"]["parameters"] = 1; }),
              StartsWith(file + ": node 2 (second): field 'h.parameters': "));
  EXPECT_THAT(refusal([](json& f) { f["nodes"][0]["gamma"]["tensors"] = json::array(); }),
              StartsWith(file + ": node 1 (first): field 'gamma.tensors': "));
  EXPECT_THAT(refusal([](json& f) { f["nodes"][0]["parents"] = json::array({1}); }),
              StartsWith(file + ": node 1 (first): field 'parents[0]': expected a text, found 1"));
  EXPECT_THAT(refusal([](json& f) { f["nodes"][0]["sites"] = "logits"; }),
              StartsWith(file + ": node 1 (first): field 'sites': "));
  EXPECT_THAT(refusal([](json& f) { f["nodes"][0]["evidence"] = "trust me"; }),
              StartsWith(file + ": node 1 (first): field 'evidence': "));
  EXPECT_THAT(refusal([](json& f) { f["nodes"][0].erase("name"); }),
              StartsWith(file + ": node 1 (unnamed): field 'name': "));
}

TEST_F(InterpretationFileTest, NothingIsPassedOver) {
  const std::string file = at("x.json").string();
  EXPECT_THAT(refusal([](json& f) { f["titel"] = "x"; }),
              StartsWith(file + ": the file: field 'titel': is unknown; there are format, "));
  EXPECT_THAT(refusal([](json& f) { f["nodes"][1]["site"] = json::array(); }),
              StartsWith(file + ": node 2 (second): field 'site': is unknown; there are name, "));
  EXPECT_THAT(refusal([](json& f) { f["nodes"][0]["h"]["tensor"] = json::object(); }),
              StartsWith(file + ": node 1 (first): field 'h.tensor': is unknown"));
  EXPECT_THAT(refusal([](json& f) { f["nodes"][0]["evidence"][0]["statement"] = 3; }),
              HasSubstr("field 'evidence[0].statement': expected a text, found 3"));
  std::string twice = read_file(saved());
  twice.insert(twice.find("\"name\": \"second\""), "\"name\": \"third\", ");
  put("x.json", twice);
  EXPECT_EQ(message_of([&] { load_interpretation(at("x.json"), interp::describe(config())); }),
            file + ": the file: field 'nodes[1].name': stands twice");
}

TEST_F(InterpretationFileTest, DeepNestingIsRefusedWhereverItIs) {
  const std::string text = read_file(saved());
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  for (const std::string field : {"task", "fitted_on", "evidence", "parameters", "title"}) {
    std::string nested = text;
    nested.replace(nested.find("\"" + field + "\": ") + field.size() + 4, 1, deep + ", \"x\": {");
    put("x.json", nested);
    EXPECT_THAT(message_of([&] { load_interpretation(at("x.json"), interp::describe(config())); }),
                HasSubstr("nested more than"))
        << field;
  }
}

TEST_F(InterpretationFileTest, NumbersThatAreNoneAreNamed) {
  for (const float value : {std::nanf(""), HUGE_VALF}) {
    Interpretation hollow = interpretation();
    hollow.nodes[1].alpha.tensors["thresholds"] = torch::tensor({value, 2.5F});
    save_interpretation(hollow, at("x.json"));
    EXPECT_EQ(message_of([&] { load_interpretation(at("x.json"), interp::describe(config())); }),
              at("x.json").string() +
                  ": node 2 (second): alpha: operation 'threshold': tensor 'thresholds' holds NaN "
                  "or an infinite number");
  }
}

TEST_F(InterpretationFileTest, OtherFilesAndVersionsAreRefused) {
  const std::string expectation =
      at("x.json").string() + ": the file: expected an assay interpretation of version 1";
  EXPECT_EQ(refusal([](json& f) { f["version"] = 2; }), expectation);
  EXPECT_EQ(refusal([](json& f) { f["format"] = "assay report"; }), expectation);
  EXPECT_THAT(refusal([](json& f) { f = json::array(); }), HasSubstr("expected an object"));
  EXPECT_THAT(refusal([](json& f) { f.erase("format"); }), HasSubstr("field 'format': is missing"));
  put("x.json", "{\"format\":");
  EXPECT_THAT(message_of([&] { load_interpretation(at("x.json"), interp::describe(config())); }),
              StartsWith(at("x.json").string() + ": the file: "));
  EXPECT_THAT(message_of([&] { load_interpretation(at("none.json"), interp::describe(config())); }),
              StartsWith(at("none.json").string()));
}

TEST_F(InterpretationFileTest, SitesAreThoseOfTheModelItIsTestedOn) {
  interp::TransformerConfig shallow = config();
  shallow.n_heads = {1};
  shallow.d_head = {2};
  EXPECT_THAT(
      message_of([&] { load_interpretation(saved(), interp::describe(shallow)); }),
      HasSubstr("x.json: node 1 (first): unknown site 'blocks.1.attn.hook_q': this model has"));
}

TEST_F(InterpretationFileTest, AnotherModelIsNamedBeforeTheSitesThatItLacks) {
  interp::TransformerConfig shallow = config();
  shallow.n_heads = {1};
  shallow.d_head = {2};
  EXPECT_EQ(message_of([&] {
              load_interpretation(saved(), interp::describe(shallow), std::string(64, 'b'));
            }),
            at("x.json").string() +
                ": the file: derived from another model: expected sha256 abc…, "
                "the model has bbbbbbbbbbbb…");
  EXPECT_NO_THROW(load_interpretation(saved(), interp::describe(config()), "abc"));
}

TEST_F(InterpretationFileTest, TensorsAndGraphMustFit) {
  const std::string file = at("x.json").string();
  EXPECT_EQ(
      refusal([](json& f) { f["nodes"][0]["alpha"]["tensors"]["thresholds"] = "elsewhere"; }),
      file + ": node 1 (first): alpha names the tensor 'elsewhere', which its file does not hold");
  EXPECT_THAT(
      refusal([](json& f) { f["nodes"][0]["parents"] = {"second"}; }),
      StartsWith(file + ": its graph: interpretation: the nodes first, second form a cycle"));
}

TEST_F(InterpretationFileTest, NamesEndInJson) {
  const std::string message =
      at("x.txt").string() + ": an interpretation's file name ends in .json";
  EXPECT_EQ(message_of([&] { save_interpretation(interpretation(), at("x.txt")); }), message);
  EXPECT_EQ(message_of([&] { load_interpretation(at("x.txt"), interp::describe(config())); }),
            message);
}

TEST_F(InterpretationFileTest, TensorsThatShareANameInTheFileAreRefused) {
  Interpretation clashing = interpretation();
  clashing.nodes[0].alpha.tensors = {{"x", at::ones({1})}};
  clashing.nodes[1].name = "first.alpha";  // "first.alpha" + "." + "alpha.x" against "first" …
  clashing.nodes[0].alpha.tensors["alpha.x"] = at::ones({1});
  clashing.nodes[1].alpha.tensors = {{"x", at::zeros({1})}};
  clashing.output = "first";
  EXPECT_EQ(message_of([&] { save_interpretation(clashing, at("x.json")); }),
            "interpretation: two tensors would both be called 'first.alpha.alpha.x'");
}

}  // namespace interpretation_file_test
}  // namespace assay::circuits
