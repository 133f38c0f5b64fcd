#include "interp/attribution/callback_replacer.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <stdexcept>

#include "interp/statistics/random.h"

namespace assay::interp::attribution {

CallbackReplacer::CallbackReplacer(std::string name, Function function)
    : name_(std::move(name)), function_(std::move(function)) {}

at::Tensor CallbackReplacer::draw(const Sequence& sequence, const at::Tensor& mask, uint64_t seed,
                                  int64_t first_row) const {
  const auto n = static_cast<int64_t>(sequence.size());
  require_mask(sequence, mask);
  const at::Tensor rows = mask.to(torch::kBool).contiguous();
  const bool* next = rows.data_ptr<bool>();
  at::Tensor drawn = at::empty({mask.size(0), n}, torch::kInt64);
  for (int64_t row = 0; row < mask.size(0); ++row, next += n) {
    const std::vector<bool> masked(next, next + n);
    const Sequence filled = function_(
        sequence, masked, statistics::seed_at(seed, static_cast<uint64_t>(first_row + row), 0));
    bool kept = filled.size() == sequence.size();
    for (int64_t i = 0; kept && i < n; ++i) kept = masked[i] || filled[i] == sequence[i];
    if (!kept)
      throw std::invalid_argument(fmt::format(
          "replacer '{}': its function changed the length or a position that was not masked",
          name_));
    std::ranges::copy(filled, drawn.data_ptr<int64_t>() + row * n);
  }
  return drawn;
}

}  // namespace assay::interp::attribution
