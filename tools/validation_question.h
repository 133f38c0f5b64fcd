#pragma once
// What a validation asks: of which network, about which interpretation, on
// which inputs, with which claims. A plan declares it, and `validate` asks it.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "axioms/claim.h"
#include "tasks/subject.h"
#include "tools/validation_inputs.h"

namespace CLI {
class App;
}

namespace assay::tools {

inline constexpr int64_t kInputs = 80000;  ///< unless told otherwise, where they have no end
inline constexpr uint64_t kSeed = 1;

struct Question {
  std::filesystem::path model, interpretation, data;
  std::string task, part;
  std::optional<int64_t> inputs;
  bool independent = false;
  double confidence = 0.95;
  std::vector<std::string> claims;
  std::string stop;  ///< `decided` or `never`; empty: decided, where that can be
};
void add_question_options(CLI::App& app, Question& question);

/// @throws as tasks::load_subject(), and if the interpretation is about another
/// task than asked.
tasks::Subject load(const Question& question);

/// @throws as axioms::parse_claim(), require_claims_fit() and find_answer().
std::vector<axioms::Claim> parse_claims(const Question& question, const tasks::Subject& subject);
std::vector<axioms::Claim> parse_claims(const std::vector<std::string>& texts,
                                        const tasks::Task& task,
                                        const circuits::Interpretation& interpretation);

/// `subject` must outlive them. @throws as fresh_inputs(), listed_inputs() and
/// file_inputs().
ValidationInputs choose_inputs(const Question& question, const tasks::Subject& subject,
                               std::optional<uint64_t> seed);
ValidationInputs choose_inputs(const Question& question, const tasks::Task& task,
                               const nlohmann::json& fitted_on, std::optional<uint64_t> seed);

/// Whether the run ends when all claims are decided.
/// @throws std::invalid_argument where that is asked for and there is no claim,
/// or the inputs are no
///   independent draws.
bool ends_when_decided(const Question& question, const std::vector<axioms::Claim>& claims,
                       const ValidationInputs& inputs);

}  // namespace assay::tools
