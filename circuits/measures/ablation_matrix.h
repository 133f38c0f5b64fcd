#pragma once
// One circuit under every ablation: the choice changes every measure (Miller et al. 2024, arXiv
// 2407.08734), so a result that holds under one of them alone is no result yet.

#include <ATen/core/Tensor.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "circuits/measures/measures.h"

namespace assay::circuits {

struct AblationMatrix {
  std::vector<Measures> rows;        ///< in the order of ablations()
  std::vector<std::string> skipped;  ///< why an ablation has no row
};
nlohmann::ordered_json to_json(const AblationMatrix& matrix);

/// @param experiment  its ablation is not looked at. @param kept  bool [rows, columns].
/// @param answered  see Evaluation.
/// @throws std::invalid_argument as validate(experiment) and measure(); std::runtime_error if a
///   self-check fails. Ablations that these inputs do not allow (pairs without partners, shuffling
///   a single input) or that change nothing are skipped.
AblationMatrix ablation_matrix(const Experiment& experiment, const at::Tensor& kept,
                               const MeasureConfig& config = {}, const Progress& on_progress = {},
                               const std::shared_ptr<const AnsweredByAblation>& answered = nullptr);

}  // namespace assay::circuits
