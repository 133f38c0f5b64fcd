#include "tools/measure_request.h"

#include <stdexcept>

#include "interp/files/fields.h"

namespace assay::tools {
namespace {

using nlohmann::ordered_json;

constexpr int64_t kMostDraws = 1'000'000;  // that a file is believed to have asked for

std::string text_of(const std::filesystem::path& path) {
  return path.string();
}
std::filesystem::path path_of(const ordered_json& json) {
  return json.get<std::string>();
}

}  // namespace

template <class V>
void fields(V& v, MeasureRequest& request) {
  namespace shapes = interp::json_shapes;
  const auto path = [&](const char* name, std::filesystem::path& member, const char* help) {
    v.through(name, member, text_of, path_of, shapes::text(), help);
  };
  ExperimentOptions& experiment = request.experiment;
  path("model", experiment.model, "the network's file");
  path("data", experiment.data, "file of inputs; empty: those of the task");
  v("task", experiment.task, "as the options name it");
  v("independent", experiment.independent, "the lines of `data` are independent draws");
  v("inputs", experiment.inputs, "where there is no `data`", shapes::integer(1));
  v("metric", experiment.metric, "what circuits are compared by");
  v("ablation", experiment.ablation, "what cut edges carry, or `all`");
  path("circuit", request.circuit, "the circuit's file");
  path("interpretation", request.interpretation, "that it is compared with; empty: none");
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

ordered_json to_json(const MeasureRequest& request) {
  return interp::write_record(request);
}

MeasureRequest measure_request_from_json(const ordered_json& json, const std::string& where) {
  return interp::read_record<MeasureRequest>(json, where);
}

circuits::TestConfig MeasureRequest::test_config() const {
  return {.alpha = alpha,
          .margin = margin,
          .draws = draws,
          .correction = circuits::parse_correction(correction),
          .seed = seed};
}

MeasureRequest meaningful(MeasureRequest request) {
  const ExperimentOptions& experiment = request.experiment;
  if (request.stability && !experiment.data.empty() && !experiment.independent)
    throw std::invalid_argument(
        "--stability resamples inputs as independent draws; if the lines of --data are, say so "
        "with "
        "--independent");
  const bool more = request.curve || request.completeness || request.tests || request.stability ||
                    request.certified_stability;
  if (request.of_all_ablations() && more)
    throw std::invalid_argument(
        "--ablation all shows the measures alone; --curve, --completeness, --tests, --stability "
        "and --certified-stability need one ablation");
  return request;
}

}  // namespace assay::tools
