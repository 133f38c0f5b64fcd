#pragma once
// A replacer that cuts the masked positions into short spans and fills each of them independently
// of the others, from a list.

#include <compare>
#include <map>

#include "interp/attribution/replacer.h"

namespace assay::interp::attribution {

/// Neighbouring positions that are filled together.
struct Span {
  int64_t first = 0, length = 1;
  bool left_known = true, right_known = true;  ///< false: the neighbour is masked as well
  auto operator<=>(const Span&) const = default;
};

class SpanReplacer : public Replacer {
 public:
  at::Tensor draw(const Sequence& sequence, const at::Tensor& mask, uint64_t seed,
                  int64_t first_row) const final;
  /// Lists of up to kMaxListed fillings.
  std::optional<Support> support(const Sequence& sequence,
                                 const std::vector<int64_t>& positions) const final;

  static constexpr size_t kMaxListed = 256;

 protected:
  /// @param max_span  runs of masked positions are cut into spans of at most this length.
  explicit SpanReplacer(int64_t max_span) : max_span_(max_span) {}

 private:
  /// Empty: there is nothing to fill the span with. A longer span is then filled position by
  /// position; a single one stays as it is, and is not eligible if its neighbours are known.
  virtual Support fillings(const Sequence& sequence, const Span& span) const = 0;

  class Lookup;
  int64_t max_span_;
};

}  // namespace assay::interp::attribution
