#include "circuits/measures/ablation_matrix.h"

#include <optional>
#include <stdexcept>

namespace assay::circuits {

AblationMatrix ablation_matrix(const Experiment& experiment, const at::Tensor& kept,
                               const MeasureConfig& config, const Progress& on_progress,
                               const std::shared_ptr<const AnsweredByAblation>& answered) {
  validate(experiment);  // what is wrong with all ablations is an error, not a row left out
  AblationMatrix matrix;
  for (const Ablation& ablation : ablations()) {
    Experiment under = experiment;
    under.ablation = ablation.name;
    std::optional<Evaluation> evaluation;
    try {
      evaluation.emplace(under, on_progress, answered);
    } catch (const std::invalid_argument& reason) {
      matrix.skipped.emplace_back(reason.what());
      continue;
    }
    matrix.rows.push_back(measure(*evaluation, kept, config));
  }
  return matrix;
}

nlohmann::ordered_json to_json(const AblationMatrix& matrix) {
  auto rows = nlohmann::ordered_json::array();
  for (const Measures& row : matrix.rows) rows.push_back(to_json(row));
  return {{"rows", rows}, {"skipped", matrix.skipped}};
}

}  // namespace assay::circuits
