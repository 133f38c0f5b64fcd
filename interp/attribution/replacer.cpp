#include "interp/attribution/replacer.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <stdexcept>

namespace assay::interp::attribution {

using at::Tensor;

void Replacer::require_mask(const Sequence& sequence, const Tensor& mask) const {
  if (mask.dim() != 2 || mask.size(1) != static_cast<int64_t>(sequence.size()))
    throw std::invalid_argument(fmt::format("replacer '{}': expected a mask [rows, {}], got {}",
                                            name(), sequence.size(), c10::str(mask.sizes())));
}

std::vector<int64_t> eligible_features(const Input& input, const Replacer& replacer) {
  std::vector<int64_t> eligible;
  for (int64_t f = 0; f < input.size(); ++f) {
    const auto support = replacer.support(input.tokens, input.features[f].positions);
    if (!support || !support->fillings.empty()) eligible.push_back(f);
  }
  if (eligible.empty())
    throw std::invalid_argument(
        fmt::format("no eligible feature: the replacer '{}' has no other token for any of them",
                    replacer.name()));
  return eligible;
}

double ReplacementCounts::self_replacement_rate() const {
  return masked == 0 ? 0 : static_cast<double>(masked - changed) / static_cast<double>(masked);
}

double ReplacementCounts::mean_changed() const {
  return rows == 0 ? 0 : static_cast<double>(changed) / static_cast<double>(rows);
}

void count(ReplacementCounts& counts, const Sequence& sequence, const Tensor& mask,
           const Tensor& drawn) {
  const Tensor changed = drawn.ne(torch::tensor(sequence, torch::kInt64));
  counts.rows += mask.size(0);
  counts.masked += mask.sum().item<int64_t>();
  counts.changed += changed.logical_and(mask).sum().item<int64_t>();
}

}  // namespace assay::interp::attribution
