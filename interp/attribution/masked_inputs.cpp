#include "interp/attribution/masked_inputs.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <stdexcept>

#include "interp/attribution/masks.h"

namespace assay::interp::attribution {

LabelledInputs masked_inputs(const LabelledInputs& inputs, int64_t mask_token, double share,
                             uint64_t seed) {
  if (!(share > 0 && share <= 1))
    throw std::invalid_argument(
        fmt::format("the share of tokens to hide: expected above 0, at most 1, got {}", share));
  const MaskDesign design{.kind = MaskKind::Bernoulli, .ratio = share};
  return [=](int64_t first, int64_t count) {
    const at::Tensor tokens = inputs(first, count).tokens;
    const at::Tensor hidden = draw_masks(design, tokens.size(1), seed, first, count);
    return LabelledBatch{.tokens = tokens.masked_fill(hidden, mask_token),
                         .labels = tokens.masked_fill(hidden.logical_not(), kUnlabelled)};
  };
}

}  // namespace assay::interp::attribution
