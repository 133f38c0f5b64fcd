#include "interp/attribution/same_type_replacer.h"

#include <fmt/format.h>

#include <stdexcept>

namespace assay::interp::attribution {

SameTypeReplacer::SameTypeReplacer(std::string name, std::vector<int64_t> types, OwnToken own)
    : SpanReplacer(1), name_(std::move(name)), types_(std::move(types)), own_(own) {
  for (size_t token = 0; token < types_.size(); ++token)
    tokens_of_[types_[token]].push_back(static_cast<int64_t>(token));
}

Support SameTypeReplacer::fillings(const Sequence& sequence, const Span& span) const {
  const int64_t token = sequence[span.first];
  if (token < 0 || token >= static_cast<int64_t>(types_.size()))
    throw std::invalid_argument(fmt::format(
        "replacer '{}': token {} is outside the vocabulary of {}", name_, token, types_.size()));
  const std::vector<int64_t>& group = tokens_of_.at(types_[token]);
  if (group.size() == 1) return {};
  Support support;
  for (const int64_t other : group)
    if (other != token || own_ == OwnToken::Allowed) support.fillings.push_back({other});
  const size_t n = support.fillings.size();
  support.probabilities.assign(n, 1 / static_cast<double>(n));
  return support;
}

SameTypeReplacer uniform_replacer(int64_t d_vocab, OwnToken own) {
  return {"uniform", std::vector<int64_t>(d_vocab, 0), own};
}

}  // namespace assay::interp::attribution
