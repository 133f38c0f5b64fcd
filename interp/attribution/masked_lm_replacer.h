#pragma once
// Tokens replaced by what a masked language model expects in their place: the part that RoBERTa has
// in ReAGent's paper, by a small encoder that was trained on the same inputs and so shares their
// vocabulary.

#include <memory>

#include "interp/attribution/replacer.h"

namespace assay::interp::attribution {

class MaskedLmReplacer : public Replacer {
 public:
  /// All masked tokens are hidden at first and filled from left to right, each given those before
  /// it: neighbours that are masked together fit each other.
  /// @param encoder  not causal; its last token is the mask. See masked_inputs() for its training.
  /// @param top_p    tokens are drawn among the likeliest that have this probability together, the
  ///   own one left out. Where it is the only one of them, the position is not eligible.
  /// @throws std::invalid_argument for a causal encoder or top_p outside (0, 1].
  explicit MaskedLmReplacer(std::shared_ptr<const Network> encoder, double top_p = 0.99);

  std::string name() const override { return "masked-lm"; }
  at::Tensor draw(const Sequence& sequence, const at::Tensor& mask, uint64_t seed,
                  int64_t first_row) const override;
  /// Of single positions; for several, nullopt: what comes later depends on what was drawn before.
  std::optional<Support> support(const Sequence& sequence,
                                 const std::vector<int64_t>& positions) const override;

 private:
  int64_t mask_token() const;
  /// What may stand at a hidden position. @param rows  int64 [rows, pos].
  /// @return float64 [rows, vocab], without the mask: 0 or normalised; all 0 where only `own` may.
  at::Tensor expected(const at::Tensor& rows, int64_t position, int64_t own) const;
  Support alone(const Sequence& sequence, int64_t position) const;

  std::shared_ptr<const Network> encoder_;
  double top_p_;
};

}  // namespace assay::interp::attribution
