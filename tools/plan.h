#pragma once
// What is declared before a validation runs, so that nobody can choose claims, inputs, the seed or
// the stopping rule by what came out.

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tools/data_fields.h"
#include "tools/record_fields.h"
#include "tools/validation_question.h"

namespace assay::tools {

inline constexpr const char* kPlanKind = "plan";

struct Plan {
  std::string title;  ///< of the interpretation
  std::string version;
  std::string model_sha256, interpretation_sha256;
  nlohmann::json task;  ///< name and settings
  nlohmann::json data;  ///< what ValidationInputs say of themselves, with their hash
  std::vector<std::string> claims;
  double confidence = 0.95;
  std::string stop;    ///< `decided` or `never`
  uint64_t seed = 1;   ///< of everything random
  std::string sha256;  ///< of all the rest
};

template <class V>
void fields(V& v, Plan& plan) {
  namespace shapes = interp::json_shapes;
  v.derived("kind", std::string(kPlanKind), "`plan`");
  v.derived("schema", int64_t{record_kind(kPlanKind).schema}, "version of this form");
  v("title", plan.title, "of the interpretation");
  v("version", plan.version, "of assay");
  v("model_sha256", plan.model_sha256, "of the network");
  v("interpretation_sha256", plan.interpretation_sha256, "of what is said of it");
  v("task", plan.task, "name and settings", task_shape());
  v("data", plan.data, "the inputs, as in a validation", interp::shape_of<DataRecord>());
  v("claims", plan.claims, "as they are written", shapes::list(shapes::text(), 1));
  v("confidence", plan.confidence, "of all verdicts together", interp::shares());
  v("stop", plan.stop, "the stopping rule: when all claims are `decided`, or `never`",
    shapes::text_among({"decided", "never"}));
  v("seed", plan.seed, "of everything random", shapes::natural());
  v("sha256", plan.sha256, "of the file without this member");
}

/// With its hash.
nlohmann::ordered_json to_json(const Plan& plan);

/// @throws std::runtime_error naming the file: no plan, a member that is missing or ill-typed, or a
///   hash that is not that of the rest (it was edited).
Plan read_plan(const std::filesystem::path& path);

/// The question that the plan declares, about the files that are named in `given`.
Question question_of(const Plan& plan, const Question& given);

/// @throws std::invalid_argument unless these are the network, the interpretation, the task and the
///   inputs that the plan was made for.
void require_planned(const Plan& plan, const std::filesystem::path& path,
                     const tasks::Subject& subject, const ValidationInputs& inputs);

}  // namespace assay::tools
