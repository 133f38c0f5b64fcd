#pragma once
// Tokens replaced by tokens of their type, each as likely: literals by literals, brackets by
// nothing.

#include "interp/attribution/span_replacer.h"

namespace assay::interp::attribution {

/// May a position draw the token that it holds? ReAGent's authors let it; a replaced token that
/// does not change says nothing.
enum class OwnToken { Excluded, Allowed };

class SameTypeReplacer : public SpanReplacer {
 public:
  /// A token that is alone of its type is not eligible. @param types  one per token of the
  /// vocabulary.
  SameTypeReplacer(std::string name, std::vector<int64_t> types, OwnToken own = OwnToken::Excluded);

  std::string name() const override { return name_; }

 private:
  Support fillings(const Sequence& sequence, const Span& span) const override;

  std::string name_;
  std::vector<int64_t> types_;
  std::map<int64_t, std::vector<int64_t>> tokens_of_;
  OwnToken own_;
};

/// Any token by any other: one type for the whole vocabulary.
SameTypeReplacer uniform_replacer(int64_t d_vocab, OwnToken own = OwnToken::Excluded);

}  // namespace assay::interp::attribution
