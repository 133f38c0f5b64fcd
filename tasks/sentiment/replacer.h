#pragma once
// Words replaced by the token of words that nobody knows: what is left where nothing can be
// deleted, as in a text of which no token would remain.

#include "interp/attribution/span_replacer.h"

namespace assay::tasks::sentiment {

class UnknownWordReplacer : public interp::attribution::SpanReplacer {
 public:
  explicit UnknownWordReplacer(int64_t unknown) : SpanReplacer(1), unknown_(unknown) {}

  std::string name() const override { return "unknown"; }

 private:
  interp::attribution::Support fillings(const interp::attribution::Sequence& sequence,
                                        const interp::attribution::Span& span) const override {
    if (sequence[span.first] == unknown_) return {};
    return {.fillings = {{unknown_}}, .probabilities = {1}};
  }

  int64_t unknown_;
};

}  // namespace assay::tasks::sentiment
