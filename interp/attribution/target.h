#pragma once
// What is explained: a scalar made of the logits at one position.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace assay::interp::attribution {

enum class TargetKind {
  Logit,            ///< z_y
  LogOdds,          ///< z_y - logsumexp of the others = log p/(1-p)
  Probability,      ///< softmax(z)_y
  LogProbability,   ///< log softmax(z)_y
  LogitDifference,  ///< z_y - z_foil
  Rank,             ///< how many tokens have a larger logit than y
};

struct Target {
  TargetKind kind = TargetKind::LogOdds;
  int64_t token = 0;  ///< y
  int64_t foil = -1;  ///< of LogitDifference
  bool operator==(const Target&) const = default;
};

/// `logit:TOKEN` …, as parse_target() reads them.
std::vector<std::string> target_forms();

/// Reads `logit:TOKEN`, `log-odds:TOKEN`, `probability:TOKEN`, `log-probability:TOKEN` and
/// `logit-difference:TOKEN:FOIL`.
/// @param token_of  a token's id by its name; throws std::invalid_argument for an unknown one.
/// @throws std::invalid_argument listing the kinds that exist.
Target parse_target(const std::string& text,
                    const std::function<int64_t(const std::string& name)>& token_of);
std::string to_string(const Target& target,
                      const std::function<std::string(int64_t token)>& name_of);

/// @param logits  [rows, vocab]. @return [rows], of the logits' type; differentiable but for Rank.
/// @throws std::invalid_argument for a token outside the vocabulary.
at::Tensor evaluate(const Target& target, const at::Tensor& logits);

}  // namespace assay::interp::attribution
