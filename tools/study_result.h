#pragma once
// From the network's scores of all texts to what a study says: what study does when all texts are
// scored, and merge when all parts are there.

#include <ATen/core/Tensor.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "tasks/synthetic_text/study.h"
#include "tools/terminal.h"

namespace assay::tools {

/// The scores of a batch of texts as records keep them, and back.
nlohmann::ordered_json scores_to_json(const at::Tensor& scores);
/// @throws std::invalid_argument for other than as many numbers as the batch has texts.
at::Tensor scores_from_json(const nlohmann::ordered_json& json,
                            const tasks::synthetic_text::StudyTexts& texts, int64_t batch);

/// The settings that a report holds. @throws std::runtime_error "WHERE: field …".
tasks::synthetic_text::StudyConfig study_config_of(const nlohmann::ordered_json& report,
                                                   const std::string& where);

/// Fits the surrogates and prints what was found.
/// @param scores  of all batches. @param report  all but the results. @return all of it.
nlohmann::ordered_json conclude(const tasks::synthetic_text::StudyTexts& texts,
                                const std::vector<at::Tensor>& scores,
                                tasks::synthetic_text::StudyConfig config,
                                nlohmann::ordered_json report, bool quiet, const Console& console);

}  // namespace assay::tools
