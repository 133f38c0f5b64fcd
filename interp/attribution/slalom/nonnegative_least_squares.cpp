#include "interp/attribution/slalom/nonnegative_least_squares.h"

#include <torch/types.h>

namespace assay::interp::attribution::slalom {
namespace {

using at::Tensor;

/// The unbounded solution with only the free unknowns, 0 elsewhere.
Tensor solve_free(const Tensor& gram, const Tensor& b, const Tensor& free) {
  const Tensor index = free.nonzero().squeeze(1);
  Tensor part = gram.index_select(0, index).index_select(1, index);
  part.diagonal().mul_(1 + 1e-12);  // two features that always stand together share
  const Tensor solution =
      std::get<0>(at::linalg_lstsq(part, b.index_select(0, index).unsqueeze(1), {}, "gelsd"));
  return at::zeros_like(b).index_copy_(0, index, solution.squeeze(1));
}

/// Moves x towards the target until the first free unknown would become negative; those at 0 are
/// bound from then on.
void move_within_bounds(Tensor& x, const Tensor& target, Tensor& free) {
  const Tensor blocking = free.logical_and(target <= 0);
  const Tensor reach = at::where(blocking, x / (x - target).clamp_min(1e-300), 1.0);
  const Tensor step = reach.min();
  x = x + step * (target - x);
  free = free.logical_and((blocking.logical_and(reach <= step)).logical_not());
  x = at::where(free, x, 0.0);
}

}  // namespace

Tensor nonnegative_least_squares(const Tensor& gram, const Tensor& b) {
  Tensor x = at::zeros_like(b);
  Tensor free = at::zeros_like(b, torch::kBool);
  const double tolerance = 1e-10 * b.abs().max().item<double>();
  const int64_t most =
      3 * b.size(0);  // more changes of the set than are ever seen: rounding cycles
  for (int64_t i = 0; i < most; ++i) {
    const Tensor pull = (b - at::matmul(gram, x)).masked_fill(free, 0);
    if (pull.max().item<double>() <= tolerance) break;
    free[pull.argmax().item<int64_t>()] = true;
    Tensor target = solve_free(gram, b, free);
    while (free.logical_and(target <= 0).any().item<bool>()) {
      move_within_bounds(x, target, free);
      target = solve_free(gram, b, free);
    }
    x = target;
  }
  return x;
}

}  // namespace assay::interp::attribution::slalom
