#include "circuits/components/circuit_file.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <torch/types.h>

#include <cmath>

#include "circuits/components/drawing.h"
#include "interp/files/files.h"
#include "interp/network/build.h"
#include "interp/network/transformer.h"
#include "tests/interp/scratch.h"

namespace assay::circuits {
namespace circuit_file_test {

using NHeads = std::vector<int64_t>;

using interp::message_of;
using testing::HasSubstr;

class CircuitFiles : public interp::Scratch {
 protected:
  std::string error_of(const std::string& text) const {
    put("bad.json", text);
    return message_of([&] { load_circuit(at("bad.json")); });
  }
};

CircuitFile example(int64_t positions) {
  const ComponentGraph graph(NHeads{1, 2}, positions);
  CircuitFile file{
      .circuit = {.graph = graph,
                  .kept = at::zeros({graph.rows(), graph.columns()}, torch::kBool),
                  .scores = at::rand({graph.rows(), graph.columns()},
                                     at::make_generator<at::CPUGeneratorImpl>(1), torch::kFloat64)},
      .d_model = 16,
      .origin = {{"method", "exact"}}};
  file.circuit.kept.select(1, 3).fill_(true);
  file.circuit.scores.select(1, 5).fill_(std::nan(""));
  return file;
}

TEST_F(CircuitFiles, ComeBackAsTheyWereByteForByte) {
  for (const int64_t positions : {0, 3}) {
    const CircuitFile file = example(positions);
    save_circuit(file, at("a.json"));
    const CircuitFile back = load_circuit(at("a.json"));
    EXPECT_EQ(back.circuit.graph, file.circuit.graph);
    EXPECT_TRUE(at::equal(back.circuit.kept, file.circuit.kept));
    EXPECT_TRUE(at::equal(back.circuit.scores.nan_to_num(-1), file.circuit.scores.nan_to_num(-1)));
    EXPECT_EQ(back.d_model, 16);
    save_circuit(back, at("b.json"));
    EXPECT_EQ(interp::read_file(at("a.json")), interp::read_file(at("b.json")));
  }
}

// As other tools write it: no scores for nodes, NaN bare, logits not marked, extra fields.
TEST_F(CircuitFiles, OfOtherToolsAreRead) {
  put("eap.json",
      R"({"cfg": {"n_layers": 1, "n_heads": 2, "parallel_attn_mlp": false, "d_model": 8},
    "nodes": {"input": {"in_graph": true}, "a0.h1": {"in_graph": true, "score": NaN},
              "m0": {"in_graph": false, "neurons": [true, true]}, "logits": {"in_graph": false}},
    "edges": {"input->a0.h1<v>": {"score": 0.25, "in_graph": true},
              "input->m0": {"score": NaN, "in_graph": false},
              "a0.h1->logits": {"in_graph": true}}})");
  const CircuitFile file = load_circuit(at("eap.json"));
  const Circuit& circuit = file.circuit;
  EXPECT_EQ(circuit.size(), 2);
  const auto score = [&](const char* name) {
    return circuit.scores[0][circuit.graph.parse_edge(name)].item<double>();
  };
  EXPECT_EQ(score("input->a0.h1<v>"), 0.25);
  EXPECT_TRUE(std::isnan(score("input->m0")));
  EXPECT_TRUE(std::isnan(score("a0.h1->logits")));
}

TEST_F(CircuitFiles, ThatCannotBeRightAreRefused) {
  const std::string cfg = R"("cfg": {"n_layers": 2, "n_heads": 1, "d_model": 8})";
  EXPECT_THAT(error_of("{"), HasSubstr("not a circuit file"));
  EXPECT_THAT(error_of("{}"), HasSubstr("cfg"));
  EXPECT_THAT(error_of("{" + cfg + "}"), HasSubstr("edges"));
  EXPECT_THAT(error_of("{" + cfg + R"(, "edges": {"m0->a9.h9<q>": {"in_graph": true}}})"),
              HasSubstr("no component 'a9.h9'"));
  EXPECT_THAT(error_of("{" + cfg + R"(, "edges": {"m1->m0": {"in_graph": true}}})"),
              HasSubstr("m1 is not computed before m0"));
  EXPECT_THAT(error_of("{" + cfg + R"(, "edges": {}, "nodes": {"b3": {}}})"),
              HasSubstr("no component 'b3'"));
  EXPECT_THAT(
      error_of("{" + cfg + R"(, "edges": {}, "nodes": {"m0": {"neurons": [true, false]}}})"),
      HasSubstr("single neurons"));
  EXPECT_THAT(error_of(R"({"cfg": {"n_layers": -2, "n_heads": 1}})"), HasSubstr("n_layers"));
  EXPECT_THAT(error_of(R"({"cfg": {"n_layers": 2, "n_heads": [1]}})"), HasSubstr("heads of 1"));
  EXPECT_THAT(message_of([&] { load_circuit(at("none.json")); }), HasSubstr("none.json"));
}

// EAP-IG has such lists where neurons were not scored; texts are not to be touched.
TEST_F(CircuitFiles, MayHaveNaNWhereverPythonWritesItButNotInTexts) {
  put("eap.json",
      R"({"cfg":{"n_layers":1,"n_heads":1,"d_model":8},
    "nodes":{"input":{"in_graph":true,"neurons":[true,true],"neurons_scores":[NaN, NaN,-Infinity]}},
    "edges":{"input->m0":{"score":NaN,"in_graph":true},"m0->logits":{"score":1,"in_graph":true}},
    "assay":{"title":"x: NaN, y: -Infinity"}})");
  const CircuitFile file = load_circuit(at("eap.json"));
  EXPECT_EQ(file.origin["title"], "x: NaN, y: -Infinity");
  EXPECT_TRUE(std::isnan(
      file.circuit.scores[0][file.circuit.graph.parse_edge("input->m0")].item<double>()));
  const std::string cfg = R"("cfg": {"n_layers": 1, "n_heads": 1, "d_model": )";
  EXPECT_THAT(error_of("{" + cfg + R"(NaN}, "edges": {}})"), HasSubstr("field 'cfg.d_model'"));
  EXPECT_THAT(error_of("{" + cfg +
                       R"(8}, "edges": {"m0->logits": {"score": Infinity, "in_graph": true}}})"),
              HasSubstr("field 'edges.m0->logits.score': expected a number or NaN, found"));
}

TEST_F(CircuitFiles, ThatNameAnEdgeTwiceAreRefused) {
  EXPECT_THAT(error_of(R"({"cfg": {"n_layers": 1, "n_heads": 1}, "edges": {
                  "m0->logits": {"in_graph": true}, "m0->logits": {"in_graph": false}}})"),
              HasSubstr("field 'edges.m0->logits': stands twice"));
  EXPECT_THAT(error_of(R"({"cfg": {"n_layers": 1, "n_heads": 1}, "assay": {"positions": 8},
                  "edges": {"m0@7->logits@07": {"in_graph": true}}})"),
              HasSubstr("expected it to be written m0@7->logits@7"));
}

TEST_F(CircuitFiles, SayNoSizesThatNoNetworkHas) {
  const auto sizes = [&](const char* layers, const char* heads, const char* positions) {
    return error_of(fmt::format(R"({{"cfg": {{"n_layers": {}, "n_heads": {}}}, "edges": {{}},
                                     "assay": {{"positions": {}}}}})",
                                layers, heads, positions));
  };
  EXPECT_THAT(sizes("1", "2000000000", "0"), HasSubstr("more than 65536 heads"));
  EXPECT_THAT(sizes("1000", "100000", "0"), HasSubstr("more than 65536 heads"));
  EXPECT_THAT(sizes("1000", "60", "0"), HasSubstr("more than 33554432 in all"));
  EXPECT_THAT(sizes("1", "1", "1000000000"), HasSubstr("at each of 1000000000 positions"));
  EXPECT_THAT(sizes("1", "1", "9223372036854775807"), HasSubstr("positions"));
  EXPECT_THAT(sizes("1", "[9223372036854775807]", "0"), HasSubstr("heads"));
  EXPECT_THAT(sizes("1e300", "1", "0"), HasSubstr("field 'cfg.n_layers': expected a whole number"));
  EXPECT_THAT(sizes("1001", "1", "0"), HasSubstr("from 1 to 1000, found 1001"));
  EXPECT_EQ(sizes("80", "40", "0"), "");
}

TEST_F(CircuitFiles, NestedDeeplyAreRefused) {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  EXPECT_THAT(error_of("{\"cfg\": " + deep + "}"), HasSubstr("field 'cfg[0]"));
  EXPECT_THAT(error_of("{\"assay\": {\"x\": " + deep + "}}"), HasSubstr("nested more than"));
}

TEST_F(CircuitFiles, OfAnotherNetworkAreRefused) {
  const interp::TransformerConfig config{
      .d_vocab = 5, .n_ctx = 4, .d_model = 16, .n_heads = {1, 3}, .d_head = {4, 4}};
  EXPECT_THAT(message_of([&] { require_fits(example(0), interp::describe(config)); }),
              HasSubstr("heads [1, 2]"));
}

TEST(Drawing, DrawsOneLinePerPairOfComponents) {
  const ComponentGraph graph(NHeads{1});
  Circuit circuit{.graph = graph,
                  .kept = at::zeros({1, graph.n_edges()}, torch::kBool),
                  .scores = at::zeros({1, graph.n_edges()}, torch::kFloat64)};
  for (const char* name : {"input->a0.h0<q>", "input->a0.h0<v>", "a0.h0->logits"}) {
    circuit.kept[0][graph.parse_edge(name)] = true;
    circuit.scores[0][graph.parse_edge(name)] = -1.5;
  }
  const std::string dot = to_dot(circuit, "one \"head\"");
  EXPECT_THAT(dot, HasSubstr(R"("input" -> "a0.h0")"));
  EXPECT_THAT(dot, HasSubstr(R"(label="qv")"));
  EXPECT_THAT(dot, HasSubstr("style=dashed"));
  EXPECT_THAT(dot, HasSubstr(R"(label="one \"head\"")"));
  EXPECT_THAT(dot, testing::Not(HasSubstr("m0")));

  const auto graph_json = to_attribution_graph(circuit, {"slug", "scan", {"a", "b", "c"}});
  ASSERT_EQ(graph_json["links"].size(), 2u);
  EXPECT_EQ(graph_json["links"][1]["source"], "input");
  EXPECT_EQ(graph_json["links"][1]["weight"], -3.0);
  ASSERT_EQ(graph_json["nodes"].size(), 3u);
  EXPECT_EQ(graph_json["nodes"][0]["node_id"], "input");
  EXPECT_EQ(graph_json["nodes"][0]["influence"], 3.0);
  EXPECT_EQ(graph_json["nodes"][0]["ctx_idx"], 2);
  EXPECT_EQ(graph_json["metadata"]["prompt"], "a b c");
}

}  // namespace circuit_file_test
}  // namespace assay::circuits
