#include "interp/attribution/target.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <limits>
#include <stdexcept>
#include <vector>

#include "interp/names.h"

namespace assay::interp::attribution {
namespace {

using at::Tensor;

const Names<TargetKind> kTargets = {
    {TargetKind::Logit, "logit"},
    {TargetKind::LogOdds, "log-odds"},
    {TargetKind::Probability, "probability"},
    {TargetKind::LogProbability, "log-probability"},
    {TargetKind::LogitDifference, "logit-difference"},
    {TargetKind::Rank, "rank"},
};

void require_in_vocabulary(int64_t token, int64_t d_vocab) {
  if (token < 0 || token >= d_vocab)
    throw std::invalid_argument(
        fmt::format("target token {} is outside the vocabulary of {}", token, d_vocab));
}

/// log p/(1-p) = z_y - logsumexp of the others, which stays finite where p rounds to 1.
Tensor log_odds(const Tensor& logits, int64_t token) {
  const Tensor others = logits.clone();
  others.select(1, token).fill_(-std::numeric_limits<double>::infinity());
  return logits.select(1, token) - at::logsumexp(others, 1);
}

}  // namespace

std::vector<std::string> target_forms() {
  std::vector<std::string> forms;
  for (const auto& [kind, name] : kTargets)
    forms.push_back(name + (kind == TargetKind::LogitDifference ? ":TOKEN:FOIL" : ":TOKEN"));
  return forms;
}

Target parse_target(const std::string& text,
                    const std::function<int64_t(const std::string& name)>& token_of) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == ':') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  const TargetKind kind = value_of(parts[0], kTargets, "target");
  const size_t expected = kind == TargetKind::LogitDifference ? 3 : 2;
  if (parts.size() != expected)
    throw std::invalid_argument(fmt::format("target '{}': expected {}:TOKEN{}", text, parts[0],
                                            expected == 3 ? ":FOIL" : ""));
  return {
      .kind = kind, .token = token_of(parts[1]), .foil = expected == 3 ? token_of(parts[2]) : -1};
}

std::string to_string(const Target& target,
                      const std::function<std::string(int64_t token)>& name_of) {
  std::string text =
      fmt::format("{}:{}", interp::name_of(target.kind, kTargets), name_of(target.token));
  if (target.kind == TargetKind::LogitDifference) text += ":" + name_of(target.foil);
  return text;
}

Tensor evaluate(const Target& target, const Tensor& logits) {
  require_in_vocabulary(target.token, logits.size(1));
  const Tensor own = logits.select(1, target.token);
  switch (target.kind) {
    case TargetKind::Logit:
      return own;
    case TargetKind::LogOdds:
      return log_odds(logits, target.token);
    case TargetKind::Probability:
      return at::softmax(logits, 1).select(1, target.token);
    case TargetKind::LogProbability:
      return at::log_softmax(logits, 1).select(1, target.token);
    case TargetKind::LogitDifference:
      require_in_vocabulary(target.foil, logits.size(1));
      return own - logits.select(1, target.foil);
    case TargetKind::Rank:
      return logits.gt(own.unsqueeze(1)).sum(1).to(logits.scalar_type());
  }
  return {};
}

}  // namespace assay::interp::attribution
