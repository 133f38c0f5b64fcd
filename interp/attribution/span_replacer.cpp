#include "interp/attribution/span_replacer.h"

#include <torch/types.h>

#include <algorithm>

#include "interp/statistics/random.h"

namespace assay::interp::attribution {
namespace {

using at::Tensor;

/// The filling at which the cumulated probabilities pass u.
const Sequence& pick(const Support& support, double u) {
  size_t i = 0;
  while (i + 1 < support.fillings.size() && u >= support.probabilities[i])
    u -= support.probabilities[i++];
  return support.fillings[i];
}

/// Both at once, independently. @param at  where the part's tokens stand in the whole's.
Support product(const Support& whole, const Support& part, std::ptrdiff_t at) {
  Support both;
  for (size_t i = 0; i < whole.fillings.size(); ++i) {
    for (size_t j = 0; j < part.fillings.size(); ++j) {
      both.fillings.push_back(whole.fillings[i]);
      std::ranges::copy(part.fillings[j], both.fillings.back().begin() + at);
      both.probabilities.push_back(whole.probabilities[i] * part.probabilities[j]);
    }
  }
  return both;
}

}  // namespace

/// The fillings of the spans of one sequence, each asked for once.
class SpanReplacer::Lookup {
 public:
  Lookup(const SpanReplacer& replacer, const Sequence& sequence)
      : replacer_(replacer), sequence_(sequence) {}

  const Support& operator[](const Span& span) {
    const auto found = known_.find(span);
    if (found != known_.end()) return found->second;
    return known_.emplace(span, replacer_.fillings(sequence_, span)).first->second;
  }

  /// The spans of one mask that can be filled.
  std::vector<Span> spans(std::vector<bool> masked) {
    const auto n = static_cast<int64_t>(masked.size());
    for (int64_t i = 0; i < n; ++i)
      if (masked[i]) masked[i] = !(*this)[{.first = i}].fillings.empty();
    const auto open = [&](int64_t i) { return i >= 0 && i < n && masked[i]; };
    std::vector<Span> spans;
    for (int64_t first = 0, end = 0; first < n; first = std::max(end, first + 1)) {
      for (end = first; end < first + replacer_.max_span_ && open(end);) ++end;
      if (end > first) add(spans, first, end, open(first - 1), open(end));
    }
    return spans;
  }

 private:
  void add(std::vector<Span>& spans, int64_t first, int64_t end, bool left_open, bool right_open) {
    const Span whole{first, end - first, !left_open, !right_open};
    if (!(*this)[whole].fillings.empty()) {
      spans.push_back(whole);
    } else if (whole.length > 1) {
      for (int64_t i = first; i < end; ++i)
        add(spans, i, i + 1, i > first || left_open, i + 1 < end || right_open);
    }
  }

  const SpanReplacer& replacer_;
  const Sequence& sequence_;
  std::map<Span, Support> known_;
};

Tensor SpanReplacer::draw(const Sequence& sequence, const Tensor& mask, uint64_t seed,
                          int64_t first_row) const {
  const auto n = static_cast<int64_t>(sequence.size());
  require_mask(sequence, mask);
  Lookup lookup(*this, sequence);
  Tensor drawn = torch::tensor(sequence, torch::kInt64).repeat({mask.size(0), 1});
  auto* tokens = drawn.data_ptr<int64_t>();
  const Tensor rows = mask.to(torch::kBool).contiguous();
  const bool* masked = rows.data_ptr<bool>();
  for (int64_t row = 0; row < mask.size(0); ++row, tokens += n, masked += n) {
    for (const Span& span : lookup.spans(std::vector<bool>(masked, masked + n))) {
      // The number belongs to the place: equal rows of two masks fill what they share alike.
      const double u =
          statistics::uniform_at(seed, static_cast<uint64_t>(first_row + row), span.first);
      std::ranges::copy(pick(lookup[span], u), tokens + span.first);
    }
  }
  return drawn;
}

std::optional<Support> SpanReplacer::support(const Sequence& sequence,
                                             const std::vector<int64_t>& positions) const {
  std::vector<bool> masked(sequence.size());
  Sequence own;
  for (const int64_t position : positions) {
    masked.at(position) = true;
    own.push_back(sequence[position]);
  }
  Lookup lookup(*this, sequence);
  const std::vector<Span> spans = lookup.spans(masked);
  if (spans.empty()) return Support{};
  Support joint{.fillings = {own}, .probabilities = {1}};
  for (const Span& span : spans) {
    const Support& part = lookup[span];
    if (joint.fillings.size() * part.fillings.size() > kMaxListed) return std::nullopt;
    joint = product(joint, part, std::ranges::find(positions, span.first) - positions.begin());
  }
  return joint;
}

}  // namespace assay::interp::attribution
