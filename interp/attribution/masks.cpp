#include "interp/attribution/masks.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "interp/statistics/random.h"

namespace assay::interp::attribution {
namespace {

void bernoulli(bool* mask, int64_t n, double ratio, uint64_t seed, int64_t step) {
  for (int64_t i = 0; i < n; ++i) mask[i] = statistics::uniform_at(seed, step, i) < ratio;
}

}  // namespace

void validate(const MaskDesign& design) {
  if (!(design.ratio >= 0 && design.ratio <= 1))
    throw std::invalid_argument(fmt::format(
        "the share of features replaced at once: expected 0 to 1, got {}", design.ratio));
}

int64_t steps_per_cycle(const MaskDesign& design, int64_t n_features) {
  if (design.kind == MaskKind::Bernoulli) return 1;
  const double block = std::max(1.0, design.ratio * static_cast<double>(n_features));
  return std::clamp<int64_t>(std::llround(static_cast<double>(n_features) / block),
                             std::min<int64_t>(2, n_features), n_features);
}

at::Tensor draw_masks(const MaskDesign& design, int64_t n_features, uint64_t seed,
                      int64_t first_step, int64_t steps) {
  validate(design);
  at::Tensor masks = at::zeros({steps, n_features}, torch::kBool);
  bool* mask = masks.data_ptr<bool>();
  const int64_t blocks = steps_per_cycle(design, n_features);
  for (int64_t step = first_step; step < first_step + steps; ++step, mask += n_features) {
    if (design.kind == MaskKind::Bernoulli) {
      bernoulli(mask, n_features, design.ratio, seed, step);
      continue;
    }
    const std::vector<int64_t> order = statistics::permutation_at(seed, step / blocks, n_features);
    const int64_t block = step % blocks;
    for (int64_t i = block * n_features / blocks; i < (block + 1) * n_features / blocks; ++i)
      mask[order[i]] = true;
  }
  return masks;
}

}  // namespace assay::interp::attribution
