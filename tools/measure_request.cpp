#include "tools/measure_request.h"

#include <stdexcept>

#include "tools/measure_fields.h"

namespace assay::tools {
using nlohmann::ordered_json;

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
