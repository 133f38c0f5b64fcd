#include "interp/attribution/features.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <stdexcept>

namespace assay::interp::attribution {
namespace {

using at::Tensor;

constexpr int64_t kContext = -1;

/// The feature of each position, or kContext.
std::vector<int64_t> owners(const Input& input) {
  std::vector<int64_t> owner(input.tokens.size(), kContext);
  for (int64_t f = 0; f < input.size(); ++f)
    for (const int64_t position : input.features[f].positions) owner[position] = f;
  return owner;
}

}  // namespace

void validate(const Input& input) {
  if (input.features.empty()) throw std::invalid_argument("an input without features to explain");
  const auto n = static_cast<int64_t>(input.tokens.size());
  std::vector<bool> taken(n);
  for (const Feature& feature : input.features) {
    if (feature.positions.empty())
      throw std::invalid_argument(fmt::format("feature '{}' has no position", feature.name));
    int64_t last = -1;
    for (const int64_t position : feature.positions) {
      if (position <= last || position >= n || taken[position])
        throw std::invalid_argument(
            fmt::format("feature '{}': position {} is out of range (0 to {}), not in ascending "
                        "order, or another feature's",
                        feature.name, position, n - 1));
      taken[position] = true;
      last = position;
    }
  }
}

std::vector<Feature> token_features(const std::vector<std::string>& names) {
  std::vector<Feature> features;
  for (size_t i = 0; i < names.size(); ++i)
    features.push_back({.name = names[i], .positions = {static_cast<int64_t>(i)}});
  return features;
}

Sequence keep(const Input& input, const std::vector<bool>& kept) {
  const std::vector<int64_t> owner = owners(input);
  Sequence sequence;
  for (size_t i = 0; i < owner.size(); ++i)
    if (owner[i] == kContext || kept[owner[i]]) sequence.push_back(input.tokens[i]);
  return sequence;
}

std::vector<Sequence> keep(const Input& input, const Tensor& kept) {
  const Tensor rows = kept.to(torch::kBool).contiguous();
  const bool* next = rows.data_ptr<bool>();
  std::vector<Sequence> sequences;
  for (int64_t row = 0; row < rows.size(0); ++row, next += input.size())
    sequences.push_back(keep(input, std::vector<bool>(next, next + input.size())));
  return sequences;
}

Sequence compose(const Input& input, const std::vector<int64_t>& features) {
  const std::vector<int64_t> owner = owners(input);
  size_t first = 0, end = owner.size();
  while (first < end && owner[first] == kContext) ++first;
  while (end > first && owner[end - 1] == kContext) --end;
  for (size_t i = first; i < end; ++i) {
    if (owner[i] == kContext)
      throw std::invalid_argument(
          fmt::format("features cannot be put together anew: position {} stands between them and "
                      "belongs to none",
                      i));
  }
  const auto begin = input.tokens.begin();
  Sequence sequence(begin, begin + static_cast<std::ptrdiff_t>(first));
  for (const int64_t f : features)
    for (const int64_t position : input.features.at(f).positions)
      sequence.push_back(input.tokens[position]);
  sequence.insert(sequence.end(), begin + static_cast<std::ptrdiff_t>(end), input.tokens.end());
  return sequence;
}

Tensor positions_of(const Input& input, const Tensor& chosen) {
  const auto n = static_cast<int64_t>(input.tokens.size());
  Tensor mask = at::zeros({chosen.size(0), n}, torch::kBool);
  for (int64_t f = 0; f < input.size(); ++f)
    for (const int64_t position : input.features[f].positions)
      mask.select(1, position).copy_(chosen.select(1, f));
  return mask;
}

}  // namespace assay::interp::attribution
