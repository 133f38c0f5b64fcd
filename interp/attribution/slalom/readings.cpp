#include "interp/attribution/slalom/readings.h"

#include <torch/types.h>

namespace assay::interp::attribution::slalom {

using at::Tensor;

Tensor linearised(const Slalom& model) {
  return model.importance.exp() * model.value;
}

Tensor removal(const Slalom& model, const Bag& bag) {
  Tensor drop = at::zeros_like(model.value);
  const auto* v = model.value.data_ptr<double>();
  for (size_t i = 0; i < bag.size(); ++i) {
    Bag rest = bag;
    rest[i].times -= 1;
    if (rest[i].times == 0) rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
    const int64_t feature = bag[i].feature;
    drop.data_ptr<double>()[feature] =
        rest.empty() ? v[feature] : predict(model, bag) - predict(model, rest);
  }
  return drop;
}

}  // namespace assay::interp::attribution::slalom
