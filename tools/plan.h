#pragma once
// What is declared before a validation runs, so that nobody can choose claims,
// inputs, the seed or the stopping rule by what came out.

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

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

/// With its hash.
nlohmann::ordered_json to_json(const Plan& plan);

/// @throws std::runtime_error naming the file: no plan, a member that is
/// missing or ill-typed, or a
///   hash that is not that of the rest (it was edited).
Plan read_plan(const std::filesystem::path& path);

/// The question that the plan declares, about the files that are named in
/// `given`.
Question question_of(const Plan& plan, const Question& given);

/// @throws std::invalid_argument unless these are the network, the
/// interpretation, the task and the
///   inputs that the plan was made for.
void require_planned(const Plan& plan, const std::filesystem::path& path,
                     const tasks::Subject& subject, const ValidationInputs& inputs);

}  // namespace assay::tools
