#pragma once
// What was asked of a circuit and what came of it, in JSON, member by member
// (interp/files/fields.h).

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "circuits/measures/certified_stability_fields.h"
#include "circuits/measures/measure_fields.h"
#include "circuits/measures/test_fields.h"
#include "tools/experiment_fields.h"
#include "tools/measure_request.h"

namespace assay::tools {

/// A circuit beside the one that an interpretation implies.
struct ImpliedCircuit {
  std::string path;
  std::map<std::string, std::string> components;
  std::vector<std::string> not_mentioned, not_in_circuit;
};

/// What the parts of a run say of the files that it reads, beside what was asked.
struct MeasuredFiles {
  ExperimentFacts experiment;
  axioms::Source circuit;
  std::optional<std::string> interpretation_sha256;
};

/// Of a whole run, beside its head.
struct MeasurementRecord {
  ExperimentFacts experiment;
  axioms::Source circuit;
  nlohmann::ordered_json measures;  ///< of one ablation, or `rows` of all of them
  std::optional<circuits::MibScores> curve = {};
  std::optional<circuits::Completeness> completeness = {};
  std::optional<circuits::Minimality> minimality = {};
  std::optional<circuits::HypothesisTests> tests = {};
  std::optional<circuits::Stability> stability = {};
  std::optional<circuits::CertifiedStability> certified_stability = {};
  std::optional<ImpliedCircuit> interpretation = {};
};

template <class V>
void path_field(V& v, const char* name, std::filesystem::path& path, const char* help) {
  std::string text = path.string();
  v(name, text, help);
  if (text != path.string()) path = text;  // it was read
}

template <class V>
void fields(V& v, MeasureRequest& request) {
  namespace shapes = interp::json_shapes;
  constexpr int64_t kMostDraws = 1'000'000;  // that a file is believed to have asked for
  ExperimentOptions& experiment = request.experiment;
  path_field(v, "model", experiment.model, "the network's file");
  path_field(v, "data", experiment.data, "file of inputs; empty: those of the task");
  v("task", experiment.task, "as the options name it");
  v("independent", experiment.independent, "the lines of `data` are independent draws");
  v("inputs", experiment.inputs, "where there is no `data`", shapes::integer(1));
  v("metric", experiment.metric, "what circuits are compared by");
  v("ablation", experiment.ablation, "what cut edges carry, or `all`");
  path_field(v, "circuit", request.circuit, "the circuit's file");
  path_field(v, "interpretation", request.interpretation, "that it is compared with; empty: none");
  v("curve", request.curve, "--curve");
  v("completeness", request.completeness, "--completeness");
  v("tests", request.tests, "--tests");
  v("stability", request.stability, "--stability");
  v("certified_stability", request.certified_stability, "--certified-stability");
  v("deleted", request.deleted, "--deleted", shapes::number(0, 1));
  v("method", request.method, "--method");
  v("draws", request.draws, "--draws", shapes::integer(1, kMostDraws));
  v("alpha", request.alpha, "--alpha", shapes::number(0, 1));
  v("margin", request.margin, "--margin", shapes::number(0, 0.5));
  v("correction", request.correction, "--correction",
    shapes::text_among({"holm", "benjamini-hochberg"}));
  v("seed", request.seed, "--seed");
}

template <class V>
void fields(V& v, ImpliedCircuit& implied) {
  v("path", implied.path, "of the interpretation");
  interp::by_name(v, "components", implied.components, "by node, where it lives",
                  nlohmann::ordered_json::object());
  v("not_mentioned", implied.not_mentioned, "edges of the circuit that it does not imply");
  v("not_in_circuit", implied.not_in_circuit, "edges that it implies and the circuit lacks");
}

template <class V>
void fields(V& v, MeasuredFiles& files) {
  fields(v, files.experiment);
  v("circuit", files.circuit, "that is measured");
  v("interpretation_sha256", files.interpretation_sha256, "with `--interpretation`: its hash");
}

inline interp::Shape measures_shape() {
  namespace shapes = interp::json_shapes;
  const interp::Shape one = interp::shape_of<circuits::Measures>();
  return shapes::with_or_without("rows", shapes::object({{"rows", shapes::list(one, 1)}}), one);
}

template <class V>
void fields(V& v, MeasurementRecord& record) {
  fields(v, record.experiment);
  v("circuit", record.circuit, "that was measured");
  v("measures", record.measures, "always; with `--ablation all`, one for each in `rows`",
    measures_shape());
  v("curve", record.curve, "with `--curve`");
  v("completeness", record.completeness, "with `--completeness`");
  v("minimality", record.minimality, "with `--completeness`");
  v("tests", record.tests, "with `--tests`");
  v("stability", record.stability, "with `--stability`");
  v("certified_stability", record.certified_stability, "with `--certified-stability`");
  v("interpretation", record.interpretation, "with `--interpretation`");
}

}  // namespace assay::tools
