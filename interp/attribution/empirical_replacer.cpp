#include "interp/attribution/empirical_replacer.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <stdexcept>

namespace assay::interp::attribution {
namespace {

constexpr int64_t kMaxSpan = 2;

Support normalised(const std::map<Sequence, int64_t>& counts) {
  int64_t sum = 0;
  for (const auto& [filling, n] : counts) sum += n;
  Support support;
  for (const auto& [filling, n] : counts) {
    support.fillings.push_back(filling);
    support.probabilities.push_back(static_cast<double>(n) / static_cast<double>(sum));
  }
  return support;
}

}  // namespace

EmpiricalReplacer::EmpiricalReplacer(std::string name, const std::vector<Sequence>& corpus,
                                     std::vector<int64_t> types)
    : SpanReplacer(kMaxSpan), name_(std::move(name)), types_(std::move(types)) {
  const auto d_vocab = static_cast<int64_t>(types_.size());
  if (corpus.empty())
    throw std::invalid_argument(fmt::format("replacer '{}': no sequence to count in", name_));
  for (const Sequence& sequence : corpus) {
    const auto outside = std::ranges::find_if(
        sequence, [&](int64_t token) { return token < 0 || token >= d_vocab; });
    if (outside != sequence.end())
      throw std::invalid_argument(fmt::format(
          "replacer '{}': token {} is outside the vocabulary of {}", name_, *outside, d_vocab));
    add(sequence);
  }
}

void EmpiricalReplacer::add(const Sequence& sequence) {
  const auto n = static_cast<int64_t>(sequence.size());
  for (int64_t length = 1; length <= kMaxSpan; ++length) {
    for (int64_t first = 0; first + length <= n; ++first) {
      const auto begin = sequence.begin() + first;
      const Sequence filling(begin, begin + length);
      const int64_t left = first == 0 ? kEdge : sequence[first - 1];
      const int64_t right = first + length == n ? kEdge : sequence[first + length];
      for (const Context& context : {Context{left, right, length}, Context{left, kAny, length},
                                     Context{kAny, right, length}, Context{kAny, kAny, length}})
        ++counts_[context][filling];
    }
  }
}

Support EmpiricalReplacer::fillings(const Sequence& sequence, const Span& span) const {
  const int64_t end = span.first + span.length;
  const int64_t left = span.first == 0 ? kEdge : sequence[span.first - 1];
  const int64_t right = end == static_cast<int64_t>(sequence.size()) ? kEdge : sequence[end];
  const auto seen = counts_.find({.left = span.left_known ? left : kAny,
                                  .right = span.right_known ? right : kAny,
                                  .length = span.length});
  const bool back_off = seen == counts_.end();
  if (back_off && span.length > 1) return {};  // filled one by one

  Counts allowed;
  for (const auto& [filling, n] : back_off ? counts_.at({}) : seen->second) {
    const auto own = sequence.begin() + span.first;
    const bool changes_all = std::equal(filling.begin(), filling.end(), own, std::not_equal_to{});
    const bool fits = !back_off || types_.at(filling[0]) == types_.at(*own);
    if (changes_all && fits) allowed[filling] = n;
  }
  return normalised(allowed);
}

}  // namespace assay::interp::attribution
