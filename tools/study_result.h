#pragma once
// From the network's scores of all texts to what a study says: what study does when all texts are
// scored, and merge when all parts are there.

#include <ATen/core/Tensor.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tasks/synthetic_text/study.h"
#include "tools/record_fields.h"
#include "tools/terminal.h"

namespace assay::tools {

/// What a study's record says beside its results.
struct StudyHead {
  nlohmann::ordered_json task;
  axioms::Source model;
  int64_t fitted_on = 0, tested_on = 0;
  uint64_t seed = 0;

  tasks::synthetic_text::StudyConfig config() const {
    return {.fitted_on = fitted_on, .tested_on = tested_on, .seed = seed};
  }
};

template <class V>
void fields(V& v, StudyHead& head) {
  // Texts are drawn for as many as a file says.
  const interp::Shape texts = interp::json_shapes::integer(1, 10'000'000);
  v("task", head.task, "name and settings", task_shape());
  v("model", head.model, "the network");
  v("fitted_on", head.fitted_on, "texts that surrogates are fitted on", texts);
  v("tested_on", head.tested_on, "other texts, which the errors are from", texts);
  v("seed", head.seed, "of the texts");
}

/// What the study found, in one sentence.
std::string study_sentence(const tasks::synthetic_text::Study& study);

/// The scores of a batch of texts as records keep them, and back.
nlohmann::ordered_json scores_to_json(const at::Tensor& scores);
/// @throws std::invalid_argument for other than as many numbers as the batch has texts.
at::Tensor scores_from_json(const nlohmann::ordered_json& json,
                            const tasks::synthetic_text::StudyTexts& texts, int64_t batch);

/// Fits the surrogates and prints what was found.
/// @param scores  of all batches. @param report  all but the results. @return all of it.
nlohmann::ordered_json conclude(const tasks::synthetic_text::StudyTexts& texts,
                                const std::vector<at::Tensor>& scores,
                                tasks::synthetic_text::StudyConfig config,
                                nlohmann::ordered_json report, bool quiet, const Console& console);

}  // namespace assay::tools
