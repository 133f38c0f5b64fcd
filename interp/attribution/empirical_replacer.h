#pragma once
// Tokens replaced by what stands between their neighbours in sequences that were seen: P(token |
// left neighbour, right neighbour) by counting.
//
// Two neighbours that are masked together are drawn together, given the tokens around them; drawn
// apart, each would ignore the other, and the two literals of a clause would lose their order.

#include "interp/attribution/span_replacer.h"

namespace assay::interp::attribution {

class EmpiricalReplacer : public SpanReplacer {
 public:
  /// A position whose neighbours leave no token but its own is not eligible. Between neighbours
  /// that were never seen together, tokens of the type of the one replaced are drawn by their
  /// overall frequency. @param types  one per token of the vocabulary.
  /// @throws std::invalid_argument for no sequence, or a token outside the vocabulary.
  EmpiricalReplacer(std::string name, const std::vector<Sequence>& corpus,
                    std::vector<int64_t> types);

  std::string name() const override { return name_; }

 private:
  static constexpr int64_t kEdge = -1;  ///< beyond the sequence
  static constexpr int64_t kAny = -2;   ///< a neighbour that is masked, too

  struct Context {
    int64_t left = kAny, right = kAny, length = 1;
    auto operator<=>(const Context&) const = default;
  };
  using Counts = std::map<Sequence, int64_t>;

  void add(const Sequence& sequence);
  Support fillings(const Sequence& sequence, const Span& span) const override;

  std::string name_;
  std::vector<int64_t> types_;
  std::map<Context, Counts> counts_;
};

}  // namespace assay::interp::attribution
