#include "interp/tracing/selection.h"

#include <torch/types.h>

#include <algorithm>

namespace assay::interp::tracing {

using at::Tensor;

Tensor as_index(const Positions& indices, const Tensor& like) {
  return torch::tensor(indices, torch::kInt64).to(like.device());
}

Tensor select(const Tensor& value, int64_t axis, const Positions& indices) {
  const auto count = static_cast<int64_t>(indices.size());
  if (indices.back() - indices.front() + 1 == count)
    return value.narrow(axis, indices.front(), count);
  return value.index_select(axis, as_index(indices, value));
}

Positions ranks(const Positions& positions, const Positions& present) {
  Positions found;
  for (const int64_t position : positions)
    found.push_back(std::ranges::lower_bound(present, position) - present.begin());
  return found;
}

}  // namespace assay::interp::tracing
